import { KeyedHeap } from './keyed-heap.js';
import type { Owner } from './owner.js';

/** Use of one kind of resource by owner. */
export interface Holdings {
  readonly owners: ReadonlyMap<Owner, number>;
  usedBy(owner: Owner): number;
}

/**
 * Selects the owners whose entries are evicted for another, one after another. Owners without a session come before connected
 * ones, in each group the largest first. A trusted owner is never selected.
 *
 * No owner is selected if the requester would have more than the largest connected owner has, and more than all owners
 * without a session have together. Thus many small remainders are evicted like one large one, and no owner can take more
 * than half of the total.
 */
export class EvictionOrder {
  readonly #quota: Holdings;
  readonly #requester: Owner;
  readonly #amount: number;
  /** Keyed by negative use: the largest first. */
  readonly #disconnected = new KeyedHeap<Owner>();
  readonly #connected = new KeyedHeap<Owner>();
  /** Total use of the owners in `#disconnected`. */
  #disconnectedUse = 0;

  /**
   * O(owners).
   *
   * @param amount the additional use of the requester
   */
  constructor(quota: Holdings, requester: Owner, amount = 0) {
    this.#quota = quota;
    this.#requester = requester;
    this.#amount = amount;
    for (const [owner, used] of quota.owners) {
      if (owner === requester || owner.isTrusted) continue;
      if (owner.sessions.size > 0) {
        this.#connected.push(-used, owner);
      } else {
        this.#disconnected.push(-used, owner);
        this.#disconnectedUse += used;
      }
    }
  }

  /**
   * Returns the owner whose entry is evicted now. Between two calls, use must not change, except that of the returned owner
   * decreases. O(log n).
   *
   * @returns undefined if no owner is selected
   */
  next(): Owner | undefined {
    this.#disconnectedUse -= this.#refreshFirst(this.#disconnected);
    this.#refreshFirst(this.#connected);
    const wanted = this.#quota.usedBy(this.#requester) + this.#amount;
    const heaviest = this.#connected.first;
    const isEnough = heaviest !== undefined && this.#quota.usedBy(heaviest) >= wanted;
    if (isEnough || this.#disconnectedUse >= wanted) return this.#disconnected.first ?? heaviest;
    return undefined;
  }

  /** Skips the owner returned last, which has nothing to evict. */
  skip(): void {
    const heap = this.#disconnected.size > 0 ? this.#disconnected : this.#connected;
    const owner = heap.pop();
    if (owner !== undefined && heap === this.#disconnected) this.#disconnectedUse -= this.#quota.usedBy(owner);
  }

  /** Reorders the first owner. @returns the decrease of its use */
  #refreshFirst(heap: KeyedHeap<Owner>): number {
    const { first, firstKey } = heap;
    if (first === undefined) return 0;
    const used = this.#quota.usedBy(first);
    const less = -firstKey - used;
    if (used === 0) heap.pop();
    else if (less !== 0) heap.rekeyFirst(-used);
    return less;
  }
}
