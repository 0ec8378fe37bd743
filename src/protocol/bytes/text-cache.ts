import { copyBytes } from './copy.js';
import { decodeUtf8 } from './utf8.js';
import { hashWords, sameWords, viewOf } from './words.js';

interface Entry {
  /** View of exactly these bytes. */
  readonly view: DataView;
  readonly text: string;
}

/**
 * Decodes the bytes of an address and caches recent results. A show writes the same few thousand addresses repeatedly.
 * A hit costs a hash and a comparison: about 15 ns for 25 bytes. A miss costs a decoder call and a new string: about
 * 300 ns. A cached string also has its hash computed, so the map look-ups that follow are cheaper.
 *
 * The cache is direct-mapped and therefore bounded. A string is cached when it is met the second time, so that a flood
 * of new addresses does not replace those of a show, and creates no entries: an event to a new address takes 1.4 µs
 * instead of 3.0 µs in all.
 */
export class TextCache {
  readonly #slots: (Entry | undefined)[];
  /** Hash of the last string of each slot that was not cached. */
  readonly #missed: Int32Array;
  readonly #mask: number;

  /** @param slots a power of two */
  constructor(slots = 16_384) {
    this.#slots = new Array<Entry | undefined>(slots).fill(undefined);
    this.#missed = new Int32Array(slots);
    this.#mask = slots - 1;
  }

  /** @throws DecodeError InvalidUtf8 */
  decode(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (length > MAX_CACHED_BYTES) return decodeUtf8(bytes, start, end);
    const view = viewOf(bytes);
    const hash = hashWords(view, start, end);
    const slot = hash & this.#mask;
    const entry = this.#slots[slot];
    if (entry?.view.byteLength === length && sameWords(view, start, end, entry.view)) return entry.text;
    const text = decodeUtf8(bytes, start, end);
    if (this.#missed[slot] !== hash) {
      this.#missed[slot] = hash;
      return text;
    }
    this.#slots[slot] = { view: new DataView(copyBytes(bytes, start, end).buffer), text };
    return text;
  }
}

/** Longer strings are rare, and would raise the memory bound of the cache. */
const MAX_CACHED_BYTES = 128;
