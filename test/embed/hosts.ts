import { type AnyActorRef, assign, setup } from 'xstate';
import type { ClaspEvent, ClaspInput } from '../../src/embed/index.js';
import { claspMachine, type ClaspRef } from '../../src/embed/index.js';

/** A parent that records events, and has a state for a failed router. */
export const host = setup({
  types: {
    context: {} as { readonly input: ClaspInput; readonly heard: readonly ClaspEvent[]; readonly error: unknown },
    events: {} as ClaspEvent | { readonly type: 'off' } | { readonly type: 'again' },
    input: undefined as unknown as ClaspInput,
  },
  actors: { clasp: claspMachine },
}).createMachine({
  context: ({ input }) => ({ input, heard: [], error: undefined }),
  initial: 'on',
  on: { 'clasp.*': { actions: assign({ heard: ({ context, event }) => [...context.heard, event] }) } },
  states: {
    on: {
      invoke: {
        id: 'clasp',
        systemId: 'clasp',
        src: 'clasp',
        input: ({ context }) => context.input,
        onDone: 'ended',
        onError: { target: 'troubled', actions: assign({ error: ({ event }) => event.error }) },
      },
      on: { off: 'off', again: { target: 'on', reenter: true } },
    },
    off: { on: { again: 'on' } },
    ended: { on: { again: 'on' } },
    troubled: { on: { again: 'on' } },
  },
});

/** Returns the actor of the router in a system. */
export function claspIn(
  actor: { readonly system: { get(key: string): AnyActorRef | undefined } },
  systemId = 'clasp',
): ClaspRef {
  const found = actor.system.get(systemId);
  if (found === undefined) throw new Error(`there is no ${systemId}`);
  return found as ClaspRef; // the tests register no other under this id
}

/** Returns the recorded events of one type. */
export function told<T extends ClaspEvent['type']>(
  events: readonly ClaspEvent[],
  type: T,
): readonly Extract<ClaspEvent, { readonly type: T }>[] {
  return events.filter((event): event is Extract<ClaspEvent, { readonly type: T }> => event.type === type);
}
