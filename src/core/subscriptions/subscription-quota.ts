import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { Pattern } from '../../protocol/pattern.js';
import type { Owner } from '../quotas/owner.js';
import { nodesOf } from './pattern-trie.js';
import { Quota } from '../quotas/quota.js';
import type { RouterSession } from '../session.js';
import type { Subscription } from './subscription.js';

/** Approximate memory of a subscription, and of each segment of its pattern. */
const SUBSCRIPTION_BYTES = 300;
const SEGMENT_BYTES = 120;

/** Returns the approximate memory of a subscription to a pattern in bytes. */
export function subscriptionBytes(pattern: Pattern): number {
  return SUBSCRIPTION_BYTES + SEGMENT_BYTES * nodesOf(pattern);
}

/** Bounds the memory of the subscriptions of all sessions together. */
export class SubscriptionQuota {
  readonly #bytes: Quota;
  readonly #bySession = new Map<RouterSession, number>();
  #closed = 0;

  /** @param maxSubscriptionBytes maximum bytes of all subscriptions; 0 = unlimited */
  constructor(maxSubscriptionBytes: number) {
    this.#bytes = new Quota({ total: maxSubscriptionBytes, perOwner: 0 });
  }

  /** Approximate memory of all subscriptions in bytes. */
  get bytes(): number {
    return this.#bytes.total;
  }

  /** Sessions closed to make capacity for others. */
  get closed(): number {
    return this.#closed;
  }

  /**
   * Makes capacity for a subscription. The owner with the largest use gives it, if it has more than the requester would
   * have: its session with the largest use is closed.
   *
   * @param replaced the subscription that ends for this one
   * @param close ends the subscriptions of a session at once; with an error it also ends the session
   * @param leaving ended sessions that still have subscriptions
   * @throws ClaspError 429 if no owner gives capacity
   */
  check(
    session: RouterSession,
    pattern: Pattern,
    replaced: Subscription | undefined,
    close: (donor: RouterSession, error?: ClaspError) => void,
    leaving: ReadonlySet<RouterSession>,
  ): void {
    const { owner } = session;
    const freed = replaced === undefined ? 0 : subscriptionBytes(replaced.pattern);
    const grown = subscriptionBytes(pattern) - freed;
    if (grown <= 0 || owner === undefined) return;
    while (this.#bytes.exceedsTotal(grown)) {
      const donor = this.#bytes.donor(owner, grown);
      const heaviest = donor && this.#heaviestOf(donor, leaving);
      const { total } = this.#bytes.limits;
      if (heaviest === undefined) {
        const text =
          `Subscription limit reached: the subscriptions of all sessions take ${this.bytes} bytes; ${grown} more would pass ` +
          `the limit of ${total}, the router option maxSubscriptionBytes`;
        throw new ClaspError(ErrorCode.RateLimited, text, { address: pattern });
      }
      if (leaving.has(heaviest)) {
        close(heaviest);
        continue;
      }
      this.#closed++;
      const text =
        `The subscriptions of all sessions take ${this.bytes} bytes (max ${total}, maxSubscriptionBytes), ` +
        `and those of this session ${this.#bySession.get(heaviest) ?? 0}, the most of all`;
      close(heaviest, new ClaspError(ErrorCode.Overloaded, text));
    }
  }

  add({ session, pattern }: Subscription): void {
    if (session.owner === undefined) return;
    const bytes = subscriptionBytes(pattern);
    this.#bytes.take(session.owner, bytes);
    this.#bySession.set(session, (this.#bySession.get(session) ?? 0) + bytes);
  }

  remove({ session, pattern }: Subscription): void {
    if (session.owner === undefined) return;
    const bytes = subscriptionBytes(pattern);
    this.#bytes.give(session.owner, bytes);
    const left = (this.#bySession.get(session) ?? 0) - bytes;
    if (left > 0) this.#bySession.set(session, left);
    else this.#bySession.delete(session);
  }

  /** Returns the session of an owner with the largest use, ended sessions first. O(sessions with subscriptions). */
  #heaviestOf(owner: Owner, leaving: ReadonlySet<RouterSession>): RouterSession | undefined {
    for (const ended of leaving) if (ended.owner === owner && this.#bySession.has(ended)) return ended;
    let heaviest: RouterSession | undefined;
    let most = 0;
    for (const [session, bytes] of this.#bySession) {
      if (session.owner !== owner || bytes <= most) continue;
      most = bytes;
      heaviest = session;
    }
    return heaviest;
  }
}
