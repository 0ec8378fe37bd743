import type { RouterSession } from '../session.js';

/** Steps of one session in one turn of the event loop: 1 ms, three thousand plain SETs. */
const SESSION_STEPS = 50_000;
/** Steps of all sessions together, except those that sent little: 4 ms. */
const TURN_STEPS = 200_000;
/** A session that sent so few messages is served in any case, up to so many steps: 0.1 ms. */
const FEW_FRAMES = 64;
const FEW_STEPS = 5_000;

/**
 * Divides a turn of the event loop among sessions by what their messages cost. A session that sends a few messages never waits for
 * those that send thousands.
 */
export class TurnShares {
  /** Tells apart turns. */
  #serial = 0;
  #lastStep = 0;

  /** A turn begins at a step. */
  begin(step: number): void {
    this.#serial++;
    this.#lastStep = step + TURN_STEPS;
  }

  /**
   * The step before which the messages of a session may begin in this turn.
   *
   * @param step the current one
   * @param frames how many there are
   */
  lastStepOf({ turn }: RouterSession, step: number, frames: number): number {
    if (turn.serial !== this.#serial) {
      turn.serial = this.#serial;
      turn.steps = 0;
    }
    const share = frames <= FEW_FRAMES && step >= this.#lastStep ? FEW_STEPS : SESSION_STEPS;
    const last = step + share - turn.steps;
    return share === FEW_STEPS ? last : Math.min(last, this.#lastStep);
  }

  /** A session has taken so many steps in this turn. */
  spend({ turn }: RouterSession, steps: number): void {
    turn.steps += steps;
  }

  /** Something of a session waits for a later turn: whatever else it sent waits behind that. */
  close({ turn }: RouterSession): void {
    turn.steps = Infinity;
  }
}
