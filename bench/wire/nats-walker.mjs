// @ts-check
import { byteAt } from './byte-at.mjs';
import { Walker } from './walker.mjs';

/** INFO is one long line of JSON. */
const LONGEST_HEAD = 8_192;
const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const M = 0x4d;
const P = 0x50;
const O = 0x4f;
const PLUS = 0x2b;
const MINUS = 0x2d;
const ACK = PLUS;
const PONG = O;
const PING = P;
/** The letter `I`. */
export const INFO = 0x49;

/** Counts the messages of the NATS client protocol by their first letter. */
export class NatsWalker extends Walker {
  /** Called at each PING of the server, which requires a PONG. */
  onPing = () => {};
  /** Length and end of the line before the last payload; the next line is usually similar. */
  #lineLength = 0;
  /** Space, size, CR, LF. */
  #lineTail = Buffer.alloc(0);
  #payloadLength = 0;

  constructor() {
    super(LONGEST_HEAD);
  }

  /** @override */
  get deliveries() {
    return this.countOf(M);
  }

  /** @override */
  get acks() {
    return this.countOf(ACK);
  }

  /** @override */
  get pongs() {
    return this.countOf(PONG);
  }

  /**
   * @override
   * @param {Buffer} bytes
   * @param {number} at
   * @param {number} end
   */
  count(bytes, at, end) {
    const first = byteAt(bytes, at);
    if (first === M) return this.#countDelivery(bytes, at, end);
    const lineEnd = bytes.subarray(0, end).indexOf(LF, at);
    if (lineEnd < 0) return 0;
    if (first === P) {
      const kind = bytes[at + 1] === O ? PONG : PING;
      this.increment(kind);
      if (kind === PING) this.onPing();
    } else {
      this.increment(first);
      if (first === MINUS) this.lastError = bytes.toString('latin1', at, lineEnd).trim();
    }
    return lineEnd + 1 - at;
  }

  /**
   * MSG subject sid size CR LF payload CR LF
   *
   * @param {Buffer} bytes
   * @param {number} at
   * @param {number} end
   */
  #countDelivery(bytes, at, end) {
    if (!this.#isLikeTheLast(bytes, at, end)) {
      const lineEnd = bytes.subarray(0, end).indexOf(LF, at);
      if (lineEnd < 0) return 0;
      const space = bytes.lastIndexOf(SPACE, lineEnd);
      this.#lineLength = lineEnd + 1 - at;
      this.#lineTail = Buffer.from(bytes.subarray(space, lineEnd + 1));
      this.#payloadLength = Number(bytes.toString('latin1', space + 1, lineEnd - 1)); // before CR
    }
    const total = this.#lineLength + this.#payloadLength + 2;
    this.increment(M);
    this.delivered(bytes, at, total, at, end);
    return total;
  }

  /**
   * @param {Buffer} bytes
   * @param {number} at
   * @param {number} end
   */
  #isLikeTheLast(bytes, at, end) {
    const lineEnd = at + this.#lineLength;
    if (this.#lineLength === 0 || lineEnd > end || bytes[lineEnd - 2] !== CR) return false;
    const tail = this.#lineTail;
    for (let i = 1; i <= tail.length; i++) if (bytes[lineEnd - i] !== tail[tail.length - i]) return false;
    return true;
  }
}
