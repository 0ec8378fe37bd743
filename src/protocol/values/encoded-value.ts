import { copyBytes } from '../bytes/copy.js';
import { Reader } from '../bytes/reader.js';
import { Writer } from '../bytes/writer.js';
import { readValue } from './value-reader.js';
import type { Value } from './value.js';
import { walkValue } from './value-walker.js';
import { valueTypeOf, writeValue } from './value-writer.js';

/**
 * A value as canonical bytes, validated but not built. The router stores and forwards it in this form, so a map of a
 * hundred entries that is only forwarded is never built. Call {@link decode} for the content.
 *
 * The creator of the handle owns the bytes. A handle from a decoder is a view into the received frame: keep a {@link
 * copy} of a value that must outlive the frame.
 */
export class EncodedValue {
  /** The type code of the value. Narrow numbers are already widened, so it is never 0x02, 0x03, 0x04 or 0x06. */
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;

  /**
   * The address before the value and its offset in the same bytes, length included. Forwarding copies the address from
   * there. A handle from {@link copy}, or for another value, has no address.
   */
  address: string | undefined;
  addressStart = 0;
  addressEnd = 0;

  /** @internal The bytes must be canonical: use {@link encodeValue} or {@link readEncodedValue}. */
  constructor(type: number, bytes: Uint8Array, start: number, end: number) {
    this.type = type;
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.address = undefined;
  }

  /** Bytes of the data, without the type byte. */
  get byteLength(): number {
    return this.end - this.start;
  }

  /** Builds the value. */
  decode(): Value {
    return readValue(this.type, new Reader(this.bytes, this.start, this.end));
  }

  /** Returns a handle with its own bytes. */
  copy(): EncodedValue {
    return new EncodedValue(this.type, copyBytes(this.bytes, this.start, this.end), 0, this.end - this.start);
  }

  /**
   * Returns size and type code. The value is omitted, because the bytes can be a view into a frame that is no longer
   * valid.
   */
  toJSON(): object {
    return { type: this.type, byteLength: this.byteLength };
  }

  /** Returns whether both values are equal, byte by byte. */
  equals(other: EncodedValue): boolean {
    if (this.type !== other.type || this.byteLength !== other.byteLength) return false;
    for (let i = 0; i < this.byteLength; i++) {
      if (this.bytes[this.start + i] !== other.bytes[other.start + i]) return false;
    }
    return true;
  }
}

/**
 * Returns the canonical bytes of a value.
 *
 * @throws EncodeError
 */
export function encodeValue(value: Value): EncodedValue {
  const w = new Writer(16);
  writeValue(w, value);
  return new EncodedValue(valueTypeOf(value), w.bytes, 0, w.at);
}

/** Null, the only value without data bytes. */
export const encodedNull = encodeValue(null);

/** Reads the data of a value of the given type. The data is validated, and widened if it is narrow. */
export function readEncodedValue(type: number, r: Reader): EncodedValue {
  const start = r.at;
  const { end, canonical } = walkValue(type, r.bytes, start, r.end);
  r.at = end;
  if (canonical) return new EncodedValue(type, r.bytes, start, end);
  return encodeValue(readValue(type, new Reader(r.bytes, start, end)));
}

/** Like {@link readEncodedValue}, for a value after its type byte. */
export function readTypedValue(r: Reader): EncodedValue {
  return readEncodedValue(r.u8(), r);
}

/** Records the address before a value, and its offset if the value still uses the bytes it was read from. */
export function behindAddress(
  value: EncodedValue,
  address: string,
  start: number,
  end: number,
  r: Reader,
): EncodedValue {
  if (value.bytes !== r.bytes) return value;
  value.address = address;
  value.addressStart = start;
  value.addressEnd = end;
  return value;
}

/** Writes an address, followed by the data of its value. */
export function writeAddressAndData(w: Writer, address: string, value: EncodedValue): void {
  if (value.address === address && value.addressEnd === value.start) {
    w.raw(value.bytes, value.addressStart, value.end);
    return;
  }
  writeAddressOf(w, address, value);
  w.raw(value.bytes, value.start, value.end);
}

/** Writes the address of a value. */
export function writeAddressOf(w: Writer, address: string, value: EncodedValue): void {
  if (value.address === address) w.raw(value.bytes, value.addressStart, value.addressEnd);
  else w.str(address);
}

/** Writes the type byte and the data. */
export function writeTypedValue(w: Writer, value: EncodedValue): void {
  w.u8(value.type);
  w.raw(value.bytes, value.start, value.end);
}
