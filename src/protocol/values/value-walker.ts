import { DecodeError } from '../errors.js';
import { MAX_VALUE_DEPTH } from '../limits.js';
import { isUtf8 } from '../bytes/utf8.js';
import { truncated } from '../bytes/reader.js';
import { SMALLEST_ELEMENT_BYTES, SMALLEST_ENTRY_BYTES, ValueType } from './value.js';

/** The end of a walk, and whether the bytes are already canonical. */
export interface Walk {
  end: number;
  canonical: boolean;
}

/** The only result object, because a walk per message must not allocate. It is valid until the next walk. */
const walk: Walk = { end: 0, canonical: true };

/**
 * Validates the bytes of a value without building it: lengths, counts, depth, UTF-8, known types (wire.md 14). Bytes
 * are canonical unless they contain a narrow number, a bool other than 0 and 1, or a map with a repeated key.
 *
 * @param type the type code of the value, which a SET keeps in its flags and all other messages before the data
 * @throws DecodeError TruncatedPayload, LengthOverrun, CountOverrun, DepthExceeded, InvalidUtf8, UnknownValueType
 */
export function walkValue(type: number, bytes: Uint8Array, start: number, end: number): Walk {
  walk.canonical = true;
  walk.end = walkData(type, bytes, start, end, 0);
  return walk;
}

function walkData(type: number, bytes: Uint8Array, at: number, end: number, depth: number): number {
  switch (type) {
    case ValueType.Float64:
    case ValueType.Int64:
      return need(at, 8, end);
    case ValueType.Null:
      return at;
    case ValueType.Bool:
      need(at, 1, end);
      if (bytes[at]! > 1) walk.canonical = false;
      return at + 1;
    case ValueType.String: {
      const next = sized('string', bytes, at, end);
      if (!isUtf8(bytes, at + 2, next)) throw new DecodeError('InvalidUtf8', 'a string is not UTF-8');
      return next;
    }
    case ValueType.Bytes:
      return sized('byte string', bytes, at, end);
    case ValueType.Array:
      return walkArray(bytes, at, end, depth + 1);
    case ValueType.Map:
      return walkMap(bytes, at, end, depth + 1);
    case ValueType.Int8:
      walk.canonical = false;
      return need(at, 1, end);
    case ValueType.Int16:
      walk.canonical = false;
      return need(at, 2, end);
    case ValueType.Int32:
    case ValueType.Float32:
      walk.canonical = false;
      return need(at, 4, end);
    default:
      throw new DecodeError('UnknownValueType', `value type 0x${type.toString(16).padStart(2, '0')} is not assigned`);
  }
}

function walkTyped(bytes: Uint8Array, at: number, end: number, depth: number): number {
  need(at, 1, end);
  return walkData(bytes[at]!, bytes, at + 1, end, depth);
}

function walkArray(bytes: Uint8Array, start: number, end: number, depth: number): number {
  const count = counted(bytes, start, end, SMALLEST_ELEMENT_BYTES, depth);
  let at = start + 2;
  for (let i = 0; i < count; i++) at = walkTyped(bytes, at, end, depth);
  return at;
}

function walkMap(bytes: Uint8Array, start: number, end: number, depth: number): number {
  const count = counted(bytes, start, end, SMALLEST_ENTRY_BYTES, depth);
  const keys: KeySet | undefined = count > 1 ? new KeySet() : undefined;
  let at = start + 2;
  for (let i = 0; i < count; i++) {
    const next = sized('map key', bytes, at, end);
    if (!isUtf8(bytes, at + 2, next)) throw new DecodeError('InvalidUtf8', 'a map key is not UTF-8');
    if (keys?.has(bytes, at + 2, next) === true) walk.canonical = false;
    at = walkTyped(bytes, next, end, depth);
  }
  return at;
}

/** The keys of one map: compared byte by byte while they are few, and in a set of strings if there are thousands. */
class KeySet {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #texts: Set<string> | undefined;

  /** Returns whether the key was present, and adds it. */
  has(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#starts.length < 16) {
      for (let i = 0; i < this.#starts.length; i++) {
        if (sameRange(bytes, this.#starts[i]!, this.#ends[i]!, start, end)) return true;
      }
      this.#starts.push(start);
      this.#ends.push(end);
      return false;
    }
    this.#texts ??= new Set(this.#starts.map((from, i) => latin1(bytes, from, this.#ends[i]!)));
    const text = latin1(bytes, start, end);
    if (this.#texts.has(text)) return true;
    this.#texts.add(text);
    return false;
  }
}

function sameRange(bytes: Uint8Array, start: number, end: number, otherStart: number, otherEnd: number): boolean {
  if (end - start !== otherEnd - otherStart) return false;
  for (let i = 0; i < end - start; i++) if (bytes[start + i] !== bytes[otherStart + i]) return false;
  return true;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}

function counted(bytes: Uint8Array, at: number, end: number, smallest: number, depth: number): number {
  if (depth > MAX_VALUE_DEPTH) {
    throw new DecodeError('DepthExceeded', `values nest deeper than ${MAX_VALUE_DEPTH} levels`);
  }
  need(at, 2, end);
  const count = (bytes[at]! << 8) | bytes[at + 1]!;
  const left = end - at - 2;
  if (count * smallest > left) {
    throw new DecodeError(
      'CountOverrun',
      `${count} elements of at least ${smallest} bytes are claimed; ${left} bytes are left`,
    );
  }
  return count;
}

function sized(what: string, bytes: Uint8Array, at: number, end: number): number {
  need(at, 2, end);
  const length = (bytes[at]! << 8) | bytes[at + 1]!;
  const left = end - at - 2;
  if (length > left)
    throw new DecodeError('LengthOverrun', `a ${what} of ${length} bytes is claimed; ${left} bytes are left`);
  return at + 2 + length;
}

function need(at: number, length: number, end: number): number {
  if (end - at < length) throw truncated(length, end - at);
  return at + length;
}
