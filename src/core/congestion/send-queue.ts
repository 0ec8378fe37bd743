import { judgeQueue, type QueueLimits, type QueueState, type Retention } from './policy.js';

/** Approximate overhead of a queued message in bytes. */
export const QUEUED_MESSAGE_BYTES = 250;

/**
 * Shared initial collections. Most sessions never become congested, and two empty collections take a third of a
 * kilobyte.
 */
const noEntries = new Map<string | number, Uint8Array>();
const noKeys = new Set<number>();

/**
 * Messages of a congested session, in order of arrival. A message that replaces an older one
 * goes to the end of the queue: the last value of a param always arrives, and never before an event published ahead of
 * it. The policy decides what is dropped at a limit.
 */
export class SendQueue implements QueueState {
  readonly #limits: QueueLimits;
  /** Keyed by address for messages that a newer one replaces, by serial number for the rest; a Map keeps the order. */
  #entries: Map<string | number, Uint8Array> = noEntries;
  /** Keys of droppable messages, oldest first. */
  #droppable: Set<number> = noKeys;
  #sequence = 0;
  #bytes = 0;
  #reservedBytes = 0;
  #conflated = 0;
  #dropped = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get limits(): QueueLimits {
    return this.#limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Approximate memory in bytes. */
  get heldBytes(): number {
    return this.#bytes + this.#reservedBytes + this.#entries.size * QUEUED_MESSAGE_BYTES;
  }

  get messages(): number {
    return this.#entries.size;
  }

  /** Messages that can be dropped. */
  get droppable(): number {
    return this.#droppable.size;
  }

  /** Bytes that wait elsewhere for the session. */
  get reservedBytes(): number {
    return this.#reservedBytes;
  }

  /** Whether neither messages nor reserved bytes are left. */
  get isEmpty(): boolean {
    return this.#entries.size === 0 && this.#reservedBytes === 0;
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
   * Queues a message.
   *
   * @param message in memory of its own, which the queues of several sessions can share. It must not change anymore
   * @param address of the message; used only for the retention `latest`
   * @returns false if the session must be closed: the queue exceeds a limit and has nothing left to drop
   */
  push(message: Uint8Array, retention: Retention, address: string): boolean {
    if (this.#entries === noEntries) {
      this.#entries = new Map();
      this.#droppable = new Set();
    }
    if (retention === 'latest') {
      const older = this.#entries.get(address);
      if (older !== undefined) {
        this.#entries.delete(address);
        this.#bytes -= older.length;
        this.#conflated++;
      }
    }
    const key = retention === 'latest' ? address : this.#sequence++;
    this.#entries.set(key, message);
    this.#bytes += message.length;
    if (retention === 'droppable' && typeof key === 'number') this.#droppable.add(key);
    return this.#fit();
  }

  /**
   * Counts bytes that wait elsewhere for the session.
   *
   * @returns false if the queue exceeds a limit and has nothing left to drop: the session must be closed
   */
  reserve(bytes: number): boolean {
    this.#reservedBytes += bytes;
    return this.#fit();
  }

  /** Releases reserved bytes. */
  release(bytes: number): void {
    this.#reservedBytes = Math.max(0, this.#reservedBytes - bytes); // the queue may have been cleared
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
    this.#reservedBytes = 0;
  }

  /** Drops messages until the queue fits its limits. @returns false if it has nothing left to drop */
  #fit(): boolean {
    for (;;) {
      const verdict = judgeQueue(this, this.#limits);
      if (verdict !== 'dropOldest') return verdict === 'fits';
      this.dropOldest();
    }
  }
}
