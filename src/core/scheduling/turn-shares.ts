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
/** Steps between two readings of the clock: 40 µs. A reading takes 8 of them. */
const CLOCK_STEPS = 2_048;
/** Time beyond that of the steps which is checked against the time of the processor. That reading takes 1 µs. */
const SUSPECT_MICROS = 500;
/** A session is charged at most this multiple of its counted steps. */
const MAX_COST_OF_STEP = 16;

export interface TurnClocks {
  /** The monotonic clock. If it stands still, as a simulated one, only the steps count. */
  readonly nowMicros: () => number;
  /** Time of the processor that this program has used. @default unknown: {@link nowMicros} counts */
  readonly cpuMicros?: (() => number) | undefined;
}

/**
 * Divides a turn of the event loop among sessions by the cost of their messages. The cost is the larger one of the
 * counted steps and the measured time, so that a cost which the steps underestimate delays no other session. Time in
 * which the system runs other programs does not count.
 */
export class TurnShares {
  readonly #clocks: TurnClocks;
  /** Number of the current turn. */
  #serial = 0;
  #lastCost = 0;
  #isBehind = false;
  /** Start of the turn: the step, and the time. */
  #step = 0;
  #micros = 0;
  /** First reading of the processor's time in this turn, and what else was known at it. */
  #cpuStart: { readonly cpuMicros: number; readonly micros: number; readonly foreignMicros: number } | undefined;
  /** Measured time of other programs in this turn. */
  #foreignMicros = 0;
  /** Cost in addition to the steps. */
  #excess = 0;
  #lookAtCost = 0;

  constructor(clocks: TurnClocks) {
    this.#clocks = clocks;
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
    this.#micros = this.#clocks.nowMicros();
    this.#cpuStart = undefined;
    this.#foreignMicros = 0;
    this.#excess = 0;
    this.#isBehind = isBehind;
    this.#lastCost = step + TURN_STEPS;
    this.#lookAtCost = step + CLOCK_STEPS;
  }

  /** Returns the cost so far, for the comparison with {@link lastCostOf}. @param step the current one */
  costAt(step: number): number {
    if (step + this.#excess >= this.#lookAtCost) {
      this.#look(step);
      this.#lookAtCost = step + this.#excess + CLOCK_STEPS;
    }
    return step + this.#excess;
  }

  #look(step: number): void {
    const micros = this.#clocks.nowMicros();
    const steps = step - this.#step;
    const known = this.#foreignMicros + (steps + this.#excess) / STEPS_PER_MICRO;
    const excessMicros = micros - this.#micros - known;
    if (excessMicros > SUSPECT_MICROS) this.#lookAtProcessor(micros, excessMicros);
    const measured = (micros - this.#micros - this.#foreignMicros) * STEPS_PER_MICRO;
    this.#excess = Math.max(this.#excess, measured - steps);
  }

  /** Most turns need no reading of the processor's time. Therefore the first excess of a turn does not count. */
  #lookAtProcessor(micros: number, excessMicros: number): void {
    const { cpuMicros } = this.#clocks;
    if (cpuMicros === undefined) return;
    const cpu = cpuMicros();
    if (this.#cpuStart === undefined) {
      this.#foreignMicros += excessMicros;
      this.#cpuStart = { cpuMicros: cpu, micros, foreignMicros: this.#foreignMicros };
    } else {
      const { cpuMicros: cpuBefore, micros: before, foreignMicros } = this.#cpuStart;
      this.#foreignMicros = Math.max(this.#foreignMicros, foreignMicros + micros - before - (cpu - cpuBefore));
    }
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

  /**
   * Counts what a session has used in this turn. The measured time includes garbage collection, which can run during any
   * message, so one message of a session that sends little must not make it a heavy one.
   *
   * @param steps the counted ones
   * @param cost the same, or more if the measured time was longer
   */
  spend({ turn }: RouterSession, steps: number, cost: number): void {
    const charged = Math.min(cost, MAX_COST_OF_STEP * steps);
    turn.steps += charged;
    const halvings = halvingsAt(this.#micros);
    turn.recent = (halvings === turn.halvings ? turn.recent : turn.recent / 2 ** (halvings - turn.halvings)) + charged;
    turn.halvings = halvings;
  }

  /** A message of the session is deferred to a later turn. Its further messages wait behind it. */
  close({ turn }: RouterSession): void {
    turn.steps = Infinity;
  }
}
