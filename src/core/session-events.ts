import type { Feature } from '../protocol/enumerations.js';
import type { ClaspError } from '../protocol/errors.js';

/**
 * Where a session is in its life. The machine's states have these names; its entry actions keep a copy on the
 * RouterSession, which is the O(1) gate of the hot path.
 */
export type SessionPhase =
  'connecting' | 'awaitingHello' | 'authenticating' | 'active' | 'congested' | 'draining' | 'closed';

/** What a session machine is told. Past facts, dotted, so that `connection.*` and `hello.*` group them. */
export type SessionEvent =
  /** There is room for one more. */
  | { readonly type: 'connection.admitted' }
  /** There is none: ERROR, then close. */
  | { readonly type: 'connection.refused'; readonly error: ClaspError }
  /** It came with a token, which is being looked at. The token itself is never said to the machine. */
  | { readonly type: 'hello.received'; readonly name: string; readonly features: readonly Feature[] }
  | { readonly type: 'hello.accepted'; readonly name: string; readonly features: readonly Feature[] }
  /** The peer had its time to send HELLO, and the input that waited was read. */
  | { readonly type: 'hello.overdue' }
  /** The authenticator had its time to judge the token. */
  | { readonly type: 'token.overdue' }
  /** The peer had its time to read its close message. */
  | { readonly type: 'drain.overdue' }
  /** No HELLO first, or one that does not get in: ERROR, then close. */
  | { readonly type: 'hello.refused'; readonly error: ClaspError }
  /** The token has expired or was revoked: ERROR 302, then close. */
  | { readonly type: 'grant.ended'; readonly error: ClaspError }
  /** The peer keeps breaking the protocol: ERROR, then close. */
  | { readonly type: 'protocol.violated'; readonly error: ClaspError }
  /** The socket holds more than the high-water mark: what follows is queued by policy. */
  | { readonly type: 'connection.congested'; readonly bufferedBytes: number }
  /** It has lost so many messages since it came, by being slow; said once in 10 s at most. */
  | {
      readonly type: 'messages.dropped';
      readonly dropped: number;
      readonly queuedBytes: number;
      readonly queuedMessages: number;
    }
  /** Queue and socket are empty again. */
  | { readonly type: 'connection.drained' }
  /** The queue of a congested session passed its hard limit: ERROR 503, then close. */
  | { readonly type: 'queue.overflowed'; readonly error: ClaspError }
  /** All sessions together make the router keep too much, and this one most: ERROR 503, then close. */
  | { readonly type: 'budget.exceeded'; readonly error: ClaspError }
  /** Nothing was received or sent for the idle limit: ERROR 502, then close. */
  | { readonly type: 'session.idled'; readonly error: ClaspError }
  /** A fault of ours while handling this session: ERROR 500, then close. */
  | { readonly type: 'session.failed'; readonly error: ClaspError }
  /** The router is stopping: flush, then close with 1001. */
  | { readonly type: 'router.draining' }
  /** The peer has sent the close message: flush, then close. */
  | { readonly type: 'close.received' }
  /** The peer closed the connection as its transport defines it, or our own close is done. */
  | { readonly type: 'connection.closed' }
  /** The connection ended in any other way. */
  | { readonly type: 'connection.lost'; readonly error: Error };

/** What follows a deadline that has passed, unless the peer is heard first. */
export type OverdueEvent = Extract<SessionEvent, { readonly type: `${string}.overdue` }>;

/** Why a session ended; the machine's output. `error` is what the peer was told, if it was told anything. */
export interface SessionEnd {
  readonly kind:
    | 'refused' // no room
    | 'helloRefused'
    | 'helloTimeout'
    | 'unauthorized' // its token holds no longer
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
