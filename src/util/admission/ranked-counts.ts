/** Counts per key. The key with the highest count is always known, so every operation takes constant time. */
export class RankedCounts {
  readonly #counts = new Map<string, number>();
  /** Keys by count. The last set is never empty; the first one, for 0, always is. */
  readonly #ranks: Set<string>[] = [];
  #total = 0;

  get total(): number {
    return this.#total;
  }

  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  /** The key with the highest count. Of several, the one that has had it longest. Undefined if all counts are 0. */
  get largest(): string | undefined {
    const [key] = this.#ranks.at(-1) ?? [];
    return key;
  }

  add(key: string): void {
    this.#move(key, this.of(key) + 1);
    this.#total++;
  }

  /** Does nothing for a key whose count is 0. */
  remove(key: string): void {
    const count = this.of(key);
    if (count === 0) return;
    this.#move(key, count - 1);
    this.#total--;
  }

  #move(key: string, count: number): void {
    this.#ranks[this.of(key)]?.delete(key);
    if (count === 0) {
      this.#counts.delete(key);
    } else {
      this.#counts.set(key, count);
      while (this.#ranks.length <= count) this.#ranks.push(new Set());
      this.#ranks[count]!.add(key); // created above
    }
    while (this.#ranks.at(-1)?.size === 0) this.#ranks.pop();
  }
}
