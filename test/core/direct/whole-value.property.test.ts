import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isWholeValue } from '../../../src/core/direct/whole-value.js';
import type { Value } from '../../../src/protocol/values/value.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { walkValue } from '../../../src/protocol/values/value-walker.js';

describe('isWholeValue', () => {
  it('accepts only bytes that are exactly one canonical value for the walker', () => {
    fc.assert(
      fc.property(fc.nat(16), fc.uint8Array({ maxLength: 12, max: 12 }), (type, bytes) => {
        if (!isWholeValue(type, bytes, 0, bytes.length)) return;
        expect({ ...walkValue(type, bytes, 0, bytes.length) }).toEqual({ end: bytes.length, canonical: true });
      }),
      { numRuns: 4_000 },
    );
  });

  it.each([
    0.5,
    7n,
    true,
    false,
    null,
    'Grüße',
    '',
    Uint8Array.of(1, 2),
    [],
    [1, [2n, 'ü', null]],
    new Map<string, Value>([
      ['x', 1],
      ['y', new Map([['x', true]])],
    ]),
  ])('accepts %p, and nothing longer', (value) => {
    const { type, bytes, start, end } = encodeValue(value);
    expect(isWholeValue(type, bytes, start, end)).toBe(true);
    expect(isWholeValue(type, new Uint8Array([...bytes.subarray(start, end), 0]), 0, end - start + 1)).toBe(false);
  });

  it.each([
    ['a bool of 2', 0x01, [2]],
    ['a narrow number', 0x02, [1]],
    ['invalid UTF-8', 0x08, [0, 2, 0xc3, 0x28]],
    ['a string without its length', 0x08, [0]],
    ['an array with a narrow number', 0x0a, [0, 1, 0x02, 1]],
    ['an array of more elements than bytes', 0x0a, [0, 2, 0x00]],
    ['an array in 64 others', 0x0a, Array.from({ length: 65 }, (_, depth) => [0, depth === 64 ? 0 : 1, 0x0a]).flat()],
    ['a map with a repeated key', 0x0b, [0, 2, 0, 1, 0x78, 0x00, 0, 1, 0x78, 0x00]],
    ['a map with a key that is not UTF-8', 0x0b, [0, 1, 0, 1, 0xff, 0x00]],
    ['an unknown type', 0x0f, []],
    ['a type with flags', 0x87, [0, 0, 0, 0, 0, 0, 0, 0]],
  ])('declines %s', (_, type, bytes) => {
    expect(isWholeValue(type, Uint8Array.from(bytes), 0, bytes.length)).toBe(false);
  });
});
