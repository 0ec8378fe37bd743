import { copyBytes } from '../../protocol/bytes/copy.js';

export interface SendQueueLimits {
  readonly maxBytes: number;
  readonly maxMessages: number;
}

/** Memory that a message takes while it waits, beside its bytes, roughly. */
export const QUEUED_MESSAGE_BYTES = 250;

/** What all begin with: most sessions never fall behind, and two empty collections each are a third of a kilobyte. */
const noEntries = new Map<string | number, Uint8Array>();
const noKeys = new Set<number>();

/**
 * What waits for a congested session, copied out of the slabs, in order of arrival. A param's newer value takes the
 * place of its older one at the end of the queue: the last value always arrives, and never before an event that was
 * published ahead of it. Samples of streams and moves of gestures give way, the oldest first, when a limit is reached. Everything
 * else waits in full, up to the same limits.
 */
export class SendQueue {
  readonly #limits: SendQueueLimits;
  /** By address for params, by a running number for the rest; a Map keeps the order. */
  #entries: Map<string | number, Uint8Array> = noEntries;
  /** Keys of what may give way, oldest first. */
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

  /** Memory that it takes, roughly. */
  get heldBytes(): number {
    return this.#bytes + this.#entries.size * QUEUED_MESSAGE_BYTES;
  }

  get messages(): number {
    return this.#entries.size;
  }

  /** Params that were replaced by a newer value before they could be sent, since the router began. */
  get conflated(): number {
    return this.#conflated;
  }

  /** Messages that gave way, since the router began. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Queues a copy of a message.
   *
   * @param param the address of a param, whose latest value is enough; undefined for what passes through
   * @param mayDrop whether it gives way when there is no more room
   * @returns false when the queue is over a limit and nothing is left that gives way: the session cannot be saved
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

  /** Lets the oldest go of what may give way. @returns its bytes; 0 when there is none */
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

  /** Takes whole messages from the front, at least one and then up to `maxBytes`, as one run of bytes. */
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
