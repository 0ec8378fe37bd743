/**
 * Time, injected everywhere it is needed: no test sleeps, and an hour of show runs in milliseconds. xstate's
 * `SimulatedClock` is one; {@link systemClock} is the real one. Times are milliseconds.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch, fractions included; never goes back. */
  now(): number;
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(id: unknown): void;
}

/**
 * The wall clock as it was at start, carried on by the monotonic clock: WELCOME.time, SYNC and the timestamps of params
 * come from here, so a clock that is set back in mid-show turns nothing around.
 */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clearTimeout: (id) => {
    clearTimeout(id as ReturnType<typeof setTimeout>); // only ever given what setTimeout above returned
  },
};

/** The clock's time as the wire has it: whole microseconds since the Unix epoch. */
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
