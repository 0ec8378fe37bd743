export interface BoundedMapLimits {
  /** Maximum number of entries. @default Infinity */
  readonly maxEntries?: number | undefined;
  /** Maximum characters of all keys together. @default Infinity */
  readonly maxCharacters?: number | undefined;
}

/**
 * A map with a limit: it drops its oldest entries. It tracks the oldest one, because a search from the front would pass
 * the gaps of all deleted entries: with 65,536 entries, one deleted and one added, it takes 15 µs, against 0.4 µs with
 * a kept iterator.
 */
export class BoundedMap<V> {
  readonly #entries = new Map<string, V>();
  readonly #maxEntries: number;
  readonly #maxCharacters: number;
  #characters = 0;
  /** Positioned after the last entry that was deleted from the front. No entries remain before it. */
  #place: IterableIterator<string> | undefined;

  constructor({ maxEntries = Infinity, maxCharacters = Infinity }: BoundedMapLimits) {
    this.#maxEntries = maxEntries;
    this.#maxCharacters = maxCharacters;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  /** Sets an entry. An existing one keeps its age, as in a Map. */
  set(key: string, value: V): void {
    const { size } = this.#entries;
    this.#entries.set(key, value);
    if (this.#entries.size === size) return;
    this.#characters += key.length;
    while (this.#entries.size > this.#maxEntries || this.#characters > this.#maxCharacters) this.deleteOldest();
  }

  /** Sets an entry and makes it the newest one, even if it existed. */
  setNewest(key: string, value: V): void {
    this.delete(key);
    this.set(key, value);
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
