import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { Pattern } from '../../protocol/pattern.js';
import { patternWeight } from './match-cost.js';
import type { Owner } from '../quotas/owner.js';
import { Quota } from '../quotas/quota.js';
import type { RouterSession } from '../session.js';
import type { Subscription } from './subscription-index.js';

/** An owner may have so much of what all may have together. */
const SHARE = 1 / 4;

/**
 * Bounds what a write to an address that was not matched before can cost, whoever subscribed to what. Only unusual patterns count:
 * see {@link patternWeight}.
 */
export class MatchLimit {
  readonly #maxMatchSteps: number;
  readonly #weights: Quota;

  /** @param maxMatchSteps steps that the patterns which one address can meet may take together; 0 = unlimited */
  constructor(maxMatchSteps: number) {
    this.#maxMatchSteps = maxMatchSteps;
    this.#weights = new Quota({ total: 0, perOwner: Math.floor(maxMatchSteps * SHARE) });
  }

  /**
   * Whether a session may subscribe to a pattern. If its owner is within its share and the patterns of all are too heavy, the heaviest
   * owner makes room.
   *
   * @param stepsWith what a match would take at worst with the pattern
   * @param close ends the subscriptions of all sessions of an owner at once, and of those that have just left
   * @throws ClaspError 429
   */
  check(
    session: RouterSession,
    pattern: Pattern,
    stepsWith: () => number,
    close: (giver: Owner, error: ClaspError) => void,
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
      const giver = this.#weights.giver(owner, weight);
      if (giver === undefined) {
        throw new ClaspError(
          ErrorCode.RateLimited,
          `Subscription limit reached: the patterns of all sessions would take more than ${this.#maxMatchSteps} steps to match`,
          { address: pattern },
        );
      }
      const text = `The patterns of all sessions take more than ${this.#maxMatchSteps} steps to match, and this session's most`;
      close(giver, new ClaspError(ErrorCode.Overloaded, text));
    }
  }

  add({ session, pattern }: Subscription): void {
    if (session.owner !== undefined) this.#weights.take(session.owner, patternWeight(pattern));
  }

  remove({ session, pattern }: Subscription): void {
    if (session.owner !== undefined) this.#weights.give(session.owner, patternWeight(pattern));
  }

  /** What an owner's patterns weigh. */
  weightOf(owner: Owner): number {
    return this.#weights.usedBy(owner);
  }
}
