import { ErrorCode } from '../protocol/errors.js';
import type { ErrorMessage } from '../protocol/messages/message.js';

/** Codes of an ERROR without address with which a router ends a session. */
const CLOSE_REASONS: readonly number[] = [
  ErrorCode.InvalidFrame,
  ErrorCode.InvalidMessage,
  ErrorCode.Unauthorized,
  ErrorCode.Forbidden,
  ErrorCode.TokenExpired,
  ErrorCode.InternalError,
  ErrorCode.ServiceUnavailable,
  ErrorCode.Timeout,
  ErrorCode.Overloaded,
];

/** Those of them that mean nothing else to a client which asks for neither REPLAY nor federation. */
const UNMISTAKABLE: readonly number[] = [ErrorCode.ServiceUnavailable, ErrorCode.Timeout];

/** Whether an ERROR explains why the router hangs up, if it does so now. */
export function mayBeCloseReason({ code, address }: ErrorMessage): boolean {
  return address === undefined && CLOSE_REASONS.includes(code);
}

/** Whether it says that the session is over; over datagrams nothing else does. */
export function isCloseReason(error: ErrorMessage): boolean {
  return mayBeCloseReason(error) && UNMISTAKABLE.includes(error.code);
}
