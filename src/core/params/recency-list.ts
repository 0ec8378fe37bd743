/** An item of a {@link RecencyList}. Only the list writes these fields. */
export interface Linked<T> {
  earlier: T | undefined;
  later: T | undefined;
}

/** Items in order of use, linked through their own fields: every operation is O(1) and allocates nothing. */
export class RecencyList<T extends Linked<T>> {
  #earliest: T | undefined;
  #latest: T | undefined;

  /** The least recently used item. */
  get earliest(): T | undefined {
    return this.#earliest;
  }

  add(item: T): void {
    item.earlier = this.#latest;
    item.later = undefined;
    if (this.#latest === undefined) this.#earliest = item;
    else this.#latest.later = item;
    this.#latest = item;
  }

  /** Adds an item as the least recently used one. */
  addEarliest(item: T): void {
    item.earlier = undefined;
    item.later = this.#earliest;
    if (this.#earliest === undefined) this.#latest = item;
    else this.#earliest.earlier = item;
    this.#earliest = item;
  }

  remove(item: T): void {
    const { earlier, later } = item;
    if (earlier === undefined) this.#earliest = later;
    else earlier.later = later;
    if (later === undefined) this.#latest = earlier;
    else later.earlier = earlier;
    item.earlier = undefined;
    item.later = undefined;
  }

  /** Marks an item as used now. */
  touch(item: T): void {
    if (this.#latest === item) return;
    this.remove(item);
    this.add(item);
  }
}
