import type { Owner } from '../quotas/owner.js';
import type { Param } from './param.js';
import { RecencyList } from './recency-list.js';

/** The params that one owner created. */
export class ParamShare {
  /** undefined for what a router began with. */
  readonly owner: Owner | undefined;
  /** In the order of their use. */
  readonly free = new RecencyList();
  readonly locked = new RecencyList();
  count = 0;
  bytes = 0;

  constructor(owner: Owner | undefined) {
    this.owner = owner;
  }

  /** The param that makes room for another one; a locked one goes last. */
  earliestBut(other: Param | undefined): Param | undefined {
    return firstBut(this.free.earliest, other) ?? firstBut(this.locked.earliest, other);
  }

  listOf(param: Param): RecencyList {
    return param.holder === undefined ? this.free : this.locked;
  }
}

function firstBut(earliest: Param | undefined, other: Param | undefined): Param | undefined {
  return earliest === other ? earliest?.later : earliest;
}

/** Whose params there are, and what they take. */
export class ParamShares {
  readonly #shares = new Map<Owner | undefined, ParamShare>();
  #bytes = 0;

  /** Memory that all params take, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  [Symbol.iterator](): IterableIterator<ParamShare> {
    return this.#shares.values();
  }

  of(owner: Owner | undefined): ParamShare | undefined {
    return this.#shares.get(owner);
  }

  /** A param was created. */
  add(param: Param, owner: Owner | undefined): void {
    let share = this.#shares.get(owner);
    if (share === undefined) {
      share = new ParamShare(owner);
      this.#shares.set(owner, share);
      owner?.hold(1);
    }
    param.share = share;
    share.count++;
    share.free.add(param);
    this.#count(share, param.heldBytes);
  }

  /** A param takes more than before, or less. */
  resize({ share }: Param, bytes: number): void {
    if (share !== undefined) this.#count(share, bytes);
  }

  /** A param is gone. It must not be locked. */
  remove(param: Param): void {
    const { share } = param;
    if (share === undefined) return;
    share.free.remove(param);
    share.count--;
    this.#count(share, -param.heldBytes);
    param.share = undefined;
    if (share.count > 0) return;
    this.#shares.delete(share.owner);
    share.owner?.hold(-1);
  }

  /**
   * Whose params make room for one of an owner: those of the owner that has most. Of two that have the same, the one that asks. O(owners).
   *
   * @returns undefined if there are no params
   */
  largest(asker: Owner | undefined, size: 'count' | 'bytes'): ParamShare | undefined {
    let largest = this.#shares.get(asker);
    for (const share of this.#shares.values()) {
      if (largest === undefined || share[size] > largest[size]) largest = share;
    }
    return largest;
  }

  #count(share: ParamShare, bytes: number): void {
    share.bytes += bytes;
    this.#bytes += bytes;
  }
}
