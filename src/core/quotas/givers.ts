import { KeyedHeap } from './keyed-heap.js';
import type { Owner } from './owner.js';

/** Use of one kind of resource by owner. */
export interface Holdings {
  readonly owners: ReadonlyMap<Owner, number>;
  usedBy(owner: Owner): number;
}

/**
 * Selects the owners that make room for another, one after another. Owners without a session come before connected
 * ones, in each group the largest first. A trusted owner is never selected.
 *
 * No owner is selected if the requester would have more than the largest connected owner has, and more than all owners
 * without a session have together. Thus many small leftovers make room like one large one, and no owner can take more
 * than half of the total.
 */
export class Givers {
  readonly #quota: Holdings;
  readonly #asker: Owner;
  readonly #amount: number;
  /** Keyed by negative use: the largest first. */
  readonly #gone = new KeyedHeap<Owner>();
  readonly #connected = new KeyedHeap<Owner>();
  /** Total use of the owners in `#gone`. */
  #left = 0;

  /**
   * O(owners).
   *
   * @param amount the additional use of the requester
   */
  constructor(quota: Holdings, asker: Owner, amount = 0) {
    this.#quota = quota;
    this.#asker = asker;
    this.#amount = amount;
    for (const [owner, used] of quota.owners) {
      if (owner === asker || owner.isTrusted) continue;
      if (owner.sessions.size > 0) {
        this.#connected.push(-used, owner);
      } else {
        this.#gone.push(-used, owner);
        this.#left += used;
      }
    }
  }

  /**
   * Returns the owner that makes room now. Between two calls, use must not change, except that the returned owner gives
   * some. O(log n).
   *
   * @returns undefined if no owner makes room
   */
  next(): Owner | undefined {
    this.#left -= this.#refreshFirst(this.#gone);
    this.#refreshFirst(this.#connected);
    const wanted = this.#quota.usedBy(this.#asker) + this.#amount;
    const heaviest = this.#connected.first;
    const isGiving = heaviest !== undefined && this.#quota.usedBy(heaviest) >= wanted;
    if (isGiving || this.#left >= wanted) return this.#gone.first ?? heaviest;
    return undefined;
  }

  /** Skips the owner returned last, which has nothing to evict. */
  skip(): void {
    const heap = this.#gone.size > 0 ? this.#gone : this.#connected;
    const owner = heap.pop();
    if (owner !== undefined && heap === this.#gone) this.#left -= this.#quota.usedBy(owner);
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
