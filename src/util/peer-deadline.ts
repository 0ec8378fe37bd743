import { type Clock, setBackgroundTimer } from './clock.js';
import { ClockWatch } from './clock-watch.js';

/**
 * Turns of the event loop in which input that waits is read: timers run before sockets are polled; then a transport may
 * flush in `setImmediate`, and the pipeline's batch runs in another one.
 */
const INPUT_TURNS = 4;

/**
 * Calls `judge` once when a peer has had its time, and not before the input that waits was read. After a stall of the
 * process (see {@link ClockWatch}) it waits for the grace period as well, in which the peer can speak. Without a stall it
 * waits a few turns of the event loop beyond its time. `judge` must look again whether its condition still holds.
 *
 * @param milliseconds until the peer's time is over
 */
export function setPeerDeadline(clock: Clock, judge: () => void, milliseconds: number): PeerDeadline {
  return new PeerDeadline(clock, judge, milliseconds, true);
}

/** The same for a deadline that keeps the process alive: somebody in it waits for the outcome. */
export function setAwaitedDeadline(clock: Clock, judge: () => void, milliseconds: number): PeerDeadline {
  return new PeerDeadline(clock, judge, milliseconds, false);
}

/**
 * The same for a deadline that has passed already. The stall is only seen if the clock was watched before: hold
 * {@link ClockWatch} while there is something to judge.
 */
export function judgeAfterInput(clock: Clock, judge: () => void): PeerDeadline {
  return new PeerDeadline(clock, judge, undefined, true);
}

/** A deadline that judges a peer. */
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

  /** Nobody is judged any more. May be called again. */
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
    // Released last: a judge that sets the next deadline keeps the clock watched all the time.
    try {
      this.#judge();
    } finally {
      this.#watch.release();
    }
  };
}

/** Browsers have no `setImmediate`; there each timer is a task of its own, between which sockets are read. */
function nextTurn(callback: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(callback);
  else setTimeout(callback, 0);
}
