/**
 * A bounded cache. When its newer half is full, it becomes the older half, and the previous older half is dropped.
 * Entries that are used repeatedly survive a flood of entries that are used once.
 */
export class RecentMap<V> {
  readonly #half: number;
  #newer = new Map<string, V>();
  #older = new Map<string, V>();

  /** @param limit maximum number of entries, an even number */
  constructor(limit: number) {
    this.#half = limit / 2;
  }

  get size(): number {
    return this.#newer.size + this.#older.size;
  }

  get(key: string): V | undefined {
    const value = this.#newer.get(key);
    if (value !== undefined) return value;
    const older = this.#older.get(key);
    if (older !== undefined) {
      this.#older.delete(key);
      this.set(key, older);
    }
    return older;
  }

  set(key: string, value: V): void {
    if (this.#newer.size >= this.#half) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(key, value);
  }
}
