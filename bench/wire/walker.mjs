// @ts-check

/**
 * Counts the messages of a server exactly: it reads the header of each message for its kind, and skips the rest,
 * wherever reads split the data. Each protocol has its own `count`.
 */
export class Walker {
  /** Messages by kind, as numbered by the protocol. */
  counts = new Float64Array(256);
  /** Shortest and longest delivery, all headers included. */
  shortestDelivery = Infinity;
  longestDelivery = 0;
  /** Text of the last error. @type {string | undefined} */
  lastError;
  /**
   * Called with each delivery that was complete in one read. @type {((bytes: Buffer, start: number) => void) |
   * undefined}
   */
  onDelivery;

  /** Remaining bytes of the current message. */
  #owed = 0;
  /** The first bytes of a message whose head was split by a read. */
  #head;
  #held = 0;

  /** @param {number} longestHead maximum bytes that determine the kind and length of a message */
  constructor(longestHead) {
    this.#head = Buffer.alloc(longestHead);
  }

  /** @returns {number} */
  get deliveries() {
    throw new Error('each protocol says which of its messages are deliveries');
  }

  /** Confirmations of messages of the load. @returns {number} */
  get acks() {
    throw new Error('each protocol says which of its messages are confirmations');
  }

  /** Answers to `ping()` of the same wire module. @returns {number} */
  get pongs() {
    throw new Error('each protocol says which of its messages answer a ping');
  }

  /**
   * Counts the message that begins at `at` and returns its length; 0, without counting, if its head is not complete.
   *
   * @abstract
   * @param {Buffer} bytes
   * @param {number} at
   * @param {number} end
   * @returns {number}
   */
  count(bytes, at, end) {
    throw new Error(`no protocol says what bytes ${at} to ${end} of ${bytes.length} are`);
  }

  /** Whether the data so far ends at the end of a message. */
  get isBetweenMessages() {
    return this.#owed === 0 && this.#held === 0;
  }

  /** Returns the number of messages of a kind. @param {number} kind 0..255 */
  countOf(kind) {
    return this.counts[kind] ?? 0;
  }

  /** Counts one message. @param {number} kind 0..255 */
  increment(kind) {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }

  /**
   * @param {Buffer} bytes
   * @param {number} end
   */
  walk(bytes, end) {
    let at = 0;
    if (this.#held > 0) at = this.#completeHead(bytes, end);
    if (this.#owed > 0) {
      const step = Math.min(this.#owed, end - at);
      this.#owed -= step;
      at += step;
    }
    while (at < end) {
      const next = at + this.count(bytes, at, end);
      if (next === at) {
        if (end - at >= this.#head.length)
          throw new Error(`a message whose first ${end - at} bytes do not say what it is`);
        this.#held = bytes.copy(this.#head, 0, at, end);
        return;
      }
      if (next > end) this.#owed = next - end;
      at = next;
    }
  }

  /**
   * Records the length of a delivery, and passes it on if it is complete.
   *
   * @param {Buffer} bytes
   * @param {number} at where the message begins
   * @param {number} total its length
   * @param {number} start first byte for `onDelivery`
   * @param {number} end of the available bytes
   */
  delivered(bytes, at, total, start, end) {
    if (total < this.shortestDelivery) this.shortestDelivery = total;
    if (total > this.longestDelivery) this.longestDelivery = total;
    if (this.onDelivery !== undefined && at + total <= end) this.onDelivery(bytes, start);
  }

  /**
   * Completes the split head from the next read, as far as needed.
   *
   * @param {Buffer} bytes
   * @param {number} end
   * @returns {number} number of bytes of the read that belong to the message, as far as they are available
   */
  #completeHead(bytes, end) {
    const before = this.#held;
    const held = before + bytes.copy(this.#head, before, 0, Math.min(end, this.#head.length - before));
    const total = this.count(this.#head, 0, held);
    if (total === 0) {
      this.#held = held;
      return end;
    }
    this.#held = 0;
    const mine = total - before;
    if (mine > end) this.#owed = mine - end;
    return Math.min(mine, end);
  }
}
