// @ts-check
import { byteAt } from './byte-at.mjs';
import { Type } from './clasp-frames.mjs';
import { Walker } from './walker.mjs';

/** A WebSocket header, a frame header with timestamp, the type. */
const LONGEST_HEAD = 10 + 12 + 1;
const SHORTEST_FRAME = 5;
const BINARY_MESSAGE = 0x82;
const TIMESTAMP = 0x20;
/** Count of messages that are not CLASP: control frames, text. CLASP leaves 0xff unassigned. */
const FOREIGN = 0xff;

/** Counts CLASP frames over WebSocket by their type byte. About 7 ns per message. */
export class ClaspWalker extends Walker {
  /** Called with the opcode of each WebSocket control frame. @type {(opcode: number) => void} */
  onControl = () => {};

  constructor() {
    super(LONGEST_HEAD);
  }

  /** @override */
  get deliveries() {
    return this.countOf(Type.Set) + this.countOf(Type.Publish);
  }

  /** @override */
  get acks() {
    return this.countOf(Type.Ack);
  }

  /** @override */
  get pongs() {
    return this.countOf(Type.Pong);
  }

  /**
   * @override
   * @param {Buffer} bytes
   * @param {number} at
   * @param {number} end
   */
  count(bytes, at, end) {
    if (end - at < 2) return 0;
    let length = byteAt(bytes, at + 1);
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
    if (bytes[at] !== BINARY_MESSAGE || length < SHORTEST_FRAME) {
      this.increment(FOREIGN);
      this.onControl(byteAt(bytes, at) & 0x0f);
      return total;
    }
    const start = at + header;
    if (end - start < 2) return 0;
    const type = start + (byteAt(bytes, start + 1) & TIMESTAMP ? 12 : 4);
    if (type >= end) return 0;
    this.increment(byteAt(bytes, type));
    if (bytes[type] === Type.Set || bytes[type] === Type.Publish) {
      this.delivered(bytes, at, total, start, end);
    } else if (bytes[type] === Type.Error) {
      const text = type + 5;
      this.lastError =
        at + total <= end
          ? `${bytes.readUInt16BE(type + 1)} ${bytes.toString('utf8', text, text + bytes.readUInt16BE(type + 3))}`
          : 'cut by a read';
    }
    return total;
  }
}
