import type { RouterSession } from '../session.js';
import { halvingsAt, recentUse } from './turn-use.js';

/** Maximum steps of one session per turn of the event loop: 2 ms, more than the plain SETs of a whole read quota. */
const SESSION_STEPS = 100_000;
/** Maximum steps of all sessions together: 4 ms. */
const TURN_STEPS = 200_000;
/** Recent use above which a session waits while output of earlier turns is being written: 0.4 ms in 0.1 s. */
const HEAVY_STEPS = 20_000;
/** One step is about 20 ns. */
const STEPS_PER_MICRO = 50;
/** Steps between two readings of the clock: 40 µs. A reading takes 2 of them. */
const CLOCK_STEPS = 2_048;
/**
 * Divides a turn of the event loop among sessions by the cost of their messages. The cost is the larger one of the
 * counted steps and the measured time, so that a cost which the steps underestimate delays no other session.
 */
export class TurnShares {
  readonly #nowMicros: () => number;
  /** Number of the current turn. */
  #serial = 0;
  #lastCost = 0;
  /** Start of the turn: the step, and the time. */
  #step = 0;
  #micros = 0;
  /** Cost in addition to the steps. */
  #excess = 0;
  #lookAtCost = 0;
  #isBehind = false;

  /** @param nowMicros the monotonic clock; if it stands still, as a simulated one, only the steps count */
  constructor(nowMicros: () => number) {
    this.#nowMicros = nowMicros;
  }

  /**
   * Begins a turn.
   *
   * @param step the current one
   * @param isBehind whether output of earlier turns waits to be written
   */
  begin(step: number, isBehind: boolean): void {
    this.#serial++;
    this.#step = step;
    this.#micros = this.#nowMicros();
    this.#excess = 0;
    this.#isBehind = isBehind;
    this.#lastCost = step + TURN_STEPS;
    this.#lookAtCost = step + CLOCK_STEPS;
  }

  /** Returns the cost so far, for the comparison with {@link lastCostOf}. @param step the current one */
  costAt(step: number): number {
    if (step + this.#excess >= this.#lookAtCost) {
      const measured = (this.#nowMicros() - this.#micros) * STEPS_PER_MICRO;
      this.#excess = Math.max(this.#excess, measured - (step - this.#step));
      this.#lookAtCost = step + this.#excess + CLOCK_STEPS;
    }
    return step + this.#excess;
  }

  /**
   * Returns the cost before which the messages of a session can begin in this turn. While output waits, a session that
   * uses much waits too: more input would only make the output larger.
   *
   * @param cost the current one
   */
  lastCostOf(session: RouterSession, cost: number): number {
    const { turn } = session;
    if (this.#isBehind && recentUse(turn, this.#micros) > HEAVY_STEPS) return cost;
    if (turn.serial !== this.#serial) {
      turn.serial = this.#serial;
      turn.steps = 0;
    }
    return Math.min(cost + SESSION_STEPS - turn.steps, this.#lastCost);
  }

  /** Counts what a session has used in this turn. */
  spend({ turn }: RouterSession, steps: number): void {
    turn.steps += steps;
    const halvings = halvingsAt(this.#micros);
    turn.recent = (halvings === turn.halvings ? turn.recent : turn.recent / 2 ** (halvings - turn.halvings)) + steps;
    turn.halvings = halvings;
  }

  /** A message of the session is deferred to a later turn. Its further messages wait behind it. */
  close({ turn }: RouterSession): void {
    turn.steps = Infinity;
  }
}
