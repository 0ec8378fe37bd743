import { type Clock, microseconds, setBackgroundTimer } from '../../clock.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { Authenticator, Grant } from '../ports.js';

/** What a timer can hold; a token may live for years. */
const LONGEST_TIMER_MS = 0x7fff_ffff;

/**
 * Sees when a grant no longer holds: its time is over, or its token was revoked. A token is looked at once, at HELLO; the session
 * that came in with it may stay for weeks.
 *
 * @param onEnd called once at most, with what the peer is to be told
 * @returns stops watching
 */
export function watchGrant(
  grant: Grant,
  authenticator: Authenticator,
  clock: Clock,
  onEnd: (error: ClaspError) => void,
): () => void {
  let timer: unknown;
  const end = (text: string): void => {
    stop();
    onEnd(new ClaspError(ErrorCode.TokenExpired, text));
  };
  const stopListening = authenticator.onRevoked(grant, () => {
    end('Token was revoked');
  });
  const stop = (): void => {
    clock.clearTimeout(timer);
    stopListening();
  };
  const arm = (expiresAtSeconds: number): void => {
    const leftMs = expiresAtSeconds * 1_000 - microseconds(clock) / 1_000;
    const check = (): void => {
      if (leftMs <= LONGEST_TIMER_MS) end('Token has expired');
      else arm(expiresAtSeconds);
    };
    timer = setBackgroundTimer(clock, check, Math.min(Math.max(leftMs, 0), LONGEST_TIMER_MS));
  };
  if (grant.expiresAtSeconds !== undefined) arm(grant.expiresAtSeconds);
  return stop;
}
