/**
 * Time source, injected everywhere: no test sleeps, and an hour is simulated in milliseconds. xstate's `SimulatedClock`
 * implements it; {@link systemClock} is the real one. Times are milliseconds.
 */
export interface Clock {
  /**
   * Monotonic time: milliseconds since the Unix epoch by the wall clock at start, with fractions. It never goes back
   * and does not follow corrections of the wall clock. Every duration, deadline and TTL uses it.
   */
  now(): number;
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(id: unknown): void;
  /**
   * Calendar time: milliseconds since the Unix epoch by the current wall clock. Can jump in both directions. Tokens,
   * certificates and log lines use it.
   *
   * @default {@link now}
   */
  wallNow?(): number;
}

/** Monotonic time from `performance`, calendar time from `Date`. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clearTimeout: (id) => {
    clearTimeout(id as ReturnType<typeof setTimeout>); // only called with results of setTimeout above
  },
  wallNow: () => Date.now(),
};

/** Calendar time: milliseconds since the Unix epoch. Without a wall clock, the clock's own time. */
export function wallTime(clock: Clock): number {
  return clock.wallNow === undefined ? clock.now() : clock.wallNow();
}

/** Monotonic time in whole microseconds. */
export function microseconds(clock: Clock): number {
  return Math.floor(clock.now() * 1000);
}

/**
 * Sets a timer that does not keep the process alive: a router without listeners and connections can exit although a
 * ping is pending.
 *
 * @returns the argument for {@link Clock.clearTimeout}
 */
export function setBackgroundTimer(clock: Clock, callback: () => void, milliseconds: number): unknown {
  const timer = clock.setTimeout(callback, milliseconds);
  if (canUnref(timer)) timer.unref();
  return timer;
}

/** Timers of Node.js can be unreferenced; those of a simulated clock are numbers. */
function canUnref(timer: unknown): timer is { unref(): void } {
  return typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function';
}
