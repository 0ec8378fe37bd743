import { copyBytes } from './copy.js';
import { decodeUtf8 } from './utf8.js';

interface Entry {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/**
 * Turns the bytes of an address into a string, remembering the ones seen lately. A show writes the same few thousand
 * addresses over and over: a hit costs a hash and a comparison (about 45 ns for 25 bytes) instead of a decoder call and a
 * new string (about 300 ns), and the string it gives back has its hash computed already, which makes the map look-ups
 * behind it cheaper too.
 *
 * Direct-mapped, so that it is bounded and a hostile flood of addresses can only make it useless, never large.
 */
export class TextCache {
  readonly #slots: (Entry | undefined)[];
  readonly #mask: number;

  /** @param slots a power of two */
  constructor(slots = 16_384) {
    this.#slots = new Array<Entry | undefined>(slots).fill(undefined);
    this.#mask = slots - 1;
  }

  /** @throws DecodeError InvalidUtf8 */
  decode(bytes: Uint8Array, start: number, end: number): string {
    if (end - start > MAX_CACHED_BYTES) return decodeUtf8(bytes, start, end);
    let hash = 0x811c9dc5;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    const slot = (hash ^ (hash >>> 15)) & this.#mask;
    const entry = this.#slots[slot];
    if (entry !== undefined && sameBytes(entry.bytes, bytes, start, end)) return entry.text;
    const text = decodeUtf8(bytes, start, end);
    this.#slots[slot] = { bytes: copyBytes(bytes, start, end), text };
    return text;
  }
}

/** Longer texts are rare and would make the bound of the cache a large one. */
const MAX_CACHED_BYTES = 128;

function sameBytes(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let i = 0; i < known.length; i++) {
    if (known[i] !== bytes[start + i]) return false;
  }
  return true;
}
