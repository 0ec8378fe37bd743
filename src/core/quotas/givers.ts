import { KeyedHeap } from './keyed-heap.js';
import type { Owner } from './owner.js';

/** What each owner has of one kind of thing. */
export interface Holdings {
  readonly owners: ReadonlyMap<Owner, number>;
  usedBy(owner: Owner): number;
}

/**
 * Who makes room for an owner, one after another. Owners without a session make room before connected ones, in each group the
 * one that has most first. A trusted owner never does.
 *
 * No owner makes room if the asker would have more than the heaviest connected owner has, and more than all owners without a session have
 * together: so that many small remains of others make room as one large one does, and no owner gets more than half of everything by
 * asking for it.
 */
export class Givers {
  readonly #quota: Holdings;
  readonly #asker: Owner;
  readonly #amount: number;
  /** By what each has, negative: the heaviest first. */
  readonly #gone = new KeyedHeap<Owner>();
  readonly #connected = new KeyedHeap<Owner>();
  /** What those in `#gone` have together. */
  #left = 0;

  /**
   * O(owners).
   *
   * @param amount what the asker would have in addition to what it has already
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
   * Who makes room now. Between two calls nothing may be taken or given but what is given of the owner that was returned last: O(log n).
   *
   * @returns undefined if no owner does
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

  /** The owner that was returned last has nothing that can make room. */
  skip(): void {
    const heap = this.#gone.size > 0 ? this.#gone : this.#connected;
    const owner = heap.pop();
    if (owner !== undefined && heap === this.#gone) this.#left -= this.#quota.usedBy(owner);
  }

  /** Puts the first owner where it belongs now. @returns what it has less than it had */
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
