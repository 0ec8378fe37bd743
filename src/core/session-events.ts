import type { Feature } from '../protocol/enumerations.js';
import type { ClaspError } from '../protocol/errors.js';

/**
 * State of a session. The states of the machine have these names. Its entry actions copy the state to the
 * RouterSession, where the hot path checks it in O(1).
 */
export type SessionPhase =
  'connecting' | 'awaitingHello' | 'authenticating' | 'active' | 'congested' | 'draining' | 'closed';

/**
 * Actor events of a session machine: past facts with dotted names, which `connection.*` and `hello.*` group. Every event
 * `end.*` ends an open session in any state: its output is flushed, then the connection is closed.
 */
export type SessionEvent =
  /** The session is within the limits. */
  | { readonly type: 'connection.admitted' }
  /** A limit is reached: ERROR, then close. */
  | { readonly type: 'connection.refused'; readonly error: ClaspError }
  /** HELLO has a token, whose check has started. The event does not contain the token. */
  | { readonly type: 'hello.received'; readonly name: string; readonly features: readonly Feature[] }
  | { readonly type: 'hello.accepted'; readonly name: string; readonly features: readonly Feature[] }
  /** The HELLO deadline has passed, and all pending input was read. */
  | { readonly type: 'hello.overdue' }
  /** The deadline for the authenticator has passed. */
  | { readonly type: 'token.overdue' }
  /** The deadline for the peer to read its close message has passed. */
  | { readonly type: 'drain.overdue' }
  /** The first frame was no HELLO, or HELLO was refused: ERROR, then close. */
  | { readonly type: 'hello.refused'; readonly error: ClaspError }
  /** The token has expired or was revoked: ERROR 302, then close. */
  | { readonly type: 'end.grantEnded'; readonly error: ClaspError }
  /** The peer repeatedly violates the protocol: ERROR, then close. */
  | { readonly type: 'end.protocolViolated'; readonly error: ClaspError }
  /** The socket buffer exceeds the high-water mark: further messages are queued by the congestion policy. */
  | { readonly type: 'connection.congested'; readonly bufferedBytes: number }
  /** Number of messages that the slow session has lost since it connected. Sent at most once per 10 s. */
  | {
      readonly type: 'messages.dropped';
      readonly dropped: number;
      readonly queuedBytes: number;
      readonly queuedMessages: number;
    }
  /** Queue and socket are empty again. */
  | { readonly type: 'connection.drained' }
  /** The queue of a congested session exceeded its hard limit: ERROR 503, then close. */
  | { readonly type: 'end.queueOverflowed'; readonly error: ClaspError }
  /** The memory of all sessions exceeds its budget, and this session uses most: ERROR 503, then close. */
  | { readonly type: 'end.budgetExceeded'; readonly error: ClaspError }
  /** Nothing was received or sent within the idle limit: ERROR 502, then close. */
  | { readonly type: 'end.idled'; readonly error: ClaspError }
  /** An internal error while the router handled this session: ERROR 500, then close. */
  | { readonly type: 'end.failed'; readonly error: ClaspError }
  /** The router is stopping: flush, then close with 1001. */
  | { readonly type: 'end.routerDraining' }
  /** The peer has sent the close message: flush, then close. */
  | { readonly type: 'end.closeReceived' }
  /** The peer closed the connection as its transport defines, or the router's close is complete. */
  | { readonly type: 'connection.closed' }
  /** The connection ended in any other way. */
  | { readonly type: 'connection.lost'; readonly error: Error };

/** Actor events of a missed deadline. Input that arrived in time takes precedence. */
export type OverdueEvent = Extract<SessionEvent, { readonly type: `${string}.overdue` }>;

/** Why a session ended; the output of the machine. `error` is the ERROR sent to the peer, if any. */
export interface SessionEnd {
  readonly kind:
    | 'refused' // a limit was reached
    | 'helloRefused'
    | 'helloTimeout'
    | 'unauthorized' // its token is no longer valid
    | 'violation'
    | 'overflow'
    | 'idle'
    | 'failure'
    | 'shutdown'
    | 'left' // the peer closed the session or the connection
    | 'lost'; // the connection ended in any other way
  readonly text: string;
  readonly error?: ClaspError | undefined;
}
