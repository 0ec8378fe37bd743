/**
 * A map that knows which of its entries was set longest ago. To look for it from the front each time would pass the places of
 * all that went before: 15 µs among 65,536 entries of which one goes and one comes, against 0.4 with a place that is kept.
 */
export class InsertionOrderMap<V> {
  readonly #entries = new Map<string, V>();
  #characters = 0;
  /** Stands behind the last entry that was taken out here; whatever is in front of it has gone. */
  #place: IterableIterator<string> | undefined;

  /** Characters of all keys. */
  get characters(): number {
    return this.#characters;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  /** The entry is the newest now, also where it was there before. */
  set(key: string, value: V): void {
    if (!this.#entries.delete(key)) this.#characters += key.length;
    this.#entries.set(key, value);
  }

  delete(key: string): void {
    if (this.#entries.delete(key)) this.#characters -= key.length;
  }

  /** The oldest first. */
  entries(): IterableIterator<[string, V]> {
    return this.#entries.entries();
  }

  /** The oldest first. */
  values(): IterableIterator<V> {
    return this.#entries.values();
  }

  /** Drops the oldest. @returns it */
  deleteOldest(): V | undefined {
    let oldest = (this.#place ??= this.#entries.keys()).next();
    if (oldest.done === true) {
      // It had come to the end, and an iterator that has does not go on when something is added.
      this.#place = this.#entries.keys();
      oldest = this.#place.next();
    }
    if (oldest.done === true) return undefined;
    const value = this.#entries.get(oldest.value);
    this.delete(oldest.value);
    return value;
  }
}
