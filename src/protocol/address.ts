import { ClaspError, ErrorCode } from './errors.js';
import { MAX_ADDRESS_BYTES, MAX_SEGMENTS } from './limits.js';

declare const brand: unique symbol;

/** A concrete address that {@link parseAddress} accepted. Only that function creates one. */
export type Address = string & { readonly [brand]: 'Address' };

/**
 * Parses an address (wire.md 9.1). An address starts with `/`, contains no `*` and has at most 1,024 bytes of UTF-8.
 * Only its last segment can be empty: `/` and a trailing slash are legal. Nothing is normalized.
 *
 * @throws ClaspError 200 with the address
 */
export function parseAddress(text: string): Address {
  if (typeof text !== 'string') throw notText('address', text);
  const fault = text.includes('*') ? 'an address must not contain "*"' : segmentsFault(text);
  if (fault !== undefined) {
    throw new ClaspError(ErrorCode.InvalidAddress, `invalid address: ${fault}`, { address: text });
  }
  return text as Address; // invariant: checked above
}

/** Creates the error for a value that is not a string. Untyped programs can pass any value. */
export function notText(what: 'address' | 'pattern', value: unknown): ClaspError {
  const code = what === 'address' ? ErrorCode.InvalidAddress : ErrorCode.PatternError;
  return new ClaspError(code, `invalid ${what}: it is of type ${value === null ? 'null' : typeof value}, not a string`);
}

/** Returns what is wrong with the segments of an address or pattern, or undefined if they are valid. */
export function segmentsFault(text: string): string | undefined {
  if (text.length === 0) return 'it is empty';
  if (text.charCodeAt(0) !== SLASH) return 'it does not start with "/"';
  if (text.includes('//')) return 'it has an empty segment';
  if (
    text.length > MAX_ADDRESS_BYTES ||
    (text.length * 3 > MAX_ADDRESS_BYTES && utf8Length(text) > MAX_ADDRESS_BYTES)
  ) {
    return `it is ${utf8Length(text)} bytes; the limit is ${MAX_ADDRESS_BYTES}`;
  }
  // A segment and its slash take at least two characters, so usual addresses need no count.
  const segments = text.length < 2 * MAX_SEGMENTS ? 0 : addressSegments(text).length;
  if (segments > MAX_SEGMENTS) return `it has ${segments} segments; the limit is ${MAX_SEGMENTS}`;
  return undefined;
}

/** Returns the segments after the leading slash. `/` has one segment, the empty string. */
export function addressSegments(text: string): string[] {
  return text.slice(1).split('/');
}

/** Returns the length of a string in bytes of UTF-8. A lone surrogate counts as U+FFFD, which encoders write for it. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) {
      length += 1;
    } else if (unit >= 0xd800 && unit <= 0xdbff && isLowSurrogate(text.charCodeAt(i + 1))) {
      length += 2; // a surrogate pair: two code units, four bytes
      i++;
    } else {
      length += 2;
    }
  }
  return length;
}

const SLASH = 0x2f;

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
