import { clipUtf8 } from '../../protocol/bytes/utf8.js';
import { type ClaspError, ErrorCode } from '../../protocol/errors.js';
import { type CloseReason, MAX_REASON_BYTES } from '../../util/close-reason.js';
import type { SessionEnd, SessionEvent } from '../../core/session-events.js';

/** Actor events that end a session. */
export type EndingEvent = Extract<
  SessionEvent,
  {
    readonly type:
      | 'connection.refused'
      | 'hello.refused'
      | 'grant.ended'
      | 'protocol.violated'
      | 'queue.overflowed'
      | 'budget.exceeded'
      | 'session.idled'
      | 'session.failed'
      | 'router.draining'
      | 'close.received'
      | 'connection.closed'
      | 'connection.lost';
  }
>;

/** Returns why an actor event ends the session. */
export function endOf(event: EndingEvent): SessionEnd {
  switch (event.type) {
    case 'connection.refused':
      return told('refused', event.error);
    case 'hello.refused':
      return told('helloRefused', event.error);
    case 'grant.ended':
      return told('unauthorized', event.error);
    case 'protocol.violated':
      return told('violation', event.error);
    case 'queue.overflowed':
    case 'budget.exceeded':
      return told('overflow', event.error);
    case 'session.idled':
      return told('idle', event.error);
    case 'session.failed':
      return told('failure', event.error);
    case 'router.draining':
      return { kind: 'shutdown', text: 'The router is shutting down' };
    case 'close.received':
      return { kind: 'left', text: 'The peer closed the session' };
    case 'connection.closed':
      return { kind: 'left', text: 'The peer closed the connection' };
    case 'connection.lost':
      return { kind: 'lost', text: event.error.message };
  }
}

/** Returns an end whose reason the peer receives as an ERROR. */
export function told(kind: SessionEnd['kind'], error: ClaspError): SessionEnd {
  return { kind, text: error.message, error };
}

/** Returns how to close the connection after this end. */
export function closeReason(end: SessionEnd): CloseReason {
  return { kind: closeKind(end), text: clipUtf8(end.text, MAX_REASON_BYTES) };
}

function closeKind({ kind, error }: SessionEnd): CloseReason['kind'] {
  switch (kind) {
    case 'refused':
    case 'overflow':
      return 'overloaded';
    case 'helloRefused':
      return helloRefusalKind(error?.code);
    case 'violation':
      return 'protocol';
    case 'helloTimeout':
    case 'idle':
    case 'unauthorized':
      return 'policy';
    case 'failure':
      return 'internal';
    case 'shutdown':
      return 'goingAway';
    case 'left':
    case 'lost':
      return 'normal';
  }
}

/** An invalid HELLO is a protocol violation; a refused token is a policy violation (router.md 3.1). */
function helloRefusalKind(code: ErrorCode | undefined): CloseReason['kind'] {
  switch (code) {
    case ErrorCode.Unauthorized:
    case ErrorCode.Forbidden:
    case ErrorCode.TokenExpired:
    case ErrorCode.Timeout:
      return 'policy';
    case ErrorCode.InternalError:
      return 'internal';
    default:
      return 'protocol';
  }
}
