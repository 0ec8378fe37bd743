import type { Clock } from '../../util/clock.js';
import { ClockWatch } from '../../util/clock-watch.js';
import type { Logger } from '../../core/ports.js';

/**
 * Watches a clock, and logs stalls of the process and jumps of the wall clock. They explain why lost peers stayed
 * connected, and the times of other log lines.
 *
 * @returns stops watching; must be called once
 */
export function logClock(clock: Clock, logger: Logger): () => void {
  const watch = ClockWatch.of(clock);
  const stops = [
    watch.onStall((lengthMs, graceMs) => {
      const text = `the process stood still for ${seconds(lengthMs)} s; no peer is judged for the next ${seconds(graceMs)} s`;
      logger.warn({ stoodStillMs: Math.round(lengthMs) }, text);
    }),
    watch.onJump((forwardMs) => {
      const direction = forwardMs > 0 ? 'forward' : 'back';
      const text = `the wall clock was set ${direction} by ${seconds(Math.abs(forwardMs))} s`;
      logger.warn({ forwardMs: Math.round(forwardMs) }, text);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(1);
}
