import type { RouterSession } from '../session.js';

/** Maximum steps of one session per turn of the event loop: 2 ms, more than the plain SETs of a whole read quota. */
const SESSION_STEPS = 100_000;
/** Maximum steps of all sessions together, except those that sent few messages: 4 ms. */
const TURN_STEPS = 200_000;
/** A session with at most this many messages is always served, up to 0.1 ms. */
const FEW_FRAMES = 64;
const FEW_STEPS = 5_000;

/**
 * Divides a turn of the event loop among sessions by the cost of their messages. A session that sends a few messages
 * never waits for sessions that send thousands.
 */
export class TurnShares {
  /** Number of the current turn. */
  #serial = 0;
  #lastStep = 0;

  /** Begins a turn at a step. */
  begin(step: number): void {
    this.#serial++;
    this.#lastStep = step + TURN_STEPS;
  }

  /**
   * Returns the step before which the messages of a session can begin in this turn.
   *
   * @param step the current one
   * @param frames number of the session's frames
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

  /** Counts steps that a session has taken in this turn. */
  spend({ turn }: RouterSession, steps: number): void {
    turn.steps += steps;
  }

  /** A message of the session is deferred to a later turn. Its further messages wait behind it. */
  close({ turn }: RouterSession): void {
    turn.steps = Infinity;
  }
}
