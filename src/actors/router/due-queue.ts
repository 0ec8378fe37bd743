interface Entry<T> {
  readonly item: T;
  readonly dueMicros: number;
  /** Tells apart what is due at the same time: first come, first out. */
  readonly serial: number;
}

/** Items by the time they are due: a binary heap, so that a hundred thousand cost no sweep and no timers of their own. */
export class DueQueue<T> {
  #heap: Entry<T>[] = [];
  #serial = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** When the first item is due; Infinity when there is none. */
  get dueMicros(): number {
    return this.#heap[0]?.dueMicros ?? Infinity;
  }

  push(item: T, dueMicros: number): void {
    const heap = this.#heap;
    heap.push({ item, dueMicros, serial: this.#serial++ });
    let at = heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(heap[at]!, heap[parent]!)) return;
      swap(heap, at, parent);
      at = parent;
    }
  }

  /** Takes the first item out if its time has come. */
  popDue(nowMicros: number): T | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.dueMicros > nowMicros) return undefined;
    const last = heap.pop()!; // there is a first
    if (heap.length > 0) {
      heap[0] = last;
      this.#sink();
    }
    return first.item;
  }

  /** Drops the items that are no longer wanted. O(n): call it when most of them are not. */
  retain(isWanted: (item: T) => boolean): void {
    const wanted = this.#heap.filter(({ item }) => isWanted(item)).sort((a, b) => (isBefore(a, b) ? -1 : 1));
    this.#heap = wanted; // a sorted list is a heap
  }

  #sink(): void {
    const heap = this.#heap;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const right = left + 1;
      let least = at;
      if (left < heap.length && isBefore(heap[left]!, heap[least]!)) least = left;
      if (right < heap.length && isBefore(heap[right]!, heap[least]!)) least = right;
      if (least === at) return;
      swap(heap, at, least);
      at = least;
    }
  }
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.dueMicros < b.dueMicros || (a.dueMicros === b.dueMicros && a.serial < b.serial);
}

function swap<T>(heap: Entry<T>[], a: number, b: number): void {
  const held = heap[a]!;
  heap[a] = heap[b]!;
  heap[b] = held;
}
