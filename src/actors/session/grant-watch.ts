import { type Clock, setBackgroundTimer, wallTime } from '../../util/clock.js';
import { ClockWatch } from '../../util/clock-watch.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { Authenticator, Grant } from '../../core/ports.js';
import { grantError } from '../../core/sessions/grant-error.js';

/** Maximum delay of a timer; a token can be valid for years. */
const LONGEST_TIMER_MS = 0x7fff_ffff;

/**
 * Calls back when a grant is no longer valid: it has expired, or its token was revoked. A token is checked only at
 * HELLO, but its session can last for weeks. Its expiry is calendar time, so it is checked again when the wall clock
 * jumps.
 *
 * @param onEnd called at most once, with the error for the peer
 * @returns stops watching
 */
export function watchGrant(
  grant: Grant,
  authenticator: Authenticator,
  clock: Clock,
  onEnd: (error: ClaspError) => void,
): () => void {
  const { notBeforeSeconds = -Infinity, expiresAtSeconds = Infinity } = grant;
  let timer: unknown;
  let stopWatchingClock = (): void => undefined;
  const end = (error: ClaspError): void => {
    stop();
    onEnd(error);
  };
  const stopListening = authenticator.onRevoked(grant, () => {
    end(new ClaspError(ErrorCode.TokenExpired, 'Token was revoked'));
  });
  const stop = (): void => {
    clock.clearTimeout(timer);
    stopWatchingClock();
    stopWatchingClock = () => undefined;
    stopListening();
  };
  const judge = (): void => {
    clock.clearTimeout(timer);
    const nowMs = wallTime(clock);
    const error = grantError(grant, nowMs);
    if (error !== undefined) end(error);
    else if (expiresAtSeconds !== Infinity) arm(expiresAtSeconds * 1_000 - nowMs);
  };
  const arm = (leftMs: number): void => {
    timer = setBackgroundTimer(clock, judge, Math.min(Math.max(leftMs, 0), LONGEST_TIMER_MS));
  };
  if (expiresAtSeconds !== Infinity) arm(expiresAtSeconds * 1_000 - wallTime(clock));
  if (expiresAtSeconds !== Infinity || notBeforeSeconds !== -Infinity) {
    stopWatchingClock = ClockWatch.of(clock).onJump(judge);
  }
  return stop;
}
