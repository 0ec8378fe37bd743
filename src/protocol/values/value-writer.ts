import type { Writer } from '../bytes/writer.js';
import { EncodeError } from '../errors.js';
import { MAX_VALUE_DEPTH } from '../limits.js';
import { INT_MAX, INT_MIN, type Value, ValueType } from './value.js';

/** Returns the type code for writing a value: 0x05 for Ints, 0x07 for Floats, never a narrower one (wire.md 4.1). */
export function valueTypeOf(value: Value): ValueType {
  switch (typeof value) {
    case 'number':
      return ValueType.Float64;
    case 'bigint':
      return ValueType.Int64;
    case 'boolean':
      return ValueType.Bool;
    case 'string':
      return ValueType.String;
    default:
      if (value === null) return ValueType.Null;
      if (value instanceof Uint8Array) return ValueType.Bytes;
      return isArray(value) ? ValueType.Array : ValueType.Map;
  }
}

/**
 * Writes the data of a value, without its type byte. `depth` is the number of containers around it.
 *
 * @throws EncodeError if a length or count exceeds 65,535, an Int exceeds 64 bits, or nesting exceeds 64 levels
 */
export function writeValue(w: Writer, value: Value, depth = 0): void {
  switch (typeof value) {
    case 'number':
      return w.f64(value);
    case 'bigint':
      return writeInt(w, value);
    case 'boolean':
      return w.u8(value ? 1 : 0);
    case 'string':
      return w.str(value);
    default:
      if (value === null) return;
      if (value instanceof Uint8Array) {
        w.count(value.length, 'byte string');
        w.raw(value);
      } else {
        writeContainer(w, value, depth + 1);
      }
  }
}

function writeContainer(w: Writer, value: readonly Value[] | ReadonlyMap<string, Value>, depth: number): void {
  if (depth > MAX_VALUE_DEPTH)
    throw new EncodeError('NotEncodable', `values nest deeper than ${MAX_VALUE_DEPTH} levels`);
  if (isArray(value)) {
    w.count(value.length, 'array');
    for (const item of value) writeTyped(w, item, depth);
  } else {
    w.count(value.size, 'map');
    for (const [key, item] of value) {
      w.str(key);
      writeTyped(w, item, depth);
    }
  }
}

function writeTyped(w: Writer, value: Value, depth: number): void {
  w.u8(valueTypeOf(value));
  writeValue(w, value, depth);
}

function writeInt(w: Writer, value: bigint): void {
  if (value < INT_MIN || value > INT_MAX)
    throw new EncodeError('NotEncodable', `Int ${value.toString()} does not fit 64 bits`);
  const bits = BigInt.asUintN(64, value);
  w.u32(Number(bits >> 32n));
  w.u32(Number(bits & 0xffff_ffffn));
}

/** Array.isArray does not narrow a readonly array out of the union. */
function isArray(value: readonly Value[] | ReadonlyMap<string, Value>): value is readonly Value[] {
  return Array.isArray(value);
}
