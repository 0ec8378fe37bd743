// @ts-check
import { byteAt } from './byte-at.mjs';
import { Type } from './clasp-frames.mjs';
import { Walker } from './walker.mjs';

const TEXT_MESSAGE = 0x81;
const BINARY_MESSAGE = 0x82;
const TIMESTAMP = 0x20;
/** `{"type":"` in JSON. In CBOR a map header, `type` with its header, and the header of a short text. */
const BEFORE_TYPE = { json: 9, cbor: 1 + 5 + 1 };
/** A WebSocket header, a frame header with timestamp, and everything up to the second letter of the type. */
const LONGEST_HEAD = 10 + 12 + 9 + 2;
const FOREIGN = 0xff;

/** Two letters distinguish all types that a router sends here. */
const typeOfLetters = new Map([
  ['we', Type.Welcome],
  ['sn', Type.Snapshot],
  ['se', Type.Set],
  ['pu', Type.Publish],
  ['po', Type.Pong],
  ['ac', Type.Ack],
  ['er', Type.Error],
]);

/** Counts messages of sessions that use CBOR or JSON. It relies on `type` being first, as the router encodes it. */
export class NotationWalker extends Walker {
  /** Called with the opcode of each WebSocket control frame. @type {(opcode: number) => void} */
  onControl = () => {};
  #notation;

  /** @param {'json' | 'cbor'} notation */
  constructor(notation) {
    super(LONGEST_HEAD);
    this.#notation = notation;
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
    if (bytes[at] !== (this.#notation === 'json' ? TEXT_MESSAGE : BINARY_MESSAGE)) {
      this.increment(FOREIGN);
      this.onControl(byteAt(bytes, at) & 0x0f);
      return total;
    }
    const start = at + header;
    if (start + 2 > end) return 0;
    const payload = this.#notation === 'json' ? start : start + (byteAt(bytes, start + 1) & TIMESTAMP ? 12 : 4);
    const letters = payload + BEFORE_TYPE[this.#notation];
    if (letters + 2 > end) return 0;
    const type = typeOfLetters.get(bytes.toString('latin1', letters, letters + 2)) ?? FOREIGN;
    this.increment(type);
    if (type === Type.Set || type === Type.Publish) {
      this.delivered(bytes, at, total, start, end);
    } else if (type === Type.Error) {
      this.lastError = bytes.toString('latin1', start, Math.min(end, at + total));
    }
    return total;
  }
}
