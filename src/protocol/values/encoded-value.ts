import { copyBytes } from '../bytes/copy.js';
import { Reader } from '../bytes/reader.js';
import { Writer } from '../bytes/writer.js';
import { readValue } from './value-reader.js';
import type { Value } from './value.js';
import { walkValue } from './value-walker.js';
import { valueTypeOf, writeValue } from './value-writer.js';

/**
 * A value as its canonical bytes, checked but not built: what the router stores and forwards. Nobody pays for a map of
 * a hundred entries that only passes through. Call {@link decode} to look inside.
 *
 * The bytes belong to whoever made the handle; a handle out of a decoder is a view into the received frame, so keep a
 * {@link copy} of what must outlive it.
 */
export class EncodedValue {
  /** The value type code; narrow numbers have been widened, so it is never 0x02, 0x03, 0x04 or 0x06. */
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;

  /**
   * The address that came in front of it, and where that lies in the same bytes, its length included: whoever sends it on copies it
   * from there. A handle that is made anew, by {@link copy} or for another value, knows nothing of it.
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

  /** Bytes of the data, the type byte not counted. */
  get byteLength(): number {
    return this.end - this.start;
  }

  /** Builds the value. */
  decode(): Value {
    return readValue(this.type, new Reader(this.bytes, this.start, this.end));
  }

  /** A handle on bytes of its own. */
  copy(): EncodedValue {
    return new EncodedValue(this.type, copyBytes(this.bytes, this.start, this.end), 0, this.end - this.start);
  }

  /** Size and type code, not the value: the bytes may be a view into a frame that is gone. */
  toJSON(): object {
    return { type: this.type, byteLength: this.byteLength };
  }

  /** Whether both are the same value, byte for byte. */
  equals(other: EncodedValue): boolean {
    if (this.type !== other.type || this.byteLength !== other.byteLength) return false;
    for (let i = 0; i < this.byteLength; i++) {
      if (this.bytes[this.start + i] !== other.bytes[other.start + i]) return false;
    }
    return true;
  }
}

/** The canonical bytes of a value. @throws EncodeError */
export function encodeValue(value: Value): EncodedValue {
  const w = new Writer(16);
  writeValue(w, value);
  return new EncodedValue(valueTypeOf(value), w.bytes, 0, w.at);
}

/** The one value without any bytes. */
export const encodedNull = encodeValue(null);

/** Takes the data of a value of the given type from the reader: walked, and widened where it was narrow. */
export function readEncodedValue(type: number, r: Reader): EncodedValue {
  const start = r.at;
  const { end, canonical } = walkValue(type, r.bytes, start, r.end);
  r.at = end;
  if (canonical) return new EncodedValue(type, r.bytes, start, end);
  return encodeValue(readValue(type, new Reader(r.bytes, start, end)));
}

/** The same for a value with its type byte in front. */
export function readTypedValue(r: Reader): EncodedValue {
  return readEncodedValue(r.u8(), r);
}

/** Notes which address came in front of a value, in the same bytes if they are still the ones it was read from. */
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

/** Writes an address and a value's data right behind it. */
export function writeAddressAndData(w: Writer, address: string, value: EncodedValue): void {
  if (value.address === address && value.addressEnd === value.start) {
    w.raw(value.bytes, value.addressStart, value.end);
    return;
  }
  writeAddressOf(w, address, value);
  w.raw(value.bytes, value.start, value.end);
}

/** Writes an address, that of a value. */
export function writeAddressOf(w: Writer, address: string, value: EncodedValue): void {
  if (value.address === address) w.raw(value.bytes, value.addressStart, value.addressEnd);
  else w.str(address);
}

/** Writes type byte and data. */
export function writeTypedValue(w: Writer, value: EncodedValue): void {
  w.u8(value.type);
  w.raw(value.bytes, value.start, value.end);
}
