import { type Clock, setBackgroundTimer } from '../util/clock.js';
import type { RunningView } from './views.js';

/**
 * Runs a callback at once and then periodically. A slow callback runs less often: it gets at most 1/50 of the time,
 * so that inspection does not slow the router.
 */
export function repeat(clock: Clock, periodMs: number, run: () => void): RunningView {
  let timer: unknown;
  let isStopped = false;
  const turn = (): void => {
    const beganMs = clock.now();
    run();
    if (isStopped) return; // the callback can have stopped it
    const tookMs = clock.now() - beganMs;
    timer = setBackgroundTimer(clock, turn, Math.max(periodMs, tookMs * 50));
  };
  turn();
  return {
    stop() {
      isStopped = true;
      clock.clearTimeout(timer);
    },
  };
}
