import { clipUtf8 } from '../../protocol/bytes/utf8.js';
import { type ClaspError, ErrorCode } from '../../protocol/errors.js';
import { type CloseReason, MAX_REASON_BYTES } from '../../util/close-reason.js';
import type { SessionEnd, SessionEvent } from '../../core/session-events.js';

/** Actor events that end a session. */
export type EndingEvent = Extract<
  SessionEvent,
  {
    readonly type: `end.${string}` | 'connection.refused' | 'hello.refused' | 'connection.closed' | 'connection.lost';
  }
>;

/** Returns why an actor event ends the session. */
export function endOf(event: EndingEvent): SessionEnd {
  switch (event.type) {
    case 'connection.refused':
      return endWithError('refused', event.error);
    case 'hello.refused':
      return endWithError('helloRefused', event.error);
    case 'end.grantEnded':
      return endWithError('unauthorized', event.error);
    case 'end.protocolViolated':
      return endWithError('violation', event.error);
    case 'end.queueOverflowed':
    case 'end.budgetExceeded':
      return endWithError('overflow', event.error);
    case 'end.idled':
      return endWithError('idle', event.error);
    case 'end.failed':
      return endWithError('failure', event.error);
    case 'end.routerDraining':
      return { kind: 'shutdown', text: 'The router is shutting down' };
    case 'end.closeReceived':
      return { kind: 'left', text: 'The peer closed the session' };
    case 'connection.closed':
      return { kind: 'left', text: 'The peer closed the connection' };
    case 'connection.lost':
      return { kind: 'lost', text: event.error.message };
  }
}

/** Returns an end whose reason the peer receives as an ERROR. */
export function endWithError(kind: SessionEnd['kind'], error: ClaspError): SessionEnd {
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
