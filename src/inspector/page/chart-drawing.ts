import type { ActorDetail, ChartEdge } from '../feed.js';
import { edgeTaken } from './chart-moves.js';
import { CHART, isInitialDot } from './chart-graph.js';
import { svg } from './elements.js';
import type { Layout } from './elk-loader.js';
import type { PlacedEdge, PlacedNode } from './elk-graph.js';

/** A point of the drawing, in its own units. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

const PULSE_MS = 1_000;
const CORNER = 6;

/** A machine as an SVG that highlights active states and the last transition. */
export class ChartDrawing {
  readonly element: SVGGElement;
  readonly width: number;
  readonly height: number;
  readonly #layout: Layout;
  readonly #states = new Map<string, SVGGElement>();
  readonly #lines = new Map<string, SVGGElement>();
  readonly #places = new Map<string, Place>();
  #last: SVGGElement | undefined;
  #lastAt: string | undefined;

  constructor(layout: Layout) {
    this.#layout = layout;
    const { width, height } = layout.placed;
    this.width = width;
    this.height = height;
    const states = svg('g');
    const lines = svg('g');
    const origins = new Map([[layout.placed.id, { x: 0, y: 0 }]]);
    for (const child of layout.placed.children ?? []) this.#drawState(child, { x: 0, y: 0 }, states, origins);
    for (const edge of edgesOf(layout.placed)) {
      const origin = origins.get(edge.container) ?? { x: 0, y: 0 };
      this.#drawLine(edge, origin, lines);
    }
    this.element = svg('g', { class: 'chart' }, states, lines);
  }

  /** Highlights the active states and the transition that led to them. */
  show(actor: ActorDetail): void {
    const active = new Set(actor.activeNodes);
    for (const [id, element] of this.#states) element.classList.toggle('is-active', active.has(id));
    const last = actor.transitions.at(-1);
    if (last === undefined) return;
    const at = `${actor.actor} ${last.atMs} ${last.event} ${actor.transitions.length}`;
    if (at === this.#lastAt) return;
    const isFirst = this.#lastAt === undefined; // the view has just opened: no transition happened while it was visible
    this.#lastAt = at;
    this.#mark(edgeTaken(this.#layout.chart, last), !isFirst);
  }

  /** Returns the position of the innermost active state. */
  activePlace(): Place | undefined {
    const lit = [...this.#states].filter(([, element]) => element.classList.contains('is-active'));
    const [id = ''] = lit.at(-1) ?? []; // states are drawn outermost first
    return this.#places.get(id);
  }

  #mark(edge: ChartEdge | undefined, isNew: boolean): void {
    this.#last?.classList.remove('is-last', 'is-pulsing');
    const line = edge === undefined ? undefined : this.#lineOf(edge);
    this.#last = line;
    if (line === undefined) return;
    line.classList.add('is-last');
    if (!isNew) return;
    line.classList.add('is-pulsing');
    setTimeout(() => line.classList.remove('is-pulsing'), PULSE_MS);
  }

  #lineOf(edge: ChartEdge): SVGGElement | undefined {
    for (const [id, edges] of this.#layout.graph.lines) if (edges.includes(edge)) return this.#lines.get(id);
    return this.#states.get(edge.source); // a transition that stays in its state is a line in the state's box
  }

  #drawState(placed: PlacedNode, origin: Place, into: SVGGElement, origins: Map<string, Place>): void {
    const { width, height, children = [] } = placed;
    const [x, y] = [origin.x + placed.x, origin.y + placed.y];
    origins.set(placed.id, { x, y });
    if (isInitialDot(placed.id)) {
      const radius = CHART.initialSize / 2;
      into.append(svg('circle', { class: 'initial', cx: `${x + radius}`, cy: `${y + radius}`, r: `${radius}` }));
      return;
    }
    const box = this.#layout.graph.boxes.get(placed.id);
    const node = box?.node;
    const group = svg('g', { class: `state is-${node?.type ?? 'any'}`, 'data-node': placed.id });
    const frame = (inset: number): SVGRectElement =>
      svg('rect', {
        x: `${x + inset}`,
        y: `${y + inset}`,
        width: `${width - 2 * inset}`,
        height: `${height - 2 * inset}`,
        rx: `${8 - inset}`,
      });
    group.append(frame(0));
    if (node?.type === 'final') group.append(frame(4));
    const left = `${x + CHART.padding}`;
    group.append(svg('text', { class: 'state-name', x: left, y: `${y + 21}` }, box?.title ?? placed.id));
    for (const [index, line] of (box?.lines ?? []).entries()) {
      const top = y + CHART.titleHeight + index * CHART.lineHeight + 15;
      group.append(svg('text', { class: 'state-line', x: left, y: `${top}` }, line));
    }
    into.append(group);
    this.#states.set(placed.id, group);
    this.#places.set(placed.id, { x: x + width / 2, y: y + height / 2 });
    for (const child of children) this.#drawState(child, { x, y }, into, origins);
  }

  #drawLine(edge: PlacedEdge, origin: Place, into: SVGGElement): void {
    const group = svg('g', { class: 'line', 'data-edge': edge.id });
    for (const { startPoint, bendPoints = [], endPoint } of edge.sections ?? []) {
      const points = [startPoint, ...bendPoints, endPoint].map(({ x, y }) => ({ x: x + origin.x, y: y + origin.y }));
      group.append(svg('path', { d: roundedPath(points), 'marker-end': 'url(#arrow)' }));
    }
    for (const label of edge.labels ?? []) {
      const [x, y] = [label.x + origin.x, label.y + origin.y];
      const size = { width: `${label.width}`, height: `${label.height}` };
      group.append(svg('rect', { class: 'label-ground', x: `${x}`, y: `${y}`, rx: '4', ...size }));
      for (const [index, text] of (this.#layout.graph.labels.get(edge.id) ?? []).entries()) {
        const top = y + index * CHART.lineHeight + 15;
        group.append(svg('text', { class: 'label', x: `${x + label.width / 2}`, y: `${top}` }, text));
      }
    }
    const text = (this.#layout.graph.lines.get(edge.id) ?? []).map(transitionText).join('\n');
    group.append(svg('title', {}, text));
    into.append(group);
    this.#lines.set(edge.id, group);
  }
}

function transitionText({ label, guard, actions }: ChartEdge): string {
  return `${label}${guard === undefined ? '' : ` [${guard}]`}${actions.length === 0 ? '' : ` / ${actions.join(', ')}`}`;
}

/** Arrowhead of every line; one for the whole SVG. */
export function arrowMarker(): SVGElement {
  const tip = svg('path', { d: 'M0 0L8 4L0 8Z' });
  const size = { markerWidth: '8', markerHeight: '8', refX: '7', refY: '4', markerUnits: 'userSpaceOnUse' };
  return svg('defs', {}, svg('marker', { id: 'arrow', orient: 'auto', ...size }, tip));
}

function edgesOf(node: PlacedNode): readonly PlacedEdge[] {
  return [...(node.edges ?? []), ...(node.children ?? []).flatMap(edgesOf)];
}

function roundedPath(points: readonly Place[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  let path = `M${first.x} ${first.y}`;
  let before = first;
  for (const [index, point] of rest.entries()) {
    const next = rest[index + 1];
    if (next === undefined) path += `L${point.x} ${point.y}`;
    else {
      const [from, to] = [toward(point, before), toward(point, next)];
      path += `L${from.x} ${from.y}Q${point.x} ${point.y} ${to.x} ${to.y}`;
    }
    before = point;
  }
  return path;
}

/** Returns the point on the way from one point to another at the distance of the corner radius, at most half way. */
function toward(from: Place, to: Place): Place {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const part = length === 0 ? 0 : Math.min(CORNER, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}
