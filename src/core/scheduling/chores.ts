import type { Slice } from './slice.js';

/** Work that is done in pieces. Gives the steps of each piece, as far as they are not counted elsewhere. */
export type Chore = Iterator<number, void>;

/** Steps of one turn for all chores together, and of one of them before the next has its turn. */
const STEPS_PER_TURN = 16_384;
const STEPS_OF_ONE = 2_048;

/**
 * Clears away what a session or a token has left, in slices and in turn, because it can be much. It has no effect before it is
 * cleared away, so no other session waits for that.
 */
export class Chores {
  readonly #slice: Slice;
  readonly #report: (error: unknown) => void;
  /** The next one first. */
  readonly #waiting = new Set<Chore>();
  /** Steps left in this turn. */
  #budget = STEPS_PER_TURN;

  /** @param report called with what a chore throws, which ends that chore. @default throws it again */
  constructor(slice: Slice, report: (error: unknown) => void = rethrow) {
    this.#slice = slice;
    this.#report = report;
  }

  /** Whether {@link advance} is to be called in the next turn: for what waits, or because steps of this turn were used. */
  get pending(): boolean {
    return this.#waiting.size > 0 || this.#budget < STEPS_PER_TURN;
  }

  /** Begins a chore. A small one is done when this returns, unless many were done in this turn already. */
  begin(chore: Chore): void {
    if (this.#budget <= 0 || !this.#isDone(chore, this.#budget)) this.#waiting.add(chore);
  }

  /** A new turn: the chores go on, as far as one turn's steps go. */
  advance(): void {
    this.#budget = STEPS_PER_TURN;
    while (this.#budget > 0) {
      const [chore] = this.#waiting;
      if (chore === undefined) return;
      this.#waiting.delete(chore);
      if (!this.#isDone(chore, Math.min(STEPS_OF_ONE, this.#budget))) this.#waiting.add(chore);
    }
  }

  /** Goes on with a chore. */
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
