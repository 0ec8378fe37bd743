import { type Clock, setBackgroundTimer } from './clock.js';
import { ClockWatch } from './clock-watch.js';

/**
 * Turns of the event loop in which pending input is read: timers run before sockets are polled; then a transport can
 * flush in `setImmediate`, and the pipeline's batch runs in another one.
 */
const INPUT_TURNS = 4;

/**
 * Calls `judge` once after a peer's deadline, and not before pending input was read. After a stall of the process (see
 * {@link ClockWatch}) it waits for the grace period too, in which the peer can send. Without a stall, it waits a few
 * turns of the event loop beyond the deadline. `judge` must check its condition again.
 *
 * @param milliseconds until the deadline
 */
export function setPeerDeadline(clock: Clock, judge: () => void, milliseconds: number): PeerDeadline {
  return new PeerDeadline(clock, judge, milliseconds, true);
}

/** The same for a deadline that keeps the process alive, because code in it waits for the result. */
export function setAwaitedDeadline(clock: Clock, judge: () => void, milliseconds: number): PeerDeadline {
  return new PeerDeadline(clock, judge, milliseconds, false);
}

/**
 * The same for a deadline that has passed already. A stall is detected only if the clock was watched before: hold
 * {@link ClockWatch} while deadlines can be judged.
 */
export function judgeAfterInput(clock: Clock, judge: () => void): PeerDeadline {
  return new PeerDeadline(clock, judge, undefined, true);
}

/** A deadline for a peer. */
export class PeerDeadline {
  readonly #clock: Clock;
  readonly #watch: ClockWatch;
  readonly #judge: () => void;
  readonly #isBackground: boolean;
  #timer: unknown;
  #turnsLeft = 0;
  #isOver = false;

  constructor(clock: Clock, judge: () => void, milliseconds: number | undefined, isBackground: boolean) {
    this.#clock = clock;
    this.#judge = judge;
    this.#isBackground = isBackground;
    this.#watch = ClockWatch.of(clock);
    this.#watch.acquire();
    if (milliseconds === undefined) this.#due();
    else this.#arm(milliseconds);
  }

  /** Cancels the deadline. Can be called repeatedly. */
  clear(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#clock.clearTimeout(this.#timer);
    this.#watch.release();
  }

  #arm(milliseconds: number): void {
    this.#timer = this.#isBackground
      ? setBackgroundTimer(this.#clock, this.#due, milliseconds)
      : this.#clock.setTimeout(this.#due, milliseconds);
  }

  readonly #due = (): void => {
    this.#turnsLeft = INPUT_TURNS;
    this.#turn();
  };

  readonly #turn = (): void => {
    if (this.#isOver) return;
    if (this.#turnsLeft-- > 0) {
      nextTurn(this.#turn);
      return;
    }
    const graceMs = this.#watch.graceLeftMs();
    if (graceMs > 0) {
      this.#arm(graceMs);
      return;
    }
    this.#isOver = true;
    // Released last: if `judge` sets the next deadline, the clock is watched without interruption.
    try {
      this.#judge();
    } finally {
      this.#watch.release();
    }
  };
}

/** Browsers have no `setImmediate`. Each timer there is a separate task, and sockets are read between tasks. */
function nextTurn(callback: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(callback);
  else setTimeout(callback, 0);
}
