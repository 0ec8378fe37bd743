import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { Pattern } from '../../protocol/pattern.js';
import { patternWeight } from './match-cost.js';
import type { Owner } from '../quotas/owner.js';
import { Quota } from '../quotas/quota.js';
import type { RouterSession } from '../session.js';
import type { Subscription } from './subscription.js';

/** Maximum part of the total for one owner. */
const SHARE = 1 / 4;

/**
 * Bounds the cost of a write to an uncached address, regardless of subscriptions. Only unusual patterns count: see
 * {@link patternWeight}.
 */
export class MatchLimit {
  readonly #maxMatchSteps: number;
  readonly #weights: Quota;

  /** @param maxMatchSteps maximum steps of all patterns that one address can meet; 0 = unlimited */
  constructor(maxMatchSteps: number) {
    this.#maxMatchSteps = maxMatchSteps;
    this.#weights = new Quota({ total: 0, perOwner: Math.floor(maxMatchSteps * SHARE) });
  }

  /**
   * Checks whether a session can subscribe to a pattern. If its owner is within its share and the total is exceeded,
   * the heaviest owner makes room.
   *
   * @param stepsWith returns the worst-case steps of a match with the pattern
   * @param close ends the subscriptions of all sessions of an owner at once, including recently ended sessions
   * @throws ClaspError 429
   */
  check(
    session: RouterSession,
    pattern: Pattern,
    stepsWith: () => number,
    close: (donor: Owner, error: ClaspError) => void,
  ): void {
    const { owner } = session;
    const weight = patternWeight(pattern);
    if (weight === 0 || this.#maxMatchSteps === 0 || owner === undefined) return;
    if (this.#weights.exceedsShare(owner, weight)) {
      const total = this.#weights.usedBy(owner) + weight;
      throw new ClaspError(
        ErrorCode.RateLimited,
        `Subscription limit reached: its patterns would take ${total} steps to match (max ${this.#weights.limits.perOwner})`,
        { address: pattern },
      );
    }
    while (stepsWith() > this.#maxMatchSteps) {
      const donor = this.#weights.donor(owner, weight);
      if (donor === undefined) {
        throw new ClaspError(
          ErrorCode.RateLimited,
          `Subscription limit reached: the patterns of all sessions would take more than ${this.#maxMatchSteps} steps to match`,
          { address: pattern },
        );
      }
      const text = `The patterns of all sessions take more than ${this.#maxMatchSteps} steps to match, and this session's most`;
      close(donor, new ClaspError(ErrorCode.Overloaded, text));
    }
  }

  add({ session, pattern }: Subscription): void {
    if (session.owner !== undefined) this.#weights.take(session.owner, patternWeight(pattern));
  }

  remove({ session, pattern }: Subscription): void {
    if (session.owner !== undefined) this.#weights.give(session.owner, patternWeight(pattern));
  }

  /** Returns the weight of an owner's patterns. */
  weightOf(owner: Owner): number {
    return this.#weights.usedBy(owner);
  }
}
