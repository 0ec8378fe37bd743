/** The place of an item in a {@link DueQueue}: what moves it or takes it out. Only the queue writes to it. */
export interface DueEntry<T> {
  readonly item: T;
  readonly dueMicros: number;
}

/** Mutable form of {@link DueEntry}; never leaves this file as such. */
interface Entry<T> extends DueEntry<T> {
  dueMicros: number;
  /** Orders what is due at the same time: first in, first out. */
  readonly serial: number;
  /** Index in the heap; -1 once it is out. */
  place: number;
}

/**
 * Items by the time they are due: a binary heap, so that a hundred thousand cost no sweep and no timers of their own. An item that is
 * moved or removed leaves nothing behind: the heap is as large as what is due, whatever a peer does with it.
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

  /** When the first item is due; Infinity when there is none. */
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

  /** Changes when an item is due. O(log n); does nothing once it is out. */
  move(moved: DueEntry<T>, dueMicros: number): void {
    const entry = moved as Entry<T>; // push() makes no other
    if (entry.place < 0) return;
    entry.dueMicros = dueMicros;
    this.#rise(entry);
    this.#sink(entry);
  }

  /** Takes an item out. O(log n); does nothing once it is out. */
  remove(removed: DueEntry<T>): void {
    const entry = removed as Entry<T>; // push() makes no other
    const { place } = entry;
    if (place < 0) return;
    entry.place = -1;
    const last = this.#heap.pop()!; // at least this entry is there
    if (last === entry) return;
    this.#put(last, place);
    this.#rise(last);
    this.#sink(last);
  }

  /** Takes the first item out if its time has come. */
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
