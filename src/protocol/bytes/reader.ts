import { DecodeError } from '../errors.js';
import { type U64, u64FromHalves } from '../u64.js';
import { readFloat64 } from './float64.js';
import { TextCache } from './text-cache.js';
import { decodeUtf8 } from './utf8.js';

/**
 * Reads the primitives of wire.md 4 out of one payload, never past its end. Reusable: one reader serves a connection's
 * whole life through {@link reset}.
 */
export class Reader {
  bytes: Uint8Array;
  at: number;
  end: number;
  readonly #texts: TextCache;

  constructor(bytes: Uint8Array = empty, start = 0, end: number = bytes.length, texts: TextCache = sharedTexts) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.#texts = texts;
  }

  reset(bytes: Uint8Array, start: number, end: number): this {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    return this;
  }

  get left(): number {
    return this.end - this.at;
  }

  u8(): number {
    if (this.at >= this.end) throw truncated(1, 0);
    return this.bytes[this.at++]!;
  }

  u16(): number {
    this.#need(2);
    const { bytes, at } = this;
    this.at = at + 2;
    return (bytes[at]! << 8) | bytes[at + 1]!;
  }

  u32(): number {
    this.#need(4);
    const { bytes, at } = this;
    this.at = at + 4;
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  }

  u64(): U64 {
    this.#need(8);
    const high = this.u32();
    return u64FromHalves(high, this.u32());
  }

  f64(): number {
    this.#need(8);
    const value = readFloat64(this.bytes, this.at);
    this.at += 8;
    return value;
  }

  /** A u16 length and that many bytes of UTF-8. */
  str(): string {
    const start = this.#lengthPrefixed();
    return start === this.at ? '' : decodeUtf8(this.bytes, start, this.at);
  }

  /** The same for a text that comes again and again: an address or a pattern. */
  address(): string {
    const start = this.#lengthPrefixed();
    return start === this.at ? '' : this.#texts.decode(this.bytes, start, this.at);
  }

  /** A u16 count of elements that take at least `smallest` bytes each: checked before anything is allocated (14). */
  count(smallest: number): number {
    const count = this.u16();
    this.checkCount(count, smallest);
    return count;
  }

  /**
   * Refuses a count of elements that cannot all be there. Each begins with a length; of the last one no more is asked
   * here, because reading it says better what it lacks.
   */
  checkCount(count: number, smallest: number): void {
    if (count > 0 && (count - 1) * smallest + LENGTH_BYTES > this.left) {
      throw new DecodeError(
        'CountOverrun',
        `${count} elements of at least ${smallest} bytes are claimed; ${this.left} bytes are left`,
      );
    }
  }

  #lengthPrefixed(): number {
    const length = this.u16();
    if (length > this.left) {
      throw new DecodeError('LengthOverrun', `a string of ${length} bytes is claimed; ${this.left} bytes are left`);
    }
    const start = this.at;
    this.at += length;
    return start;
  }

  #need(length: number): void {
    if (this.end - this.at < length) throw truncated(length, this.end - this.at);
  }
}

/** A u16. */
const LENGTH_BYTES = 2;

const empty = new Uint8Array(0);
const sharedTexts = new TextCache();

export function truncated(wanted: number, left: number): DecodeError {
  return new DecodeError('TruncatedPayload', `the payload ends early: ${wanted} bytes are needed, ${left} are left`);
}
