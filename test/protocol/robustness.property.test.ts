import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DecodeError, EncodeError } from '../../src/protocol/errors.js';
import { decodeFrame, encodeFrame, type Frame } from '../../src/protocol/frame.js';
import { EncodedValue, encodeValue } from '../../src/protocol/values/encoded-value.js';
import { comparable } from '../support/comparable.js';
import { framed, joined, mutatedFrame, Random } from '../support/mutate.mjs';
import { vectorFrames } from '../support/vectors.js';

const corpus = vectorFrames();
const known = { type: 'set', address: '/lights/1/dim', value: encodeValue(0.5) } as const;

const arbitrarySeed = fc.integer({ min: 0, max: 0xffff_ffff });

/** Input of hostile peers: damaged vectors, and noise after a valid header. */
const hostileFrame: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...corpus), arbitrarySeed)
    .map(([frame, seed]) => mutatedFrame(frame, corpus, new Random(seed))),
  fc.uint8Array({ maxLength: 64 }),
  fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 300 }))
    .map(([first, rest]) => framed(joined(Uint8Array.of(first), rest))),
);

describe('decodeFrame, given any bytes', () => {
  it('returns a message or throws a DecodeError, and stays usable', () => {
    fc.assert(
      fc.property(hostileFrame, (bytes) => {
        decodeOrRefuse(bytes);
        expect(comparable(decodeFrame(encodeFrame(known)).message)).toEqual(comparable(known));
      }),
      { numRuns: 5_000 },
    );
  });

  it('does not change them', () => {
    fc.assert(
      fc.property(hostileFrame, (bytes) => {
        const before = bytes.slice();
        decodeOrRefuse(bytes);
        expect(bytes).toEqual(before);
      }),
      { numRuns: 500 },
    );
  });

  it('returns a message that encodes and decodes to itself', () => {
    fc.assert(
      fc.property(hostileFrame, (bytes) => {
        const frame = decodeOrRefuse(bytes);
        if (frame === undefined) return;
        const canonical = encodeOrRefuse(frame);
        if (canonical === undefined) return;
        expect(encodeFrame(decodeFrame(canonical).message, { qos: frame.qos })).toEqual(canonical);
      }),
      { numRuns: 3_000 },
    );
  });

  it('allocates in proportion to the bytes', () => {
    fc.assert(
      fc.property(hostileFrame, (bytes) => {
        const frame = decodeOrRefuse(bytes);
        if (frame !== undefined) expect(size(frame.message)).toBeLessThanOrEqual(SIZE_PER_BYTE * bytes.length);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ['snapshot entries', '23ffff'],
    ['inner messages', '3000ffff'],
    ['signal definitions', '030000ffff'],
    ['patterns', '0401ffff'],
    ['samples', '202000012f02ffff'],
    ['array elements', '210a00012fffff'],
    ['map entries', '210b00012fffff'],
    ['result definitions', '61ffff'],
  ])('rejects a declared count of 65,535 %s before it reads any of them', (_, payload) => {
    // Enough bytes for thousands of elements, but not for the declared count.
    const bytes = framed(joined(Uint8Array.from(Buffer.from(payload, 'hex')), new Uint8Array(20_000)));
    expect(() => decodeFrame(bytes)).toThrow(expect.objectContaining({ fault: 'CountOverrun' }));
  });
});

/**
 * Decoded items per input byte. The worst case is a HELLO: 8 bytes name six features. An unchecked count would exceed
 * this by a factor of thousands.
 */
const SIZE_PER_BYTE = 8;

/** Counts the values, containers, characters and bytes of a decoded message. */
function size(thing: unknown): number {
  if (thing === undefined) return 0;
  if (typeof thing === 'string') return 1 + thing.length;
  if (thing instanceof Uint8Array) return 1 + thing.length;
  if (thing instanceof EncodedValue) return size(thing.decode());
  if (thing instanceof Map) return size([...thing.keys()]) + size([...thing.values()]);
  if (Array.isArray(thing)) return thing.reduce<number>((sum, item) => sum + size(item), 1);
  if (typeof thing === 'object' && thing !== null) return size(Object.values(thing));
  return 1;
}

/** Returns the frame, or undefined for an expected rejection. Any other exception fails the test. */
function decodeOrRefuse(bytes: Uint8Array): Frame | undefined {
  try {
    return decodeFrame(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** Widening can make a payload too large. Any other failure fails the test. */
function encodeOrRefuse({ message, qos }: Frame): Uint8Array | undefined {
  try {
    return encodeFrame(message, { qos });
  } catch (error) {
    if (error instanceof EncodeError && error.fault === 'PayloadTooLarge') return undefined;
    throw error;
  }
}
