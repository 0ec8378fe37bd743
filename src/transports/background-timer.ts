import type { Clock } from '../clock.js';

/**
 * A timer of the clock that does not by itself keep the process alive: a router whose doors and connections are closed
 * may exit although a ping was still planned.
 *
 * @returns what {@link Clock.clearTimeout} takes
 */
export function setBackgroundTimer(clock: Clock, callback: () => void, milliseconds: number): unknown {
  const timer = clock.setTimeout(callback, milliseconds);
  if (canUnref(timer)) timer.unref();
  return timer;
}

/** Node's timers can; those of a simulated clock are numbers. */
function canUnref(timer: unknown): timer is { unref(): void } {
  return typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function';
}
