// @ts-check
import { Type } from './clasp-frames.mjs';

/** The most that may be needed to tell what a message is: a WebSocket header, a frame header with timestamp, the type. */
const LONGEST_HEAD = 10 + 12 + 1;
const SHORTEST_FRAME = 5;
const TIMESTAMP = 0x20;
/** Where messages that are not CLASP are counted: control frames, text. CLASP leaves 0xff unassigned. */
const FOREIGN = 0xff;

/**
 * Counts the messages in what a server sends, by type, exactly: it walks from WebSocket header to WebSocket header, looks
 * at the one byte that says the type, and skips the rest, over any cut that reads make. About 7 ns a message.
 */
export class ClaspWalker {
  /** Messages by type byte. */
  counts = new Float64Array(256);
  /** Shortest and longest delivery, WebSocket header included. */
  shortestDelivery = Infinity;
  longestDelivery = 0;
  /** Code and text of the last ERROR. @type {string | undefined} */
  lastError;
  /** Called with the opcode of each WebSocket control frame. @type {(opcode: number) => void} */
  onControl = () => {};
  /** Called with each delivery that one read brought whole: its frame's place. @type {((bytes: Buffer, start: number) => void) | undefined} */
  onDelivery;

  /** Bytes of the current message that are still to come. */
  #owed = 0;
  /** The first bytes of a message whose head a read cut. */
  #head = Buffer.alloc(LONGEST_HEAD);
  #held = 0;

  get deliveries() {
    return this.counts[Type.Set] + this.counts[Type.Publish];
  }

  get acks() {
    return this.counts[Type.Ack];
  }

  get pongs() {
    return this.counts[Type.Pong];
  }

  /** Whether the bytes so far end where a message ends. */
  get isBetweenMessages() {
    return this.#owed === 0 && this.#held === 0;
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
      const next = at + this.#count(bytes, at, end);
      if (next === at) {
        this.#held = bytes.copy(this.#head, 0, at, end);
        return;
      }
      if (next > end) this.#owed = next - end;
      at = next;
    }
  }

  /**
   * Counts the message that begins at `at` and says how long it is; 0, and nothing counted, while its head is not whole.
   *
   * @param {Buffer} bytes
   * @param {number} at
   * @param {number} end
   */
  #count(bytes, at, end) {
    if (end - at < 2) return 0;
    let length = bytes[at + 1];
    let header = 2;
    if (length === 126) {
      if (end - at < 4) return 0;
      length = bytes.readUInt16BE(at + 2);
      header = 4;
    } else if (length === 127) {
      if (end - at < 10) return 0;
      length = Number(bytes.readBigUInt64BE(at + 2));
      header = 10;
    }
    const total = header + length;
    if (bytes[at] !== 0x82 || length < SHORTEST_FRAME) {
      this.counts[FOREIGN]++;
      this.onControl(bytes[at] & 0x0f);
      return total;
    }
    const start = at + header;
    if (end - start < 2) return 0;
    const type = start + (bytes[start + 1] & TIMESTAMP ? 12 : 4);
    if (type >= end) return 0;
    this.counts[bytes[type]]++;
    if (bytes[type] === Type.Set || bytes[type] === Type.Publish) {
      if (total < this.shortestDelivery) this.shortestDelivery = total;
      if (total > this.longestDelivery) this.longestDelivery = total;
      if (this.onDelivery !== undefined && at + total <= end) this.onDelivery(bytes, start);
    } else if (bytes[type] === Type.Error) {
      const text = type + 5;
      this.lastError =
        at + total <= end
          ? `${bytes.readUInt16BE(type + 1)} ${bytes.toString('utf8', text, text + bytes.readUInt16BE(type + 3))}`
          : 'cut by a read';
    }
    return total;
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
    const held = before + bytes.copy(this.#head, before, 0, Math.min(end, LONGEST_HEAD - before));
    const total = this.#count(this.#head, 0, held);
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
