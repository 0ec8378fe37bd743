import type { Owner } from '../quotas/owner.js';
import type { Param } from './param.js';
import { ParamShare } from './param-share.js';

/** Whose params there are, and what they take. */
export class ParamShares {
  readonly #shares = new Map<Owner | undefined, ParamShare<Param>>();
  #bytes = 0;

  /** Memory that all params take, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  [Symbol.iterator](): IterableIterator<ParamShare<Param>> {
    return this.#shares.values();
  }

  of(owner: Owner | undefined): ParamShare<Param> | undefined {
    return this.#shares.get(owner);
  }

  /** A param was created. */
  add(param: Param, owner: Owner | undefined): void {
    let share = this.#shares.get(owner);
    if (share === undefined) {
      share = new ParamShare<Param>(owner);
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
  largest(asker: Owner | undefined, size: 'count' | 'bytes'): ParamShare<Param> | undefined {
    let largest = this.#shares.get(asker);
    for (const share of this.#shares.values()) {
      if (largest === undefined || share[size] > largest[size]) largest = share;
    }
    return largest;
  }

  #count(share: ParamShare<Param>, bytes: number): void {
    share.bytes += bytes;
    this.#bytes += bytes;
  }
}
