import { type Clock, setBackgroundTimer, wallTime } from '../../util/clock.js';
import { ClockWatch } from '../../util/clock-watch.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { Authenticator, Grant } from '../../core/ports.js';

/** What a timer can hold; a token may live for years. */
const LONGEST_TIMER_MS = 0x7fff_ffff;

/**
 * Sees when a grant no longer holds: its time is over, or its token was revoked. A token is looked at once, at HELLO; the session
 * that came in with it may stay for weeks. Its time is calendar time, so it is judged again when the wall clock jumps.
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
  const { notBeforeSeconds = -Infinity, expiresAtSeconds = Infinity } = grant;
  let timer: unknown;
  let stopWatchingClock = (): void => undefined;
  const end = (text: string): void => {
    stop();
    onEnd(new ClaspError(ErrorCode.TokenExpired, text));
  };
  const stopListening = authenticator.onRevoked(grant, () => {
    end('Token was revoked');
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
    if (nowMs >= expiresAtSeconds * 1_000) end('Token has expired');
    else if (nowMs < notBeforeSeconds * 1_000) end('Token is not valid yet');
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
