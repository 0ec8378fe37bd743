import { expect, it } from '@jest/globals';
import { sendTo, setup } from 'xstate';
import {
  type ClaspEvent,
  claspMachine,
  type ClaspParamEvent,
  type ClaspRef,
  type ClaspSignalEvent,
  type ClaspSignalEventOf,
} from '../../src/embed/index.js';

/** Whether each type is assignable to the other. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** The compilation of this file is the test. */
const claims: true[] = [
  true satisfies Same<ClaspSignalEventOf<'param'>, ClaspParamEvent>,
  true satisfies Same<ClaspSignalEventOf<'event'>, ClaspSignalEvent<'event'>>,
  true satisfies Same<ClaspSignalEventOf<'param' | 'event'>, ClaspParamEvent | ClaspSignalEvent<'event'>>,
  true satisfies Same<ClaspSignalEvent<'event'>['signal']['kind'], 'event'>,
];

export function commands(clasp: ClaspRef): void {
  clasp.send({ type: 'clasp.set', address: '/a', value: [1, 'x'], options: { lock: true } });
  // @ts-expect-error a set has a value
  clasp.send({ type: 'clasp.set', address: '/a' });
  // @ts-expect-error a function is not a value
  clasp.send({ type: 'clasp.set', address: '/a', value: () => 1 });
  // @ts-expect-error the command does not exist
  clasp.send({ type: 'clasp.get', address: '/a' });
  // @ts-expect-error a gesture has an id and a phase
  clasp.send({ type: 'clasp.publish', signal: { kind: 'gesture', address: '/a' } });
  clasp.on('clasp.session.opened', ({ name }) => name.length);
  // @ts-expect-error no event of this name is emitted
  clasp.on('clasp.session.lost', () => undefined);
  // @ts-expect-error a param has a value, and no signal
  clasp.on('clasp.param', ({ signal }) => String(signal));
}

export const typed = setup({
  types: { events: {} as ClaspEvent, children: {} as { clasp: 'clasp' } },
  actors: { clasp: claspMachine },
}).createMachine({
  invoke: { id: 'clasp', src: 'clasp', input: { name: 'kiosk', subscribe: ['/a'] } },
  entry: sendTo('clasp', { type: 'clasp.set', address: '/a', value: 1 }),
  on: {
    'clasp.param': { actions: ({ event }) => event.revision },
    // @ts-expect-error a session that has closed has a reason, and no address
    'clasp.session.closed': { actions: ({ event }) => String(event.remoteAddress) },
  },
});

export const wrong = setup({ actors: { clasp: claspMachine } }).createMachine({
  // @ts-expect-error the name of a router is a string
  invoke: { id: 'clasp', src: 'clasp', input: { name: 7 } },
});

it('compiles with the expected type errors only', () => {
  expect(claims).not.toContain(false);
});
