import type { PlainValue } from '../client/plain-value.js';
import type { Value } from '../protocol/values/value.js';

/**
 * Returns a value in the form for schemas and typed listeners. Maps are plain objects, where `__proto__` is an ordinary
 * key, as from `JSON.parse`. Not every language distinguishes 1 from 1.0, so an Int becomes a number unless that would
 * lose digits.
 *
 * @param exactInts keeps every Int a bigint, for schemas of bigints
 */
export function plainFrom(value: Value, exactInts: boolean): PlainValue {
  if (typeof value === 'bigint') return exactInts || !isSafe(value) ? value : Number(value);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  // Invariant: the keys of a Value are strings.
  if (value instanceof Map) return objectFrom(value as ReadonlyMap<string, Value>, exactInts);
  return (value as readonly Value[]).map((item) => plainFrom(item, exactInts)); // invariant: no other type is left
}

function objectFrom(map: ReadonlyMap<string, Value>, exactInts: boolean): PlainValue {
  const object: Record<string, PlainValue> = {};
  for (const [key, item] of map) {
    const plain = plainFrom(item, exactInts);
    if (key === '__proto__') {
      Object.defineProperty(object, key, { value: plain, enumerable: true, configurable: true, writable: true });
    } else {
      object[key] = plain;
    }
  }
  return object;
}

function isSafe(int: bigint): boolean {
  return int >= Number.MIN_SAFE_INTEGER && int <= Number.MAX_SAFE_INTEGER;
}
