import { copyBytes } from '../../protocol/bytes/copy.js';

export interface SendQueueLimits {
  readonly maxBytes: number;
  readonly maxMessages: number;
}

/** Approximate overhead of a queued message in bytes. */
export const QUEUED_MESSAGE_BYTES = 250;

/**
 * Shared initial collections. Most sessions never become congested, and two empty collections take a third of a
 * kilobyte.
 */
const noEntries = new Map<string | number, Uint8Array>();
const noKeys = new Set<number>();

/**
 * Messages of a congested session, copied out of the slabs, in order of arrival. A newer value of a param replaces the
 * older one, at the end of the queue: the last value always arrives, and never before an event published ahead of it.
 * At a limit, the queue drops stream samples and gesture moves, oldest first. All other messages are kept, up to the
 * same limits.
 */
export class SendQueue {
  readonly #limits: SendQueueLimits;
  /** Keyed by address for params, by serial number for the rest; a Map keeps the order. */
  #entries: Map<string | number, Uint8Array> = noEntries;
  /** Keys of droppable messages, oldest first. */
  #droppable: Set<number> = noKeys;
  #sequence = 0;
  #bytes = 0;
  #conflated = 0;
  #dropped = 0;

  constructor(limits: SendQueueLimits) {
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Approximate memory in bytes. */
  get heldBytes(): number {
    return this.#bytes + this.#entries.size * QUEUED_MESSAGE_BYTES;
  }

  get messages(): number {
    return this.#entries.size;
  }

  /** Param values replaced by newer ones before they were sent, since the session connected. */
  get conflated(): number {
    return this.#conflated;
  }

  /** Messages dropped since the session connected. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Queues a copy of a message.
   *
   * @param param the address of a param, of which only the latest value is needed; undefined for other messages
   * @param mayDrop whether a full queue can drop the message
   * @returns false if the queue exceeds a limit and has nothing left to drop: the session must be closed
   */
  push(bytes: Uint8Array, start: number, end: number, param: string | undefined, mayDrop = false): boolean {
    if (this.#entries === noEntries) {
      this.#entries = new Map();
      this.#droppable = new Set();
    }
    if (param !== undefined) {
      const older = this.#entries.get(param);
      if (older !== undefined) {
        this.#entries.delete(param);
        this.#bytes -= older.length;
        this.#conflated++;
      }
    }
    const key = param ?? this.#sequence++;
    this.#entries.set(key, copyBytes(bytes, start, end));
    this.#bytes += end - start;
    if (mayDrop && typeof key === 'number') this.#droppable.add(key);
    while (this.#isOver) if (this.dropOldest() === 0) return false;
    return true;
  }

  /** Drops the oldest droppable message. @returns its bytes; 0 if none exists */
  dropOldest(): number {
    for (const key of this.#droppable) {
      const length = this.#entries.get(key)?.length ?? 0;
      this.#droppable.delete(key);
      this.#entries.delete(key);
      this.#bytes -= length;
      this.#dropped++;
      return length;
    }
    return 0;
  }

  /** Takes whole messages from the front as one run of bytes: at least one, then up to `maxBytes`. */
  take(maxBytes: number): Uint8Array {
    const taken: Uint8Array[] = [];
    let length = 0;
    for (const [key, bytes] of this.#entries) {
      if (taken.length > 0 && length + bytes.length > maxBytes) break;
      taken.push(bytes);
      length += bytes.length;
      this.#entries.delete(key);
      if (typeof key === 'number') this.#droppable.delete(key);
    }
    this.#bytes -= length;
    const run = new Uint8Array(length);
    let at = 0;
    for (const bytes of taken) {
      run.set(bytes, at);
      at += bytes.length;
    }
    return run;
  }

  clear(): void {
    this.#entries.clear();
    this.#droppable.clear();
    this.#bytes = 0;
  }

  get #isOver(): boolean {
    return this.#bytes > this.#limits.maxBytes || this.#entries.size > this.#limits.maxMessages;
  }
}
