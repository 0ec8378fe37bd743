// @ts-check
import { byteAt } from './byte-at.mjs';

const TIMESTAMP = 0x20;
const BINARY_MESSAGE = 0x82;
const SHORTEST_FRAME = 5;

/**
 * Passes on every complete message of a server, wherever reads split it, for cases that check values and times. About
 * ten times slower than the walker, which only counts.
 */
export class ClaspReader {
  /** The incomplete message of the last read. @type {Buffer | undefined} */
  #held;
  #onMessage;

  /**
   * @param {(bytes: Buffer, start: number, end: number) => void} onMessage from the type byte; valid only during the
   * call
   */
  constructor(onMessage) {
    this.#onMessage = onMessage;
  }

  /**
   * @param {Buffer} read
   * @param {number} readEnd
   */
  read(read, readEnd) {
    const bytes = this.#held === undefined ? read : Buffer.concat([this.#held, read.subarray(0, readEnd)]);
    const end = this.#held === undefined ? readEnd : bytes.length;
    this.#held = undefined;
    let at = 0;
    while (at < end) {
      const next = at + this.#take(bytes, at, end);
      if (next === at) {
        this.#held = Buffer.from(bytes.subarray(at, end));
        return;
      }
      at = next;
    }
  }

  /**
   * @param {Buffer} bytes
   * @param {number} at
   * @param {number} end
   * @returns {number} number of bytes of the message; 0 if it is not complete
   */
  #take(bytes, at, end) {
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
    const start = at + header;
    if (start + length > end) return 0;
    // Anything else is left to the walker, which gets the same bytes.
    if (bytes[at] === BINARY_MESSAGE && length >= SHORTEST_FRAME) {
      this.#onMessage(bytes, start + (byteAt(bytes, start + 1) & TIMESTAMP ? 12 : 4), start + length);
    }
    return header + length;
  }
}

/**
 * Passes everything that a peer receives from now on to a reader, in addition to the walker.
 *
 * @param {import('./clasp.mjs').Peer} peer
 * @param {(bytes: Buffer, start: number, end: number) => void} onMessage
 */
export function readMessages({ connection, walker }, onMessage) {
  if (!walker.isBetweenMessages) throw new Error('a message is on its way already: whoever reads now reads its middle');
  const reader = new ClaspReader(onMessage);
  connection.onBytes = (bytes, end) => {
    walker.walk(bytes, end);
    reader.read(bytes, end);
  };
}

/**
 * Returns the number at the end of an address. @param {Buffer} bytes @param {number} start where the SET or PUBLISH
 * begins
 */
export function numberInAddress(bytes, start) {
  const end = addressEnd(bytes, start);
  let number = 0;
  let unit = 1;
  for (let i = end - 1; ; i--, unit *= 10) {
    const digit = byteAt(bytes, i) - 0x30; // the first slash of an address ends the loop
    if (!(digit >= 0 && digit <= 9)) break;
    number += digit * unit;
  }
  return number;
}

/** Returns the f64 of a SET. @param {Buffer} bytes @param {number} start */
export function setValue(bytes, start) {
  return bytes.readDoubleBE(addressEnd(bytes, start));
}

/** Returns the f64 of a PUBLISH with one value. @param {Buffer} bytes @param {number} start */
export function publishValue(bytes, start) {
  return bytes.readDoubleBE(addressEnd(bytes, start) + 2);
}

/** Returns phase and id of a gesture PUBLISH with one f64. @param {Buffer} bytes @param {number} start */
export function gestureOf(bytes, start) {
  const flags = byteAt(bytes, start + 1);
  const afterValue = addressEnd(bytes, start) + 2 + 8;
  return { phase: flags & 0x07, id: bytes.readUInt32BE(afterValue + (flags & 0x10 ? 8 : 0)) };
}

/** Returns the three times of an answered SYNC. @param {Buffer} bytes @param {number} start */
export function syncTimes(bytes, start) {
  const time = (/** @type {number} */ i) => Number(bytes.readBigUInt64BE(start + 2 + 8 * i));
  return { t1: time(0), t2: time(1), t3: time(2) };
}

/** Returns the first param of a SNAPSHOT that is an Int. @param {Buffer} bytes @param {number} start */
export function snapshotInt(bytes, start) {
  const value = start + 5 + bytes.readUInt16BE(start + 3) + 1;
  return Number(bytes.readBigInt64BE(value));
}

/**
 * @param {Buffer} bytes
 * @param {number} start
 */
function addressEnd(bytes, start) {
  return start + 4 + bytes.readUInt16BE(start + 2);
}
