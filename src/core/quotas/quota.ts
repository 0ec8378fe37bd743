import { Givers } from './givers.js';
import type { Owner } from './owner.js';

export interface QuotaLimits {
  /** What all owners may have together; 0 = unlimited. */
  readonly total: number;
  /** What one owner may have; 0 = unlimited. A trusted one has no such limit. */
  readonly perOwner: number;
}

/**
 * Who has how much of one kind of thing that the router keeps: bytes, or a count. It only counts: what is refused, and what makes
 * room, is decided by whoever keeps the things.
 */
export class Quota {
  readonly limits: QuotaLimits;
  readonly #used = new Map<Owner, number>();
  #total = 0;

  constructor(limits: QuotaLimits) {
    this.limits = limits;
  }

  /** What all owners have. */
  get total(): number {
    return this.#total;
  }

  /** The owners that have something, and what each of them has. */
  get owners(): ReadonlyMap<Owner, number> {
    return this.#used;
  }

  /** What an owner has. */
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

  /** Whether an owner would have more than its share. */
  exceedsShare(owner: Owner, amount: number): boolean {
    const { perOwner } = this.limits;
    return perOwner > 0 && !owner.isTrusted && this.usedBy(owner) + amount > perOwner;
  }

  /** Whether all together would have more than there is. */
  exceedsTotal(amount: number): boolean {
    return this.limits.total > 0 && this.#total + amount > this.limits.total;
  }

  /**
   * Who makes room for an owner that wants so much more: see {@link Givers}. O(owners).
   *
   * @returns undefined if no owner does: then the owner itself is the one to be refused, or to make room
   */
  giver(asker: Owner, amount: number): Owner | undefined {
    return new Givers(this, asker, amount).next();
  }
}
