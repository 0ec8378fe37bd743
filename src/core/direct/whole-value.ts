import { isUtf8 } from '../../protocol/bytes/utf8.js';
import { ValueType } from '../../protocol/values/value.js';

/**
 * Returns whether `bytes[start, end)` is exactly one canonical value that needs no walk: a number, a bool, null, a
 * string or bytes. Other values, also valid ones, return false.
 *
 * @param type the type code
 */
export function isWholeValue(type: number, bytes: Uint8Array, start: number, end: number): boolean {
  switch (type) {
    case ValueType.Float64:
    case ValueType.Int64:
      return end - start === 8;
    case ValueType.Null:
      return end === start;
    case ValueType.Bool:
      return end - start === 1 && bytes[start]! <= 1;
    case ValueType.String:
      return isSized(bytes, start, end) && isUtf8(bytes, start + 2, end);
    case ValueType.Bytes:
      return isSized(bytes, start, end);
    default:
      return false;
  }
}

/** Whether the length before the data is that of the data. */
function isSized(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start >= 2 && end - start - 2 === ((bytes[start]! << 8) | bytes[start + 1]!);
}
