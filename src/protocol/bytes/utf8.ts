import { DecodeError } from '../errors.js';
import { viewOf } from './words.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }); // U+FEFF is data (wire.md 4.2)

/**
 * Decodes strict UTF-8.
 *
 * @throws DecodeError InvalidUtf8
 */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch (cause) {
    throw new DecodeError('InvalidUtf8', `the ${end - start} bytes of a string are not UTF-8`, cause);
  }
}

/** Returns the length of a string in bytes of UTF-8. */
export function utf8Length(text: string): number {
  return encoder.encode(text).length;
}

/** Returns the longest prefix of a string that has at most `maxBytes` bytes and ends with a whole character. */
export function clipUtf8(text: string, maxBytes: number): string {
  const { read } = encoder.encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}

/** The bit of each byte of a word that is 0 in ASCII. */
const NOT_ASCII = 0x8080_8080;

/**
 * Validates strict UTF-8 without building a string. Overlong forms, surrogates and values above U+10FFFF are invalid.
 */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  const words = viewOf(bytes);
  let at = start;
  while (at < end) {
    // Four ASCII characters per step; nearly all strings are ASCII.
    while (at + 4 <= end && (words.getInt32(at, true) & NOT_ASCII) === 0) at += 4;
    if (at === end) return true;
    const lead = bytes[at++]!;
    if (lead < 0x80) continue;
    let low = 0x80;
    let high = 0xbf;
    let trail: number;
    if (lead >= 0xc2 && lead <= 0xdf) {
      trail = 1;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      trail = 2;
      if (lead === 0xe0) low = 0xa0;
      else if (lead === 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      trail = 3;
      if (lead === 0xf0) low = 0x90;
      else if (lead === 0xf4) high = 0x8f;
    } else {
      return false;
    }
    if (end - at < trail) return false;
    // Only the first continuation byte has a narrowed range; the others are 80..BF.
    if (bytes[at]! < low || bytes[at]! > high) return false;
    for (let i = 1; i < trail; i++) {
      if ((bytes[at + i]! & 0xc0) !== 0x80) return false;
    }
    at += trail;
  }
  return true;
}
