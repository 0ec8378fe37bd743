import { describe, expect, it } from '@jest/globals';
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { listenerMachine } from '../../src/actors/listener/listener-machine.js';
import { rootMachine } from '../../src/actors/root/root-machine.js';
import { sessionMachine } from '../../src/actors/session/session-machine.js';
import { chart } from '../../src/inspector/chart.js';
import type { ChartNode } from '../../src/inspector/feed.js';

const machines: readonly (readonly [string, AnyStateMachine])[] = [
  ['root', rootMachine],
  ['listener', listenerMachine],
  ['session', sessionMachine],
];

describe.each(machines)('the chart of the %s machine', (_, machine) => {
  const { root, edges } = chart(machine);

  it('has every state', () => {
    const states = [...statesBelow(machine.root)].map(({ id }) => id);
    expect(states.length).toBeGreaterThan(2);
    expect([...nodesBelow(root)].map(({ id }) => id)).toEqual(states);
  });

  it('has every transition', () => {
    const counts = [...statesBelow(machine.root)].map((state) => {
      const always = state.always?.length ?? 0;
      return [...state.transitions.values()].reduce((sum, all) => sum + all.length, always);
    });
    expect(edges.length).toBeGreaterThanOrEqual(
      Math.max(
        1,
        counts.reduce((sum, count) => sum + count, 0),
      ),
    );
  });

  it('names transitions as people do', () => {
    for (const { label } of edges) expect(label).not.toMatch(/^$|xstate\./);
  });
});

function* statesBelow(state: AnyStateNode): Iterable<AnyStateNode> {
  yield state;
  for (const child of Object.values(state.states)) yield* statesBelow(child as AnyStateNode);
}

function* nodesBelow(node: ChartNode): Iterable<ChartNode> {
  yield node;
  for (const child of node.children) yield* nodesBelow(child);
}
