/** Handle of an item in a {@link DueQueue}, to move or remove it. Only the queue writes to it. */
export interface DueEntry<T> {
  readonly item: T;
  readonly dueMicros: number;
}

/** Mutable form of {@link DueEntry}, internal to this file. */
interface Entry<T> extends DueEntry<T> {
  dueMicros: number;
  /** Orders items with the same due time: first in, first out. */
  readonly serial: number;
  /** Index in the heap; -1 after removal. */
  place: number;
}

/**
 * Items by due time in a binary heap: a hundred thousand items need no sweep and no own timers. A moved or removed item
 * leaves no entry, so peers cannot grow the heap beyond its items.
 */
export class DueQueue<T> {
  readonly #heap: Entry<T>[] = [];
  #serial = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** The item that is due first. */
  get first(): T | undefined {
    return this.#heap[0]?.item;
  }

  /** When the first item is due; Infinity if the queue is empty. */
  get dueMicros(): number {
    return this.#heap[0]?.dueMicros ?? Infinity;
  }

  /** Adds an item. O(log n). */
  push(item: T, dueMicros: number): DueEntry<T> {
    const entry: Entry<T> = { item, dueMicros, serial: this.#serial++, place: this.#heap.length };
    this.#heap.push(entry);
    this.#rise(entry);
    return entry;
  }

  /** Changes when an item is due. O(log n); does nothing after removal. */
  move(moved: DueEntry<T>, dueMicros: number): void {
    const entry = moved as Entry<T>; // push() creates all handles
    if (entry.place < 0) return;
    entry.dueMicros = dueMicros;
    this.#rise(entry);
    this.#sink(entry);
  }

  /** Removes an item. O(log n); does nothing after removal. */
  remove(removed: DueEntry<T>): void {
    const entry = removed as Entry<T>; // push() creates all handles
    const { place } = entry;
    if (place < 0) return;
    entry.place = -1;
    const last = this.#heap.pop()!; // the heap contains at least this entry
    if (last === entry) return;
    this.#put(last, place);
    this.#rise(last);
    this.#sink(last);
  }

  /** Removes and returns the first item if it is due. */
  popDue(nowMicros: number): T | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.dueMicros > nowMicros) return undefined;
    this.remove(first);
    return first.item;
  }

  #rise(entry: Entry<T>): void {
    let at = entry.place;
    while (at > 0) {
      const parent = this.#heap[(at - 1) >> 1]!;
      if (!isBefore(entry, parent)) break;
      this.#put(parent, at);
      at = (at - 1) >> 1;
    }
    this.#put(entry, at);
  }

  #sink(entry: Entry<T>): void {
    const heap = this.#heap;
    let at = entry.place;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (left === undefined) break;
      const least = right !== undefined && isBefore(right, left) ? right : left;
      if (!isBefore(least, entry)) break;
      const from = least.place;
      this.#put(least, at);
      at = from;
    }
    this.#put(entry, at);
  }

  #put(entry: Entry<T>, place: number): void {
    this.#heap[place] = entry;
    entry.place = place;
  }
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.dueMicros < b.dueMicros || (a.dueMicros === b.dueMicros && a.serial < b.serial);
}
