import type { SnapshotEntry } from '../../protocol/messages/message.js';
import { matchPattern, type Pattern } from '../../protocol/pattern.js';
import { protocolTimeOf, type WriteTime } from './write-time.js';

/** Params that keep replaced values, and how many. */
export interface HistoryRule {
  readonly pattern: Pattern;
  /** Maximum number of values, including the current one. */
  readonly depth: number;
}

/** A replaced value. */
export interface PastValue extends Omit<SnapshotEntry, 'timestamp'> {
  readonly writtenAt: WriteTime;
}

/** Earlier values of a param. The first rule that matches an address applies; without a match, none are kept. */
export class ParamHistory {
  readonly #capacity: number;
  /** Oldest first until it is full; then a ring. */
  readonly #entries: PastValue[] = [];
  #oldest = 0;
  #heldBytes = 0;

  /** @param depth maximum number of values, including the current one; at least 2 */
  constructor(depth: number) {
    this.#capacity = depth - 1;
  }

  /** @returns undefined for an address without history */
  static for(address: string, rules: readonly HistoryRule[]): ParamHistory | undefined {
    const depth = rules.find(({ pattern }) => matchPattern(pattern, address))?.depth ?? 1;
    return depth > 1 ? new ParamHistory(depth) : undefined;
  }

  /** Approximate memory in bytes. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Stores a value, which must be a copy. */
  push(entry: PastValue): void {
    this.#heldBytes += bytesOf(entry);
    const replaced = this.#entries.length < this.#capacity ? undefined : this.#entries[this.#oldest];
    if (replaced !== undefined) this.#heldBytes -= bytesOf(replaced);
    if (this.#entries.length < this.#capacity) {
      this.#entries.push(entry);
    } else {
      this.#entries[this.#oldest] = entry;
      this.#oldest = (this.#oldest + 1) % this.#capacity;
    }
  }

  /** Returns the last `count` values as SNAPSHOT entries, oldest first. */
  last(count: number, protocolAheadMicros: number): readonly SnapshotEntry[] {
    const ordered = [...this.#entries.slice(this.#oldest), ...this.#entries.slice(0, this.#oldest)];
    return ordered.slice(Math.max(0, ordered.length - count)).map(({ writtenAt, ...entry }) => ({
      ...entry,
      timestamp: protocolTimeOf(writtenAt, protocolAheadMicros),
    }));
  }
}

function bytesOf({ value }: PastValue): number {
  return 200 + value.byteLength;
}
