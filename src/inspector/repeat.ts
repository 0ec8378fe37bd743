import { type Clock, setBackgroundTimer } from '../util/clock.js';
import type { RunningView } from './views.js';

/**
 * Does something at once, and again and again. What takes long comes less often: it may take a fiftieth of the time, so that whoever looks
 * never slows down what he looks at.
 */
export function repeat(clock: Clock, periodMs: number, run: () => void): RunningView {
  let timer: unknown;
  let isStopped = false;
  const turn = (): void => {
    const beganMs = clock.now();
    run();
    if (isStopped) return; // by what it has just done
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
