import { isUtf8 } from '../../protocol/bytes/utf8.js';
import { DecodeError } from '../../protocol/errors.js';
import { ValueType } from '../../protocol/values/value.js';
import { walkValue } from '../../protocol/values/value-walker.js';

/**
 * Returns whether `bytes[start, end)` is exactly one canonical value. Values that must be widened or written again
 * return false, as invalid ones do: narrow numbers, a bool of 2, and maps with a repeated key.
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
    case ValueType.Array:
    case ValueType.Map:
      return isWholeWalk(type, bytes, start, end);
    default:
      return false;
  }
}

/** Whether the length before the data is that of the data. */
function isSized(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start >= 2 && end - start - 2 === ((bytes[start]! << 8) | bytes[start + 1]!);
}

function isWholeWalk(type: number, bytes: Uint8Array, start: number, end: number): boolean {
  try {
    const walk = walkValue(type, bytes, start, end);
    return walk.canonical && walk.end === end;
  } catch (error) {
    if (error instanceof DecodeError) return false; // the decoder throws it again and reports it
    throw error;
  }
}
