import { ClaspError, ErrorCode } from './errors.js';
import { MAX_ADDRESS_BYTES, MAX_SEGMENTS } from './limits.js';

declare const brand: unique symbol;

/** A concrete address that passed {@link parseAddress}: the one way to make one. */
export type Address = string & { readonly [brand]: 'Address' };

/**
 * Takes a text as an address (wire.md 9.1): it starts with `/`, has no empty segment but possibly the last, holds no
 * `*`, and is at most 1,024 bytes of UTF-8. `/` and a trailing slash are legal; nothing is normalised.
 *
 * @throws ClaspError 200 with the address
 */
export function parseAddress(text: string): Address {
  if (typeof text !== 'string') throw notText('address', text);
  const fault = text.includes('*') ? 'an address holds no "*"' : segmentsFault(text);
  if (fault !== undefined) {
    throw new ClaspError(ErrorCode.InvalidAddress, `invalid address: ${fault}`, { address: text });
  }
  return text as Address; // checked above: this is where the brand is made
}

/** Programs without types pass anything. */
export function notText(what: 'address' | 'pattern', value: unknown): ClaspError {
  const code = what === 'address' ? ErrorCode.InvalidAddress : ErrorCode.PatternError;
  return new ClaspError(code, `invalid ${what}: it is of type ${value === null ? 'null' : typeof value}, not a text`);
}

/** What is wrong with the segments of an address or pattern, or undefined. */
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
  // A segment and its slash are two characters at least: what is usual is not counted.
  const segments = text.length < 2 * MAX_SEGMENTS ? 0 : addressSegments(text).length;
  if (segments > MAX_SEGMENTS) return `it has ${segments} segments; the limit is ${MAX_SEGMENTS}`;
  return undefined;
}

/** The segments behind the leading slash; `/` has one, the empty one. */
export function addressSegments(text: string): string[] {
  return text.slice(1).split('/');
}

/** Bytes of UTF-8 a text takes; a lone surrogate counts as U+FFFD, as encoders write it. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) {
      length += 1;
    } else if (unit >= 0xd800 && unit <= 0xdbff && isLowSurrogate(text.charCodeAt(i + 1))) {
      length += 2; // a pair: two units, four bytes
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
