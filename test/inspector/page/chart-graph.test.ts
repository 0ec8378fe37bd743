import { describe, expect, it } from '@jest/globals';
import ElkConstructor from 'elkjs/lib/elk.bundled.js';
import { chartGraph, isInitialDot, type MeasureText } from '../../../src/inspector/page/chart-graph.js';
import type { Elk, ElkNode, PlacedNode } from '../../../src/inspector/page/elk-graph.js';
import { listenerChart, rootChart, sessionChart } from './fake-router.js';

const measure: MeasureText = (text, kind) => text.length * (kind === 'title' ? 9 : 8);
const { graph, boxes, labels, lines } = chartGraph(sessionChart, 'RIGHT', measure);

function ids(node: ElkNode): readonly string[] {
  return [node.id, ...(node.children ?? []).flatMap(ids)];
}

describe('a chart prepared for its layout', () => {
  it('has each state once, an initial dot, and one box for transitions from any state', () => {
    const states = sessionChart.root.children.map(({ id }) => id);
    expect([...ids(graph)].sort()).toEqual(['#chart', 'session', 'session#initial', 'session#any', ...states].sort());
    expect(boxes.get('session#any')?.title).toBe('any state');
  });

  it('has one line for all transitions between the same two states, and a label for each event', () => {
    expect(labels.get('session.awaitingHello→session.draining')).toEqual(['hello.refused', 'after 10 s']);
    expect(labels.get('session#any→session.closed')).toEqual(['connection.closed', 'connection.lost']);
    expect(lines.get('session#any→session.draining')).toHaveLength(1); // a wildcard of events
    expect(lines.get('session#any→session.closed')).toHaveLength(2);
  });

  it('writes guards beside their events', () => {
    const edges = [
      { id: '0', source: 'session.active', target: 'session.closed', label: 'go', guard: 'isLate', actions: [] },
    ];
    const guarded = chartGraph({ ...sessionChart, edges }, 'RIGHT', measure);
    expect(guarded.labels.get('session.active→session.closed')).toEqual(['go [isLate]']);
  });

  it('has the actions and internal transitions of a state in its box', () => {
    expect(boxes.get('session.congested')?.lines).toEqual([
      'in: enterPhase',
      '↻ connection.congested',
      '↻ messages.dropped',
    ]);
    expect(boxes.get('session.authenticating')?.lines).toEqual(['in: enterPhase', 'runs authenticate']);
  });

  it('omits transitions from or to a state that does not exist', () => {
    const edges = [{ id: '0', source: 'session.active', target: 'session.nowhere', label: 'x', actions: [] }];
    expect(chartGraph({ ...sessionChart, edges }, 'RIGHT', measure).lines.size).toBe(0);
  });
});

describe.each([sessionChart, listenerChart, rootChart])('the layout of the $name machine', (chart) => {
  // Narrower than the types of elkjs: every part is returned with its position.
  const elk = new (ElkConstructor as unknown as new () => Elk)();

  it.each(['RIGHT', 'DOWN'] as const)('places all parts in the direction %s', async (direction) => {
    const made = chartGraph(chart, direction, measure);
    const placed = await elk.layout(made.graph);
    const all = (node: PlacedNode): readonly PlacedNode[] => [node, ...(node.children ?? []).flatMap(all)];
    const nodes = all(placed);
    const edges = nodes.flatMap(({ edges: own = [] }) => own);
    expect(nodes.filter(({ x, y, width, height }) => ![x, y, width, height].every(Number.isFinite))).toEqual([]);
    expect(nodes).toHaveLength(ids(made.graph).length);
    const drawnLines = edges.filter(({ id }) => made.lines.has(id));
    expect(drawnLines).toHaveLength(made.lines.size);
    expect(
      drawnLines.filter(({ sections = [], labels: own = [] }) => sections.length === 0 || own.length === 0),
    ).toEqual([]);
    expect(edges.filter(({ container }) => !nodes.some(({ id }) => id === container))).toEqual([]);
    expect(nodes.filter(({ id }) => isInitialDot(id)).length).toBeGreaterThan(0);
  });
});
