import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { Grant } from '../ports.js';

/**
 * Returns why a grant is not valid at a calendar time, for the peer; undefined if it is valid.
 *
 * @param nowMs Unix time in milliseconds
 */
export function grantError(
  { notBeforeSeconds = -Infinity, expiresAtSeconds = Infinity }: Pick<Grant, 'notBeforeSeconds' | 'expiresAtSeconds'>,
  nowMs: number,
): ClaspError | undefined {
  if (nowMs >= expiresAtSeconds * 1_000) return tokenExpired();
  return nowMs < notBeforeSeconds * 1_000 ? tokenNotValidYet() : undefined;
}

export function tokenExpired(): ClaspError {
  return new ClaspError(ErrorCode.TokenExpired, 'Token has expired');
}

/** 300, as for every invalid token: 302 means that the token was valid (router.md 3.1, 17). */
export function tokenNotValidYet(): ClaspError {
  return new ClaspError(ErrorCode.Unauthorized, 'Invalid token: it is not valid yet');
}
