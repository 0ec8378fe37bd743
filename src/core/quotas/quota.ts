import { EvictionOrder } from './eviction-order.js';
import type { Owner } from './owner.js';

export interface QuotaLimits {
  /** Limit for all owners together; 0 = unlimited. */
  readonly total: number;
  /** Limit per owner; 0 = unlimited. Does not apply to a trusted owner. */
  readonly perOwner: number;
}

/**
 * Use of one kind of resource by owner: bytes, or a count. It only counts. The component that stores the items decides
 * on refusal and eviction.
 */
export class Quota {
  readonly limits: QuotaLimits;
  readonly #used = new Map<Owner, number>();
  #total = 0;

  constructor(limits: QuotaLimits) {
    this.limits = limits;
  }

  /** Use of all owners together. */
  get total(): number {
    return this.#total;
  }

  /** Owners with use above 0, and their use. */
  get owners(): ReadonlyMap<Owner, number> {
    return this.#used;
  }

  /** Returns the use of an owner. */
  usedBy(owner: Owner): number {
    return this.#used.get(owner) ?? 0;
  }

  take(owner: Owner, amount: number): void {
    if (amount <= 0) return;
    const used = this.#used.get(owner);
    if (used === undefined) owner.hold(1);
    this.#used.set(owner, (used ?? 0) + amount);
    this.#total += amount;
  }

  give(owner: Owner, amount: number): void {
    const used = this.#used.get(owner);
    if (used === undefined || amount <= 0) return;
    const left = Math.max(0, used - amount);
    this.#total -= used - left;
    if (left > 0) {
      this.#used.set(owner, left);
    } else {
      this.#used.delete(owner);
      owner.hold(-1);
    }
  }

  /** Whether an owner would exceed its share. */
  exceedsShare(owner: Owner, amount: number): boolean {
    const { perOwner } = this.limits;
    return perOwner > 0 && !owner.isTrusted && this.usedBy(owner) + amount > perOwner;
  }

  /** Whether all owners together would exceed the total. */
  exceedsTotal(amount: number): boolean {
    return this.limits.total > 0 && this.#total + amount > this.limits.total;
  }

  /**
   * Returns the owner that makes room for `amount` more: see {@link EvictionOrder}. O(owners).
   *
   * @returns undefined if none does: then the requester is refused, or makes room itself
   */
  donor(requester: Owner, amount: number): Owner | undefined {
    return new EvictionOrder(this, requester, amount).next();
  }
}
