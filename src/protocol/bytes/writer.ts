import { utf8Length } from '../address.js';
import { EncodeError } from '../errors.js';
import { MAX_PAYLOAD_BYTES } from '../limits.js';
import { type U64, u64High, u64Low } from '../u64.js';
import { writeFloat64 } from './float64.js';
import { copyWords, viewOf } from './words.js';

const encoder = new TextEncoder();

/** Writes the primitives of wire.md 4 into bytes that grow as needed. */
export class Writer {
  bytes: Uint8Array;
  at = 0;
  #viewed: Uint8Array | undefined;
  #words: DataView | undefined;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
  }

  u8(value: number): void {
    this.ensure(1);
    this.bytes[this.at++] = value;
  }

  u16(value: number): void {
    this.ensure(2);
    const { bytes, at } = this;
    bytes[at] = value >>> 8;
    bytes[at + 1] = value;
    this.at = at + 2;
  }

  u32(value: number): void {
    this.ensure(4);
    const { bytes, at } = this;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    this.at = at + 4;
  }

  u64(value: U64): void {
    this.u32(u64High(value));
    this.u32(u64Low(value));
  }

  f64(value: number): void {
    this.ensure(8);
    writeFloat64(this.bytes, this.at, value);
    this.at += 8;
  }

  /** A u16 length and the text in UTF-8. @throws EncodeError when it is longer than 65,535 bytes */
  str(text: string): void {
    const { length } = text;
    if (length > MAX_PAYLOAD_BYTES) throw tooLong('string', utf8Length(text));
    this.ensure(2 + length);
    const { bytes, at } = this;
    // Nearly every text on the wire is ASCII; a loop over short text beats TextEncoder.encodeInto five times over.
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) {
        this.#longStr(text);
        return;
      }
      bytes[at + 2 + i] = unit;
    }
    bytes[at] = length >>> 8;
    bytes[at + 1] = length;
    this.at = at + 2 + length;
  }

  raw(source: Uint8Array, start = 0, end: number = source.length): void {
    const length = end - start;
    this.ensure(length);
    const { at } = this;
    // Below some 200 bytes words are cheaper than the call of set() and the view it needs.
    if (length < 192) copyWords(this.words, at, viewOf(source), start, end);
    else this.bytes.set(source.subarray(start, end), at);
    this.at = at + length;
  }

  /** The bytes by words. Made when it is first wanted: most writers write one message, and a view costs more than its words save. */
  get words(): DataView {
    if (this.#viewed !== this.bytes) {
      this.#viewed = this.bytes;
      this.#words = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    }
    return this.#words!; // made with #viewed
  }

  count(count: number, what: string): void {
    if (count > MAX_PAYLOAD_BYTES) throw tooLong(what, count);
    this.u16(count);
  }

  /** The written bytes; they stay the writer's, so copy what must outlive the next write. */
  view(start = 0): Uint8Array {
    return this.bytes.subarray(start, this.at);
  }

  /** Makes room for `length` more bytes. */
  ensure(length: number): void {
    if (this.at + length > this.bytes.length) this.grow(length);
  }

  protected grow(length: number): void {
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.at + length));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
  }

  #longStr(text: string): void {
    const length = utf8Length(text);
    if (length > MAX_PAYLOAD_BYTES) throw tooLong('string', length);
    this.u16(length);
    this.ensure(length);
    encoder.encodeInto(text, this.bytes.subarray(this.at));
    this.at += length;
  }
}

function tooLong(what: string, size: number): EncodeError {
  return new EncodeError('PayloadTooLarge', `${what} of ${size} is too large; the limit is ${MAX_PAYLOAD_BYTES}`);
}
