/** Items by a number, least first: a binary heap in two arrays, so that an item takes 16 bytes and no object. */
export class KeyedHeap<T> {
  readonly #keys: number[] = [];
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The item with the least key; undefined for an empty heap. */
  get first(): T | undefined {
    return this.#items[0];
  }

  /** The least key; Infinity for an empty heap. */
  get firstKey(): number {
    return this.#keys[0] ?? Infinity;
  }

  /** Adds an item. O(log n). */
  push(key: number, item: T): void {
    this.#keys.push(key);
    this.#items.push(item);
    let at = this.#items.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#keys[parent]! <= key) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** Removes and returns the first item. O(log n). */
  pop(): T | undefined {
    const [first] = this.#items;
    const key = this.#keys.pop();
    const item = this.#items.pop();
    if (key === undefined || item === undefined) return undefined;
    if (this.#items.length === 0) return item;
    this.#keys[0] = key;
    this.#items[0] = item;
    this.#sink();
    return first;
  }

  /** Changes the key of the first item. O(log n). */
  rekeyFirst(key: number): void {
    if (this.#items.length === 0) return;
    this.#keys[0] = key;
    this.#sink();
  }

  #sink(): void {
    const keys = this.#keys;
    let at = 0;
    for (;;) {
      let least = 2 * at + 1;
      if (least >= keys.length) return;
      if (least + 1 < keys.length && keys[least + 1]! < keys[least]!) least++;
      if (keys[at]! <= keys[least]!) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(one: number, other: number): void {
    const key = this.#keys[one]!;
    this.#keys[one] = this.#keys[other]!;
    this.#keys[other] = key;
    const item = this.#items[one]!;
    this.#items[one] = this.#items[other]!;
    this.#items[other] = item;
  }
}
