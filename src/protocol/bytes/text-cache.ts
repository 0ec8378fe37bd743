import { copyBytes } from './copy.js';
import { decodeUtf8 } from './utf8.js';
import { hashWords, sameWords, viewOf } from './words.js';

interface Entry {
  /** Exactly its bytes. */
  readonly view: DataView;
  readonly text: string;
}

/**
 * Turns the bytes of an address into a string, remembering the ones seen lately. A show writes the same few thousand
 * addresses over and over: a hit costs a hash and a comparison (about 15 ns for 25 bytes) instead of a decoder call and a
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
    const length = end - start;
    if (length > MAX_CACHED_BYTES) return decodeUtf8(bytes, start, end);
    const view = viewOf(bytes);
    const slot = hashWords(view, start, end) & this.#mask;
    const entry = this.#slots[slot];
    if (entry?.view.byteLength === length && sameWords(view, start, end, entry.view)) return entry.text;
    const text = decodeUtf8(bytes, start, end);
    this.#slots[slot] = { view: new DataView(copyBytes(bytes, start, end).buffer), text };
    return text;
  }
}

/** Longer texts are rare and would make the bound of the cache a large one. */
const MAX_CACHED_BYTES = 128;
