import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isWholeValue } from '../../../src/core/direct/whole-value.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { walkValue } from '../../../src/protocol/values/value-walker.js';

describe('isWholeValue', () => {
  it('accepts only bytes that are exactly one canonical value for the walker', () => {
    fc.assert(
      fc.property(fc.nat(16), fc.uint8Array({ maxLength: 12 }), (type, bytes) => {
        if (!isWholeValue(type, bytes, 0, bytes.length)) return;
        expect({ ...walkValue(type, bytes, 0, bytes.length) }).toEqual({ end: bytes.length, canonical: true });
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([0.5, 7n, true, false, null, 'Grüße', '', Uint8Array.of(1, 2)])('accepts %p, and nothing longer', (value) => {
    const { type, bytes, start, end } = encodeValue(value);
    expect(isWholeValue(type, bytes, start, end)).toBe(true);
    expect(isWholeValue(type, new Uint8Array([...bytes.subarray(start, end), 0]), 0, end - start + 1)).toBe(false);
  });

  it.each([
    ['a bool of 2', 0x01, [2]],
    ['a narrow number', 0x02, [1]],
    ['invalid UTF-8', 0x08, [0, 2, 0xc3, 0x28]],
    ['a string without its length', 0x08, [0]],
    ['an array', 0x0a, [0, 0]],
    ['an unknown type', 0x0f, []],
    ['a type with flags', 0x87, [0, 0, 0, 0, 0, 0, 0, 0]],
  ])('declines %s', (_, type, bytes) => {
    expect(isWholeValue(type, Uint8Array.from(bytes), 0, bytes.length)).toBe(false);
  });
});
