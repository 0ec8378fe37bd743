// @ts-check
import { byteAt } from './byte-at.mjs';
import { Walker } from './walker.mjs';

/** A head is all of a message but its payload: the lengths, the pattern and the address. */
const LONGEST_HEAD = 8_192;
const LF = 0x0a;
const ARRAY = 0x2a;
const BULK = 0x24;
const INTEGER = 0x3a;
const SIMPLE = 0x2b;
const ERROR = 0x2d;
/** Bytes of `*4`, CR, LF, `$8`, CR, LF: the number of items, and the length of the name of the message. */
const NAME_AT = 8;

/** Kinds of messages, as the walker numbers them. */
export const Kind = /** @type {const} */ ({ Other: 0, Delivery: 1, Subscribed: 2, Pong: 3, Published: 4, Error: 5 });

/** @type {ReadonlyMap<string, number>} */
const KINDS = new Map([
  ['message', Kind.Delivery],
  ['pmessage', Kind.Delivery],
  ['subscribe', Kind.Subscribed],
  ['psubscribe', Kind.Subscribed],
  ['pong', Kind.Pong],
]);

/** Counts the messages of Redis (RESP2): pushed arrays of a subscriber, replies of a publisher. */
export class RedisWalker extends Walker {
  /** Length of the head of the last delivery; the next one is usually similar. */
  #headLength = 0;
  /** Its first bytes, up to the name of the message. */
  #headStart = Buffer.alloc(NAME_AT);
  /** Its last bytes: CR, LF, `$`, length of the payload, CR, LF. */
  #headEnd = Buffer.alloc(0);
  #payloadLength = 0;

  constructor() {
    super(LONGEST_HEAD);
  }

  /** @override */
  get deliveries() {
    return this.countOf(Kind.Delivery);
  }

  /** Replies to PUBLISH: the number of recipients. @override */
  get acks() {
    return this.countOf(Kind.Published);
  }

  /** @override */
  get pongs() {
    return this.countOf(Kind.Pong);
  }

  /**
   * @override
   * @param {Buffer} bytes
   * @param {number} at
   * @param {number} end
   */
  count(bytes, at, end) {
    const first = byteAt(bytes, at);
    if (first === ARRAY) return this.#countArray(bytes, at, end);
    const lineEnd = bytes.subarray(0, end).indexOf(LF, at);
    if (lineEnd < 0) return 0;
    if (first === INTEGER) {
      this.increment(Kind.Published);
    } else if (first === SIMPLE) {
      this.increment(bytes.toString('latin1', at + 1, lineEnd - 1) === 'PONG' ? Kind.Pong : Kind.Other);
    } else if (first === ERROR) {
      this.increment(Kind.Error);
      this.lastError = bytes.toString('latin1', at, lineEnd).trim();
    } else {
      throw new Error(`a reply that begins with byte ${first}`);
    }
    return lineEnd + 1 - at;
  }

  /**
   * `*` count, then each item: `$` length CR LF bytes CR LF, or `:` number CR LF. The first item is the name of the
   * message, the last one of a delivery its payload.
   *
   * @param {Buffer} bytes
   * @param {number} at
   * @param {number} end
   */
  #countArray(bytes, at, end) {
    if (this.#isLikeTheLast(bytes, at, end)) return this.#countDelivery(bytes, at, end);
    const available = bytes.subarray(0, end);
    let next = available.indexOf(LF, at) + 1;
    if (next === 0) return 0;
    const items = Number(bytes.toString('latin1', at + 1, next - 2));
    let kind = /** @type {number} */ (Kind.Other);
    for (let item = 0; item < items; item++) {
      const lineEnd = available.indexOf(LF, next);
      if (lineEnd < 0) return 0;
      const line = next;
      next = lineEnd + 1;
      if (bytes[line] !== BULK) continue;
      const length = Number(bytes.toString('latin1', line + 1, lineEnd - 1));
      if (kind === Kind.Delivery && item === items - 1) {
        this.#keep(bytes, at, line - 2, next, length);
        return this.#countDelivery(bytes, at, end);
      }
      if (next + length + 2 > end) return 0;
      if (item === 0) kind = KINDS.get(bytes.toString('latin1', next, next + length)) ?? Kind.Other;
      next += length + 2;
    }
    this.increment(kind);
    return next - at;
  }

  /**
   * @param {Buffer} bytes
   * @param {number} at
   * @param {number} tail where the last bytes of the head begin
   * @param {number} payload where the payload begins
   * @param {number} length of the payload
   */
  #keep(bytes, at, tail, payload, length) {
    bytes.copy(this.#headStart, 0, at, at + NAME_AT);
    this.#headEnd = Buffer.from(bytes.subarray(tail, payload));
    this.#headLength = payload - at;
    this.#payloadLength = length;
  }

  /**
   * @param {Buffer} bytes
   * @param {number} at
   * @param {number} end
   */
  #countDelivery(bytes, at, end) {
    const total = this.#headLength + this.#payloadLength + 2;
    this.increment(Kind.Delivery);
    this.delivered(bytes, at, total, at + this.#headLength, end);
    return total;
  }

  /**
   * @param {Buffer} bytes
   * @param {number} at
   * @param {number} end
   */
  #isLikeTheLast(bytes, at, end) {
    const headEnd = at + this.#headLength;
    if (this.#headLength === 0 || headEnd > end) return false;
    for (let i = 0; i < NAME_AT; i++) if (bytes[at + i] !== this.#headStart[i]) return false;
    const tail = this.#headEnd;
    for (let i = 1; i <= tail.length; i++) if (bytes[headEnd - i] !== tail[tail.length - i]) return false;
    return true;
  }
}
