import type { PlainValue } from '../client/plain-value.js';
import type { Value } from '../protocol/values/value.js';

/**
 * A value as schemas and typed listeners see it: maps as plain objects, with `__proto__` a key like any other, as `JSON.parse` makes
 * it. Not every language tells 1 from 1.0, so an Int is a number as well, unless that would lose digits.
 *
 * @param exactInts leaves every Int a bigint, for schemas that ask for bigints
 */
export function plainFrom(value: Value, exactInts: boolean): PlainValue {
  if (typeof value === 'bigint') return exactInts || !isSafe(value) ? value : Number(value);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (value instanceof Map) return objectFrom(value as ReadonlyMap<string, Value>, exactInts); // the keys of a Value are texts
  return (value as readonly Value[]).map((item) => plainFrom(item, exactInts)); // nothing else is left
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
