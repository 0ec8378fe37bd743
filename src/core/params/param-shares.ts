import type { Owner } from '../quotas/owner.js';
import type { Param } from './param.js';
import { ParamShare } from './param-share.js';

/** Owners of params, and their memory. */
export class ParamShares {
  readonly #shares = new Map<Owner | undefined, ParamShare<Param>>();
  #bytes = 0;

  /** Approximate memory of all params in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Returns all params in eviction order: those without a lock of each owner first. */
  *inOrderOfUse(): IterableIterator<Param> {
    const shares = [...this.#shares.values()];
    for (const list of [...shares.map(({ free }) => free), ...shares.map(({ locked }) => locked)]) {
      for (let param = list.earliest; param !== undefined; param = param.later) yield param;
    }
  }

  of(owner: Owner | undefined): ParamShare<Param> | undefined {
    return this.#shares.get(owner);
  }

  /** Adds a new param. */
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

  /** Makes a param without a lock the least recently used one of its owner. */
  usedFirst(param: Param): void {
    param.share?.free.remove(param);
    param.share?.free.addEarliest(param);
  }

  /** Adjusts the memory of a param by `bytes`, which can be negative. */
  resize({ share }: Param, bytes: number): void {
    if (share !== undefined) this.#count(share, bytes);
  }

  /** Removes a param. It must not be locked. */
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
   * Returns the share that makes room for a param of an owner: the largest one. Of two equal shares, the requester's.
   * O(owners).
   *
   * @returns undefined if no params exist
   */
  largest(requester: Owner | undefined, size: 'count' | 'bytes'): ParamShare<Param> | undefined {
    let largest = this.#shares.get(requester);
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
