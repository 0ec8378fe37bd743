import type { Param } from './param.js';

/** Params in the order of their use, linked through themselves: every step is O(1) and allocates nothing. */
export class RecencyList {
  #earliest: Param | undefined;
  #latest: Param | undefined;

  /** The one not used for the longest time. */
  get earliest(): Param | undefined {
    return this.#earliest;
  }

  add(param: Param): void {
    param.earlier = this.#latest;
    param.later = undefined;
    if (this.#latest === undefined) this.#earliest = param;
    else this.#latest.later = param;
    this.#latest = param;
  }

  remove(param: Param): void {
    const { earlier, later } = param;
    if (earlier === undefined) this.#earliest = later;
    else earlier.later = later;
    if (later === undefined) this.#latest = earlier;
    else later.earlier = earlier;
    param.earlier = undefined;
    param.later = undefined;
  }

  /** It was used just now. */
  touch(param: Param): void {
    if (this.#latest === param) return;
    this.remove(param);
    this.add(param);
  }
}
