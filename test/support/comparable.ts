import { EncodedValue } from '../../src/protocol/values/encoded-value.js';

/**
 * A message, frame or value as plain data that `toEqual` compares to the last bit: encoded values are built, absent and
 * undefined fields are the same, and a map shows the order of its entries (jest compares maps without it).
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
