import type { Slice } from './slice.js';

/** Work in pieces. Yields the steps of each piece that are not counted elsewhere. */
export type Chore = Iterator<number, void>;

/** Steps per turn for all chores together. Also the steps of one chore before the next one runs. */
const STEPS_PER_TURN = 16_384;
const STEPS_OF_ONE = 2_048;

/**
 * Cleans up after a session or token, in slices and round robin, because the state can be large. It has no effect on
 * other sessions before the cleanup, so no session waits for it.
 */
export class Chores {
  readonly #slice: Slice;
  readonly #report: (error: unknown) => void;
  /** In order of execution. */
  readonly #waiting = new Set<Chore>();
  /** Steps left in this turn. */
  #budget = STEPS_PER_TURN;

  /** @param report called with the exception of a chore, which ends that chore. @default throws it again */
  constructor(slice: Slice, report: (error: unknown) => void = rethrow) {
    this.#slice = slice;
    this.#report = report;
  }

  /** Whether {@link advance} must be called in the next turn: chores wait, or steps of this turn were used. */
  get pending(): boolean {
    return this.#waiting.size > 0 || this.#budget < STEPS_PER_TURN;
  }

  /** Begins a chore. A small chore completes before this returns, unless the steps of this turn are used up. */
  begin(chore: Chore): void {
    if (this.#budget <= 0 || !this.#isDone(chore, this.#budget)) this.#waiting.add(chore);
  }

  /** Starts a new turn and continues the chores, up to the steps of one turn. */
  advance(): void {
    this.#budget = STEPS_PER_TURN;
    while (this.#budget > 0) {
      const [chore] = this.#waiting;
      if (chore === undefined) return;
      this.#waiting.delete(chore);
      if (!this.#isDone(chore, Math.min(STEPS_OF_ONE, this.#budget))) this.#waiting.add(chore);
    }
  }

  /** Continues a chore. */
  #isDone(chore: Chore, maxSteps: number): boolean {
    const slice = this.#slice.begin(maxSteps);
    let isDone = false;
    try {
      while (!isDone && !slice.isOver) {
        const next = chore.next();
        if (next.done === true) isDone = true;
        else slice.spend(next.value);
      }
    } catch (error) {
      isDone = true;
      this.#report(error);
    } finally {
      this.#budget -= maxSteps - slice.left;
    }
    return isDone;
  }
}

function rethrow(error: unknown): never {
  throw error;
}
