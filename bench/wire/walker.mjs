// @ts-check

/**
 * Counts the messages in what a server sends, exactly: it walks from header to header, looks at what says the kind, and
 * skips the rest, over any cut that reads make. Each protocol has its own `count`.
 */
export class Walker {
  /** Messages by kind, whatever number the protocol has for it. */
  counts = new Float64Array(256);
  /** Shortest and longest delivery, all headers included. */
  shortestDelivery = Infinity;
  longestDelivery = 0;
  /** What the last error said. @type {string | undefined} */
  lastError;
  /** Called with each delivery that one read brought whole: its place. @type {((bytes: Buffer, start: number) => void) | undefined} */
  onDelivery;

  /** Bytes of the current message that are still to come. */
  #owed = 0;
  /** The first bytes of a message whose head a read cut. */
  #head;
  #held = 0;

  /** @param {number} longestHead bytes that may be needed to tell what a message is and how long */
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

  /** Answers to what `ping()` of the same wire asks. @returns {number} */
  get pongs() {
    throw new Error('each protocol says which of its messages answer a ping');
  }

  /**
   * Counts the message that begins at `at` and says how long it is; 0, and nothing counted, while its head is not whole.
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

  /** Whether the bytes so far end where a message ends. */
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
   * Notes the length of a delivery, and hands it over if it is whole.
   *
   * @param {Buffer} bytes
   * @param {number} at where the message begins
   * @param {number} total how long it is
   * @param {number} start where what `onDelivery` is told begins
   * @param {number} end of the bytes that are there
   */
  delivered(bytes, at, total, start, end) {
    if (total < this.shortestDelivery) this.shortestDelivery = total;
    if (total > this.longestDelivery) this.longestDelivery = total;
    if (this.onDelivery !== undefined && at + total <= end) this.onDelivery(bytes, start);
  }

  /**
   * Fills the held head up from the next read, as far as needed.
   *
   * @param {Buffer} bytes
   * @param {number} end
   * @returns {number} how many bytes of the read belong to the message, as far as they are there
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
