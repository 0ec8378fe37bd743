import { RankedCounts } from './ranked-counts.js';

export interface FairQueueLimits {
  /** Maximum waiting items, at least 1. */
  readonly maxItems: number;
  /** Maximum waiting items per key, at least 1. */
  readonly maxItemsPerKey: number;
}

export interface Waiting<T> {
  readonly item: T;
  readonly key: string;
  /** Start of the wait. */
  readonly sinceMs: number;
}

/** An item that did not fit, and the reason. */
export interface Rejected<T> {
  readonly waiting: Waiting<T>;
  readonly text: string;
}

/**
 * Bounded queue in which keys take turns: each key has its own order, and a key with one item does not wait for all
 * items of another. If the queue is full, the key with the most items loses its newest one.
 */
export class FairQueue<T> {
  readonly #limits: FairQueueLimits;
  /** Items by key, longest waiting first. The key whose turn is next comes first. */
  readonly #lines = new Map<string, Waiting<T>[]>();
  readonly #items = new Map<T, Waiting<T>>();
  readonly #counts = new RankedCounts();

  constructor(limits: FairQueueLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#items.size;
  }

  has(item: T): boolean {
    return this.#items.has(item);
  }

  /** Whether an item of this key waits. */
  hasKey(key: string): boolean {
    return this.#lines.has(key);
  }

  /**
   * Adds an item, which must not be queued yet. @returns the item that does not fit: this one or the newest of another
   * key
   */
  push(item: T, key: string, nowMs: number): Rejected<T> | undefined {
    const waiting = { item, key, sinceMs: nowMs };
    const { maxItems, maxItemsPerKey } = this.#limits;
    const own = this.#counts.of(key);
    if (own >= maxItemsPerKey) return { waiting, text: `${own} connections of its address wait already` };
    let rejected: Rejected<T> | undefined;
    if (this.size >= maxItems) {
      const text = `${this.size} connections wait already`;
      const largest = this.#counts.largest!; // the queue is not empty
      if (this.#counts.of(largest) <= own + 1) return { waiting, text };
      const newest = this.#lines.get(largest)!.at(-1)!; // a key has an entry while it has items
      this.remove(newest.item);
      rejected = { waiting: newest, text };
    }
    const line = this.#lines.get(key);
    if (line === undefined) this.#lines.set(key, [waiting]);
    else line.push(waiting);
    this.#items.set(item, waiting);
    this.#counts.add(key);
    return rejected;
  }

  /** Returns a copy of the first item of each key, in the order of their turns. */
  heads(): readonly Waiting<T>[] {
    return Array.from(this.#lines.values(), ([first]) => first!); // a key has an entry while it has items
  }

  /** Removes an item whose key has its turn; the key moves behind the others. @returns the next item of the key */
  take({ item, key }: Waiting<T>): Waiting<T> | undefined {
    this.remove(item);
    const line = this.#lines.get(key);
    if (line === undefined) return undefined;
    this.#lines.delete(key);
    this.#lines.set(key, line);
    return line[0];
  }

  /** Removes an item. @returns whether it waited */
  remove(item: T): boolean {
    const waiting = this.#items.get(item);
    if (waiting === undefined) return false;
    this.#items.delete(item);
    this.#counts.remove(waiting.key);
    const line = this.#lines.get(waiting.key)!; // a key has an entry while it has items
    if (line.length === 1) this.#lines.delete(waiting.key);
    else if (line[0] === waiting) line.shift();
    else line.splice(line.lastIndexOf(waiting), 1);
    return true;
  }

  /** Removes all items. */
  clear(): readonly T[] {
    const items = [...this.#items.keys()];
    for (const item of items) this.remove(item);
    return items;
  }
}
