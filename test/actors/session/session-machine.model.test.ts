import { describe, expect, it } from '@jest/globals';
import { getShortestPaths, getSimplePaths, type StatePath } from 'xstate/graph';
import type { SnapshotFrom } from 'xstate';
import { endOf } from '../../../src/actors/session/session-end.js';
import type { SessionEvent } from '../../../src/core/session-events.js';
import { sessionMachine } from '../../../src/actors/session/session-machine.js';
import { ClaspError, ErrorCode } from '../../../src/protocol/errors.js';
import { ConnectionLost } from '../../../src/transports/transport.js';
import { recordingPort, startSession, type SessionUnderTest, tokenIsBad, tokenIsGood } from './session-under-test.js';

type Snapshot = SnapshotFrom<typeof sessionMachine>;
type Path = StatePath<Snapshot, SessionEvent>;

const error = new ClaspError(ErrorCode.InvalidMessage, 'because');

/** All actor events of a session. With the record type, a missing event does not compile. */
const told: { readonly [T in SessionEvent['type']]: Extract<SessionEvent, { readonly type: T }> } = {
  'connection.admitted': { type: 'connection.admitted' },
  'connection.refused': { type: 'connection.refused', error },
  'hello.received': { type: 'hello.received', name: 'desk', features: [] },
  'hello.accepted': { type: 'hello.accepted', name: 'desk', features: [] },
  'hello.overdue': { type: 'hello.overdue' },
  'token.overdue': { type: 'token.overdue' },
  'drain.overdue': { type: 'drain.overdue' },
  'hello.refused': { type: 'hello.refused', error },
  'end.grantEnded': { type: 'end.grantEnded', error },
  'end.protocolViolated': { type: 'end.protocolViolated', error },
  'connection.congested': { type: 'connection.congested', bufferedBytes: 1 },
  'messages.dropped': { type: 'messages.dropped', dropped: 100, queuedBytes: 1, queuedMessages: 1 },
  'connection.drained': { type: 'connection.drained' },
  'end.queueOverflowed': { type: 'end.queueOverflowed', error },
  'end.budgetExceeded': { type: 'end.budgetExceeded', error },
  'end.idled': { type: 'end.idled', error },
  'end.failed': { type: 'end.failed', error },
  'end.routerDraining': { type: 'end.routerDraining' },
  'end.closeReceived': { type: 'end.closeReceived' },
  'connection.closed': { type: 'connection.closed' },
  'connection.lost': { type: 'connection.lost', error: new ConnectionLost('reset') },
};

const events: readonly SessionEvent[] = Object.values(told);

/**
 * Events that can occur in a state. XState treats the failure of an actor that was not invoked as an error of the
 * machine.
 */
function eventsIn({ value }: Snapshot): readonly SessionEvent[] {
  return value === 'authenticating' ? [...events, tokenIsGood, tokenIsBad(error)] : events;
}

const traversal = {
  events: eventsIn,
  input: { id: 'session-1', transport: 'memory', remoteAddress: 'memory:1', port: recordingPort([]) },
  stopWhen: ({ status }: Snapshot) => status === 'done', // a finished actor accepts no events
  serializeState: ({ value, context }: Snapshot) => `${JSON.stringify(value)} ${context.end?.kind ?? ''}`,
};

const shortest: readonly Path[] = getShortestPaths(sessionMachine, traversal);
const simple: readonly Path[] = getSimplePaths(sessionMachine, traversal);

describe('the session machine, walked along every path', () => {
  it('is in the state that the model states, after every step of every path without a loop', () => {
    expect(simple.length).toBeGreaterThan(50);
    for (const path of simple) {
      const session = startSession();
      for (const { event, state } of path.steps.slice(1)) {
        session.actor.send(event);
        expect(session.actor.getSnapshot().value).toEqual(state.value);
        checkInvariants(session);
      }
    }
  });

  it('is consistent after every event in every state, including meaningless ones', () => {
    for (const path of shortest) {
      for (const event of eventsIn(path.state)) {
        const session = follow(path);
        session.actor.send(event);
        checkInvariants(session);
      }
    }
  });

  it('covers every state', () => {
    const states = new Set(shortest.map(({ state }) => state.value));
    expect([...states].sort()).toEqual(Object.keys(sessionMachine.states).sort());
  });

  it('reaches closed from every state, at the latest when the connection ends', () => {
    for (const path of shortest) {
      const session = follow(path);
      session.actor.send(told['connection.lost']);
      expect(session.actor.getSnapshot().status).toBe('done');
      expect(session.phase()).toBe('closed');
    }
  });

  it('reaches closed from every state within the drain time when the router stops and the peer does nothing', () => {
    for (const path of shortest) {
      const session = follow(path);
      session.actor.send(told['end.routerDraining']);
      session.clock.increment(5_000);
      expect(session.actor.getSnapshot().status).toBe('done');
    }
  });

  it('does nothing after it is closed', () => {
    for (const path of shortest) {
      if (path.state.value !== 'closed') continue;
      const session = follow(path);
      const calls = session.calls.length;
      for (const event of events) session.actor.send(event);
      expect(session.calls).toHaveLength(calls);
      expect(session.calls.at(-1)).toEqual({ call: 'phaseChanged', phase: 'closed' });
    }
  });
});

function follow(path: Path, session = startSession()): SessionUnderTest {
  for (const { event } of path.steps.slice(1)) session.actor.send(event); // the first step is the start
  return session;
}

function checkInvariants({ actor, calls, phase }: SessionUnderTest): void {
  const { value, context, output } = actor.getSnapshot();
  const named = calls.map(({ call }) => call);
  const count = (name: string): number => named.filter((call) => call === name).length;

  expect(phase()).toBe(value);
  expect(context.end === undefined).toBe(value !== 'draining' && value !== 'closed');
  const { end } = context;
  const closedByPeer = end?.kind === 'left' && end.text !== endOf(told['end.closeReceived']).text;
  expect(count('closing')).toBe(end === undefined || closedByPeer || end.kind === 'lost' ? 0 : 1);
  expect(count('destroy')).toBeLessThanOrEqual(count('closing')); // never destroyed without a close
  const wasActive = calls.some((call) => call.call === 'phaseChanged' && call.phase === 'active');
  expect(count('established')).toBe(wasActive ? 1 : 0);
  expect(count('authenticated')).toBe(context.grant === undefined ? 0 : 1);
  expect(output).toBe(value === 'closed' ? context.end : undefined);
}
