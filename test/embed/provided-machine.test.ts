import { describe, expect, it } from '@jest/globals';
import { createActor, StateMachine, waitFor } from 'xstate';
import { toDirectedGraph } from 'xstate/graph';
import { claspMachine } from '../../src/embed/index.js';

describe('claspMachine', () => {
  it('is a machine of XState, which tools can draw', () => {
    expect(claspMachine).toBeInstanceOf(StateMachine);
    expect(toDirectedGraph(claspMachine).children.map(({ stateNode }) => stateNode.key)).toEqual(
      Object.keys(claspMachine.states),
    );
  });

  it('handles requests after provide() too, with the provided implementations', async () => {
    const calls: string[] = [];
    const provided = claspMachine.provide({ actions: { reportStopped: () => void calls.push('stopped') } });
    const actor = createActor(provided, { input: {} }).start();
    actor.send({ type: 'clasp.set', address: '/a', value: 1 });
    await waitFor(actor, (snapshot) => snapshot.matches('running'));
    actor.send({ type: 'clasp.stop' });
    await waitFor(actor, ({ status }) => status === 'done');
    expect(actor.getSnapshot().output?.state().params).toMatchObject([{ address: '/a' }]);
    expect(calls).toEqual(['stopped']);
  });
});
