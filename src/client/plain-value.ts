import { EncodeError } from '../protocol/errors.js';
import { MAX_VALUE_DEPTH } from '../protocol/limits.js';
import { EncodedValue, encodeValue } from '../protocol/values/encoded-value.js';
import type { Value } from '../protocol/values/value.js';

/**
 * A value that can be sent: any CLASP value, with plain objects for maps. A number is always a Float, a bigint always
 * an Int. Received values are {@link Value}s, whose maps are `Map`s.
 */
export type PlainValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly PlainValue[]
  | ReadonlyMap<string, PlainValue>
  | { readonly [key: string]: PlainValue | undefined };

/**
 * Returns the bytes of a value. Undefined fields of an object are omitted, as in JSON.
 *
 * @throws EncodeError for a type without a CLASP value, and for a value that is too deep (64 levels), too long or too
 * large
 */
export function encodePlain(plain: PlainValue): EncodedValue {
  return encodeValue(valueOf(plain, 0));
}

/** Like {@link encodePlain}, for a value that can be encoded already. */
export function encoded(value: PlainValue | EncodedValue): EncodedValue {
  return value instanceof EncodedValue ? value : encodePlain(value);
}

function valueOf(plain: unknown, depth: number): Value {
  switch (typeof plain) {
    case 'boolean':
    case 'number':
    case 'bigint':
    case 'string':
      return plain;
    case 'object':
      if (plain === null || plain instanceof Uint8Array) return plain;
      // A circular value would never end without this check.
      if (depth >= MAX_VALUE_DEPTH) {
        throw new EncodeError('NotEncodable', `values nest deeper than ${MAX_VALUE_DEPTH} levels`);
      }
      return containerOf(plain, depth + 1);
    default:
      throw new EncodeError('NotEncodable', `a ${typeof plain} is not a CLASP value`);
  }
}

function containerOf(plain: object, depth: number): Value {
  if (Array.isArray(plain)) return plain.map((item: unknown) => valueOf(item, depth));
  if (plain instanceof Map) return mapOf(plain, depth);
  const prototype: unknown = Object.getPrototypeOf(plain);
  // Otherwise a Date or a Float32Array would arrive as an empty or unexpected map.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new EncodeError('NotEncodable', `a ${plain.constructor.name} is not a CLASP value`);
  }
  return mapOf(Object.entries(plain), depth);
}

function mapOf(entries: Iterable<readonly [unknown, unknown]>, depth: number): ReadonlyMap<string, Value> {
  const map = new Map<string, Value>();
  for (const [key, item] of entries) {
    if (typeof key !== 'string') throw new EncodeError('NotEncodable', 'the keys of a map must be strings');
    if (item !== undefined) map.set(key, valueOf(item, depth));
  }
  return map;
}
