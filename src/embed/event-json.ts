import { jsonOfFloat, jsonOfMap, jsonOfValue } from '../protocol/encodings/json-value.js';
import { EncodedValue } from '../protocol/values/encoded-value.js';

/**
 * Returns the JSON form of the content of a signal: values in CLASP's JSON encoding, which supports Int, bytes and
 * maps. Undefined fields are omitted.
 */
export function jsonOfSignal(part: unknown): unknown {
  switch (typeof part) {
    case 'number':
      return jsonOfFloat(part);
    case 'bigint':
      return jsonOfValue(part);
    case 'object':
      return part === null ? null : jsonOfObject(part);
    default:
      return part;
  }
}

function jsonOfObject(part: object): unknown {
  if (part instanceof Uint8Array) return jsonOfValue(part);
  if (part instanceof EncodedValue) return jsonOfValue(part.decode());
  if (Array.isArray(part)) return part.map(jsonOfSignal);
  if (part instanceof Map)
    return jsonOfMap(new Map(Array.from(part, ([key, item]) => [String(key), jsonOfSignal(item)])));
  return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, jsonOfSignal(item)]));
}
