import { DecodeError } from '../errors.js';
import { type U64, u64FromHalves } from '../u64.js';
import { readFloat64 } from './float64.js';
import { TextCache } from './text-cache.js';
import { decodeUtf8 } from './utf8.js';

/**
 * Reads the primitives of wire.md 4 from one payload and never reads past its end. Reusable: {@link reset} lets one
 * reader serve a connection for its lifetime.
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

  /** Reads a u16 length and that many bytes of UTF-8. */
  str(): string {
    const start = this.#lengthPrefixed();
    return start === this.at ? '' : decodeUtf8(this.bytes, start, this.at);
  }

  /** Like {@link str}, for strings that recur: addresses and patterns. */
  address(): string {
    const start = this.#lengthPrefixed();
    return start === this.at ? '' : this.#texts.decode(this.bytes, start, this.at);
  }

  /**
   * Reads a u16 count of elements of at least `smallest` bytes each. The count is checked before any allocation (14).
   */
  count(smallest: number): number {
    const count = this.u16();
    this.checkCount(count, smallest);
    return count;
  }

  /**
   * Rejects a count of elements that cannot fit the remaining bytes. Each element starts with a length. The last
   * element only needs that length here, because reading it gives a more precise error.
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

/** Size of a u16. */
const LENGTH_BYTES = 2;

const empty = new Uint8Array(0);
const sharedTexts = new TextCache();

export function truncated(wanted: number, left: number): DecodeError {
  return new DecodeError('TruncatedPayload', `the payload ends early: ${wanted} bytes are needed, ${left} are left`);
}
