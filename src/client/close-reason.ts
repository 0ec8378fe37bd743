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

/** Codes that have no other meaning for a client that requests neither REPLAY nor federation. */
const UNMISTAKABLE: readonly number[] = [ErrorCode.ServiceUnavailable, ErrorCode.Timeout];

/** Returns whether an ERROR explains a following disconnect by the router. */
export function mayBeCloseReason({ code, address }: ErrorMessage): boolean {
  return address === undefined && CLOSE_REASONS.includes(code);
}

/** Returns whether an ERROR means that the session is over. Over datagrams nothing else signals that. */
export function isCloseReason(error: ErrorMessage): boolean {
  return mayBeCloseReason(error) && UNMISTAKABLE.includes(error.code);
}
