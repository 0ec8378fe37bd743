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

/** What hostile peers send: vectors with things wrong with them, and noise behind a sound header. */
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
  it('gives a message or throws a DecodeError, and works on afterwards', () => {
    fc.assert(
      fc.property(hostileFrame, (bytes) => {
        decodeOrRefuse(bytes);
        expect(comparable(decodeFrame(encodeFrame(known)).message)).toEqual(comparable(known));
      }),
      { numRuns: 5_000 },
    );
  });

  it('does not touch them', () => {
    fc.assert(
      fc.property(hostileFrame, (bytes) => {
        const before = bytes.slice();
        decodeOrRefuse(bytes);
        expect(bytes).toEqual(before);
      }),
      { numRuns: 500 },
    );
  });

  it('gives a message that encodes, and that decodes to itself', () => {
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

  it('builds no more out of them than the bytes are worth', () => {
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
  ])('refuses a claim of 65,535 %s before it reads any of them', (_, payload) => {
    // Enough bytes for thousands of elements, but not for all that are claimed.
    const bytes = framed(joined(Uint8Array.from(Buffer.from(payload, 'hex')), new Uint8Array(20_000)));
    expect(() => decodeFrame(bytes)).toThrow(expect.objectContaining({ fault: 'CountOverrun' }));
  });
});

/**
 * Things in a decoded message for each byte it came from. The worst is a HELLO: 8 bytes name six features. An unchecked
 * count would pass this by a factor of thousands.
 */
const SIZE_PER_BYTE = 8;

/** Values, containers, characters and bytes in what was decoded. */
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

/** The frame, or undefined where it was refused as it should be. Anything else thrown fails the test. */
function decodeOrRefuse(bytes: Uint8Array): Frame | undefined {
  try {
    return decodeFrame(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** Widening may make a payload too large, and nothing else may go wrong. */
function encodeOrRefuse({ message, qos }: Frame): Uint8Array | undefined {
  try {
    return encodeFrame(message, { qos });
  } catch (error) {
    if (error instanceof EncodeError && error.fault === 'PayloadTooLarge') return undefined;
    throw error;
  }
}
