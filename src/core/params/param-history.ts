import type { SnapshotEntry } from '../../protocol/messages/message.js';
import { matchPattern, type Pattern } from '../../protocol/pattern.js';
import { protocolTimeOf, type WriteTime } from './write-time.js';

/** Which params keep values that were replaced, and how many. */
export interface HistoryRule {
  readonly pattern: Pattern;
  /** Values kept, the current one included. */
  readonly depth: number;
}

/** A value that was replaced. */
export interface PastValue extends Omit<SnapshotEntry, 'timestamp'> {
  readonly writtenAt: WriteTime;
}

/** The values a param had before its current one. The first rule that matches an address decides; without one nothing is kept. */
export class ParamHistory {
  readonly #capacity: number;
  /** The oldest first, until it is full; then a ring. */
  readonly #entries: PastValue[] = [];
  #oldest = 0;
  #heldBytes = 0;

  /** @param depth values kept, the current one included; at least 2 */
  constructor(depth: number) {
    this.#capacity = depth - 1;
  }

  /** @returns undefined for an address whose past nobody may ask for */
  static for(address: string, rules: readonly HistoryRule[]): ParamHistory | undefined {
    const depth = rules.find(({ pattern }) => matchPattern(pattern, address))?.depth ?? 1;
    return depth > 1 ? new ParamHistory(depth) : undefined;
  }

  /** Memory it takes, roughly. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Keeps a value, which must be its own. */
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

  /** The last `count` of them as a SNAPSHOT has them, the oldest first. */
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
