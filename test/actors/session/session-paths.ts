import { getShortestPaths, getSimplePaths, type StatePath } from 'xstate/graph';
import type { SnapshotFrom } from 'xstate';
import type { SessionEvent } from '../../../src/core/session-events.js';
import { sessionMachine } from '../../../src/actors/session/session-machine.js';
import { ClaspError, ErrorCode } from '../../../src/protocol/errors.js';
import { ConnectionLost } from '../../../src/transports/transport.js';
import { recordingPort, tokenIsBad, tokenIsGood } from './session-under-test.js';

type Snapshot = SnapshotFrom<typeof sessionMachine>;
export type Path = StatePath<Snapshot, SessionEvent>;

const error = new ClaspError(ErrorCode.InvalidMessage, 'because');

/** All actor events of a session. With the record type, a missing event does not compile. */
export const told: { readonly [T in SessionEvent['type']]: Extract<SessionEvent, { readonly type: T }> } = {
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

export const events: readonly SessionEvent[] = Object.values(told);

/**
 * Events that can occur in a state. XState treats the failure of an actor that was not invoked as an error of the
 * machine.
 */
export function eventsIn({ value }: Snapshot): readonly SessionEvent[] {
  return value === 'authenticating' ? [...events, tokenIsGood, tokenIsBad(error)] : events;
}

const traversal = {
  events: eventsIn,
  input: { id: 'session-1', transport: 'memory', remoteAddress: 'memory:1', port: recordingPort([]) },
  stopWhen: ({ status }: Snapshot) => status === 'done', // a finished actor accepts no events
  serializeState: ({ value, context }: Snapshot) => `${JSON.stringify(value)} ${context.end?.kind ?? ''}`,
};

/** Shortest paths to every state, and all paths without a loop. */
export const shortest: readonly Path[] = getShortestPaths(sessionMachine, traversal);
export const simple: readonly Path[] = getSimplePaths(sessionMachine, traversal);
