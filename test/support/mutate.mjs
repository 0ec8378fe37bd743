// @ts-check
// Plain JavaScript, because the fuzzer runs it without a compiler.
import { byteAt } from '../../bench/wire/byte-at.mjs';
import { elementAt } from '../../bench/element-at.mjs';

/** @typedef {(bytes: Uint8Array, random: Random, corpus: readonly Uint8Array[]) => Uint8Array} Mutation */

/** Mulberry32: small, fast, and the same sequence for the same seed on every machine. */
export class Random {
  #state;

  /** @param {number} seed 0..2^32-1 */
  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** An integer in 0..limit-1; 0 when the limit is 0. @param {number} limit */
  below(limit) {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000) * limit);
  }

  /**
   * @template T
   * @param {readonly T[]} items one or more
   * @returns {T}
   */
  pick(items) {
    return elementAt(items, this.below(items.length));
  }

  /** @param {number} length */
  bytes(length) {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}

/** Bytes that decoders branch on: markers of types, containers and lengths, sign bits, invalid UTF-8. */
const interestingBytes = [
  0x00, 0x01, 0x02, 0x07, 0x08, 0x0a, 0x0b, 0x0c, 0x20, 0x21, 0x23, 0x30, 0x53, 0x7f, 0x80, 0x8f, 0x9f, 0xa0, 0xbf,
  0xc0, 0xc1, 0xc2, 0xd9, 0xdc, 0xdf, 0xed, 0xf4, 0xf5, 0xfe, 0xff,
];
const interestingLengths = [0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xfffe, 0xffff];

/** @type {readonly Mutation[]} */
const mutations = [
  function flipBit(bytes, random) {
    const copy = bytes.slice();
    const at = random.below(copy.length);
    copy[at] = byteAt(copy, at) ^ (1 << random.below(8));
    return copy;
  },
  function setByte(bytes, random) {
    const copy = bytes.slice();
    copy[random.below(copy.length)] = random.pick(interestingBytes);
    return copy;
  },
  function setLength(bytes, random) {
    const copy = bytes.slice();
    const at = random.below(copy.length - 1);
    const length = random.pick(interestingLengths);
    copy[at] = length >>> 8;
    copy[at + 1] = length;
    return copy;
  },
  function cut(bytes, random) {
    return bytes.slice(0, random.below(bytes.length));
  },
  function insert(bytes, random) {
    const at = random.below(bytes.length + 1);
    return joined(bytes.subarray(0, at), random.bytes(1 + random.below(8)), bytes.subarray(at));
  },
  function remove(bytes, random) {
    const at = random.below(bytes.length);
    return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(8)));
  },
  function repeat(bytes, random) {
    const at = random.below(bytes.length);
    const piece = bytes.subarray(at, at + 1 + random.below(16));
    const times = Array.from({ length: 1 + random.below(40) }, () => piece);
    return joined(bytes.subarray(0, at), ...times, bytes.subarray(at));
  },
  function splice(bytes, random, corpus) {
    const other = random.pick(corpus);
    const at = random.below(bytes.length);
    return joined(bytes.subarray(0, at), other.subarray(random.below(other.length)));
  },
];

/**
 * Returns a frame with one to six mutations. Three of four get a header with the correct length again, so that
 * mutations reach the decoders behind it.
 *
 * @param {Uint8Array} frame
 * @param {readonly Uint8Array[]} corpus
 * @param {Random} random
 */
export function mutatedFrame(frame, corpus, random) {
  let bytes = frame;
  for (let times = 1 + random.below(6); times > 0 && bytes.length > 0; times--) {
    bytes = random.pick(mutations)(bytes, random, corpus);
  }
  return random.below(4) === 0 ? bytes : withSoundHeader(bytes);
}

/**
 * Returns a frame with a valid header around any payload: `flags`, then the length.
 *
 * @param {Uint8Array} payload
 * @param {number} [flags]
 */
export function framed(payload, flags = 0x01) {
  const length = Math.min(payload.length, 0xffff);
  return joined(Uint8Array.of(0x53, flags, length >>> 8, length & 0xff), payload.subarray(0, length));
}

/** @param {Uint8Array} bytes */
function withSoundHeader(bytes) {
  if (bytes.length < 5) return bytes;
  const copy = bytes.slice();
  const flags = byteAt(copy, 1) & ~0x18; // encrypted and compressed frames are refused before decoding
  const header = flags & 0x20 ? 12 : 4;
  const length = Math.min(Math.max(copy.length - header, 0), 0xffff);
  copy.set([0x53, flags, length >>> 8, length & 0xff]);
  return copy;
}

/** @param {readonly Uint8Array[]} parts */
export function joined(...parts) {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
