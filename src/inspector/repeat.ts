import { type Clock, setBackgroundTimer } from '../clock.js';
import type { RunningView } from './views.js';

/**
 * Does something at once, and again and again. What takes long comes less often: it may take a fiftieth of the time, so that whoever looks
 * never slows down what he looks at.
 */
export function repeat(clock: Clock, periodMs: number, run: () => void): RunningView {
  let timer: unknown;
  const turn = (): void => {
    const beganMs = clock.now();
    run();
    const tookMs = clock.now() - beganMs;
    timer = setBackgroundTimer(clock, turn, Math.max(periodMs, tookMs * 50));
  };
  turn();
  return {
    stop() {
      clock.clearTimeout(timer);
    },
  };
}
