import { EncodedValue } from '../../src/protocol/values/encoded-value.js';

/**
 * Converts a message, frame or value to plain data that `toEqual` compares exactly: encoded values are decoded, absent
 * and undefined fields are equal, and a map keeps the order of its entries, which jest ignores in maps.
 */
export function comparable(thing: unknown): unknown {
  if (thing instanceof EncodedValue) return { value: comparable(thing.decode()) };
  if (thing instanceof Map)
    return { map: [...thing].map(([key, item]: [unknown, unknown]) => [key, comparable(item)]) };
  if (thing instanceof Uint8Array) return { bytes: [...thing] };
  if (Array.isArray(thing)) return thing.map(comparable);
  if (typeof thing === 'object' && thing !== null) {
    const fields = Object.entries(thing).filter(([, field]) => field !== undefined);
    return Object.fromEntries(fields.map(([name, field]) => [name, comparable(field)]));
  }
  return thing;
}
