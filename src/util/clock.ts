/**
 * Time, injected everywhere it is needed: no test sleeps, and an hour of show runs in milliseconds. xstate's
 * `SimulatedClock` is one; {@link systemClock} is the real one. Times are milliseconds.
 */
export interface Clock {
  /**
   * Monotonic time: milliseconds since the Unix epoch as the wall clock had it at start, fractions included. Never goes
   * back, and does not follow corrections of the wall clock. Every duration, deadline and TTL counts on it.
   */
  now(): number;
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(id: unknown): void;
  /**
   * Calendar time: milliseconds since the Unix epoch, as the computer's wall clock has it now. Can jump in both
   * directions. Tokens, certificates and log lines are dated by it.
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
    clearTimeout(id as ReturnType<typeof setTimeout>); // only ever given what setTimeout above returned
  },
  wallNow: () => Date.now(),
};

/** Calendar time: milliseconds since the Unix epoch. A clock without a wall clock has only its own time. */
export function wallTime(clock: Clock): number {
  return clock.wallNow === undefined ? clock.now() : clock.wallNow();
}

/** Monotonic time in whole microseconds. */
export function microseconds(clock: Clock): number {
  return Math.floor(clock.now() * 1000);
}

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
