import { utf8Length } from '../address.js';
import { EncodeError } from '../errors.js';
import { MAX_PAYLOAD_BYTES } from '../limits.js';
import { type U64, u64High, u64Low } from '../u64.js';
import { writeFloat64 } from './float64.js';
import { copyWords, viewOf } from './words.js';

const encoder = new TextEncoder();

/** Writes the primitives of wire.md 4 to a buffer that grows as needed. */
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

  /**
   * Writes a u16 length and the string in UTF-8.
   *
   * @throws EncodeError if the string is longer than 65,535 bytes
   */
  str(text: string): void {
    const { length } = text;
    if (length > MAX_PAYLOAD_BYTES) throw tooLong('string', utf8Length(text));
    this.ensure(2 + length);
    const { bytes, at } = this;
    // Nearly all strings on the wire are ASCII. For short strings a loop is five times as fast as
    // TextEncoder.encodeInto.
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
    // Below about 200 bytes, copying words is cheaper than `set()` and the view that it needs.
    if (length < 192) copyWords(this.words, at, viewOf(source), start, end);
    else this.bytes.set(source.subarray(start, end), at);
    this.at = at + length;
  }

  /**
   * DataView of the buffer, created on first use. Most writers write one message, and a view costs more than it saves
   * there.
   */
  get words(): DataView {
    if (this.#viewed !== this.bytes) {
      this.#viewed = this.bytes;
      this.#words = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    }
    return this.#words!; // invariant: created with #viewed
  }

  count(count: number, what: string): void {
    if (count > MAX_PAYLOAD_BYTES) throw tooLong(what, count);
    this.u16(count);
  }

  /** Returns the written bytes. The writer owns them: copy bytes that must outlive the next write. */
  view(start = 0): Uint8Array {
    return this.bytes.subarray(start, this.at);
  }

  /** Ensures capacity for `length` more bytes. */
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
