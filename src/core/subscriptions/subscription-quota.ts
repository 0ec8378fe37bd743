import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { Pattern } from '../../protocol/pattern.js';
import type { Owner } from '../quotas/owner.js';
import { nodesOf } from './pattern-trie.js';
import { Quota } from '../quotas/quota.js';
import type { RouterSession } from '../session.js';
import type { Subscription } from './subscription-index.js';

/** Memory that a subscription takes, and each segment of its pattern, roughly. */
const SUBSCRIPTION_BYTES = 300;
const SEGMENT_BYTES = 120;

/** Memory that a subscription to a pattern takes, roughly. */
export function subscriptionBytes(pattern: Pattern): number {
  return SUBSCRIPTION_BYTES + SEGMENT_BYTES * nodesOf(pattern);
}

/** Bounds the memory that the subscriptions of all sessions take together. */
export class SubscriptionQuota {
  readonly #bytes: Quota;
  readonly #bySession = new Map<RouterSession, number>();
  #closed = 0;

  /** @param maxSubscriptionBytes bytes that all subscriptions may take together; 0 = unlimited */
  constructor(maxSubscriptionBytes: number) {
    this.#bytes = new Quota({ total: maxSubscriptionBytes, perOwner: 0 });
  }

  /** Memory that all subscriptions take, roughly. */
  get bytes(): number {
    return this.#bytes.total;
  }

  /** Sessions that were closed to make capacity for others. */
  get closed(): number {
    return this.#closed;
  }

  /**
   * Makes capacity for a subscription. The owner with most gives it, if it has more than the asker would have: its session with
   * most is closed.
   *
   * @param replaced the subscription that ends for this one
   * @param close ends the subscriptions of a session at once; with an error it also ends the session
   * @param leaving sessions that have left and still have subscriptions
   * @throws ClaspError 429 if no owner gives capacity
   */
  check(
    session: RouterSession,
    pattern: Pattern,
    replaced: Subscription | undefined,
    close: (giver: RouterSession, error?: ClaspError) => void,
    leaving: ReadonlySet<RouterSession>,
  ): void {
    const { owner } = session;
    const freed = replaced === undefined ? 0 : subscriptionBytes(replaced.pattern);
    const grown = subscriptionBytes(pattern) - freed;
    if (grown <= 0 || owner === undefined) return;
    while (this.#bytes.exceedsTotal(grown)) {
      const giver = this.#bytes.giver(owner, grown);
      const heaviest = giver && this.#heaviestOf(giver, leaving);
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

  /** The session of an owner with most, those that have left first. O(sessions with subscriptions). */
  #heaviestOf(owner: Owner, leaving: ReadonlySet<RouterSession>): RouterSession | undefined {
    for (const gone of leaving) if (gone.owner === owner && this.#bySession.has(gone)) return gone;
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
