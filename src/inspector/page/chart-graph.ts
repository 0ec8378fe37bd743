import type { Chart, ChartEdge, ChartNode } from '../feed.js';
import type { ElkEdge, ElkNode } from './elk-graph.js';

/** Texts in the box of a state. */
export interface Box {
  readonly node: ChartNode | undefined;
  readonly title: string;
  readonly lines: readonly string[];
}

/** A chart in the input form of the layout, and what to draw for each part. */
export interface ChartGraph {
  readonly graph: ElkNode;
  readonly boxes: ReadonlyMap<string, Box>;
  /** Transitions, keyed by the id of their line. */
  readonly lines: ReadonlyMap<string, readonly ChartEdge[]>;
  readonly labels: ReadonlyMap<string, readonly string[]>;
}

/** Dimensions of the drawing, in SVG units. */
export const CHART = {
  titleHeight: 26,
  lineHeight: 18,
  padding: 12,
  initialSize: 12,
} as const;

/** Main direction of the lines. */
export type Direction = 'RIGHT' | 'DOWN';

/** Returns the width of a text. */
export type MeasureText = (text: string, kind: 'title' | 'small') => number;

/**
 * Source of the transitions that apply in every state below a node. A separate box is easier to read than a line from
 * the frame.
 */
const ANY = '#any';
const INITIAL = '#initial';

export function chartGraph(chart: Chart, direction: Direction, measure: MeasureText): ChartGraph {
  const nodes = new Map<string, ChartNode>();
  collect(chart.root, nodes);
  const parents = new Map<string, string>();
  for (const node of nodes.values()) for (const child of node.children) parents.set(child.id, node.id);

  const boxes = new Map<string, Box>();
  const stays = new Map<string, ChartEdge[]>();
  const lines = new Map<string, ChartEdge[]>();
  for (const edge of chart.edges) {
    if (!nodes.has(edge.source) || !nodes.has(edge.target)) continue;
    if (edge.source === edge.target) push(stays, edge.source, edge);
    else {
      const source = isBelow(edge.target, edge.source, parents) ? `${edge.source}${ANY}` : edge.source;
      push(lines, `${source}→${edge.target}`, edge);
    }
  }
  const labels = new Map([...lines].map(([id, edges]) => [id, labelOf(edges)]));

  const convert = (node: ChartNode): ElkNode => {
    const box: Box = { node, title: node.key, lines: boxLines(node, stays.get(node.id) ?? []) };
    boxes.set(node.id, box);
    const { width, height } = sizeOf(box, measure);
    if (node.children.length === 0) return { id: node.id, width, height };
    const hasAny = [...lines.keys()].some((id) => id.startsWith(`${node.id}${ANY}→`));
    return {
      id: node.id,
      layoutOptions: {
        'elk.padding': `[top=${height + 16},left=24,bottom=24,right=24]`,
        'elk.nodeSize.constraints': 'MINIMUM_SIZE',
        'elk.nodeSize.minimum': `(${width}, ${height})`,
      },
      children: [
        ...(node.type === 'parallel' ? [] : initialOf(node)),
        ...(hasAny ? [anyBox(node, boxes, measure)] : []),
        ...node.children.map(convert),
      ],
    };
  };
  const root = convert(chart.root);
  return {
    graph: {
      id: '#chart',
      layoutOptions: layoutOptions(direction),
      children: [root],
      edges: [...initialEdges(nodes), ...elkEdges(labels, measure)],
    },
    boxes,
    lines,
    labels,
  };
}

/** Returns whether a node id is the dot at which a machine starts. */
export function isInitialDot(id: string): boolean {
  return id.endsWith(INITIAL);
}

function layoutOptions(direction: Direction): Readonly<Record<string, string>> {
  return {
    'elk.algorithm': 'layered',
    'elk.direction': direction,
    'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
    'elk.edgeLabels.inline': 'true',
    'elk.edgeRouting': 'ORTHOGONAL',
    'elk.spacing.nodeNode': '20',
    'elk.spacing.edgeNode': '12',
    'elk.spacing.edgeEdge': '10',
    'elk.layered.spacing.nodeNodeBetweenLayers': '22',
    'elk.layered.spacing.edgeNodeBetweenLayers': '12',
    'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
    'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
    'elk.layered.nodePlacement.favorStraightEdges': 'true',
  };
}

function elkEdges(labels: ReadonlyMap<string, readonly string[]>, measure: MeasureText): readonly ElkEdge[] {
  return [...labels].map(([id, texts]) => {
    const [source = '', target = ''] = id.split('→');
    const width = Math.max(...texts.map((text) => measure(text, 'small'))) + CHART.padding;
    const height = texts.length * CHART.lineHeight + 4;
    return { id, sources: [source], targets: [target], labels: [{ text: texts.join('\n'), width, height }] };
  });
}

function initialOf(node: ChartNode): readonly ElkNode[] {
  if (!node.children.some(({ isInitial }) => isInitial)) return [];
  return [{ id: `${node.id}${INITIAL}`, width: CHART.initialSize, height: CHART.initialSize }];
}

function initialEdges(nodes: ReadonlyMap<string, ChartNode>): readonly ElkEdge[] {
  return [...nodes.values()].flatMap((node) => {
    const initial = node.type === 'parallel' ? undefined : node.children.find(({ isInitial }) => isInitial);
    if (initial === undefined) return [];
    return [{ id: `${node.id}${INITIAL}→`, sources: [`${node.id}${INITIAL}`], targets: [initial.id], labels: [] }];
  });
}

function anyBox(node: ChartNode, boxes: Map<string, Box>, measure: MeasureText): ElkNode {
  const box: Box = { node: undefined, title: 'any state', lines: [] };
  const id = `${node.id}${ANY}`;
  boxes.set(id, box);
  return { id, ...sizeOf(box, measure) };
}

function boxLines({ entry, exit, invokes }: ChartNode, stays: readonly ChartEdge[]): readonly string[] {
  return [
    ...entry.map((action) => `in: ${action}`),
    ...invokes.map((actor) => `runs ${actor}`),
    ...stays.map((edge) => `↻ ${eventText(edge)}`),
    ...exit.map((action) => `out: ${action}`),
  ];
}

/** One line per event. Actions are shown in the tooltip, because they would double the width. */
function labelOf(edges: readonly ChartEdge[]): readonly string[] {
  return [...new Set(edges.map(eventText))];
}

function eventText({ label, guard }: ChartEdge): string {
  return guard === undefined ? label : `${label} [${guard}]`;
}

function sizeOf({ title, lines }: Box, measure: MeasureText): { readonly width: number; readonly height: number } {
  const widths = [measure(title, 'title'), ...lines.map((line) => measure(line, 'small'))];
  return {
    width: Math.ceil(Math.max(64, ...widths) + 2 * CHART.padding),
    height: CHART.titleHeight + lines.length * CHART.lineHeight + (lines.length > 0 ? CHART.padding : 8),
  };
}

function collect(node: ChartNode, into: Map<string, ChartNode>): void {
  into.set(node.id, node);
  for (const child of node.children) collect(child, into);
}

function isBelow(id: string, ancestor: string, parents: ReadonlyMap<string, string>): boolean {
  for (let at = parents.get(id); at !== undefined; at = parents.get(at)) if (at === ancestor) return true;
  return false;
}

function push<V>(map: Map<string, V[]>, key: string, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
