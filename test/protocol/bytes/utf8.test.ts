import { isUtf8 as systemIsUtf8 } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clipUtf8, decodeUtf8, isUtf8 } from '../../../src/protocol/bytes/utf8.js';
import { DecodeError } from '../../../src/protocol/errors.js';
import { arbitraryText } from '../../support/arbitraries.js';
import { concat, fromHex } from '../../support/hex.js';

const oracle = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function oracleAccepts(bytes: Uint8Array): boolean {
  try {
    oracle.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Pieces of valid and invalid UTF-8, combined at random. */
const piece = fc.oneof(
  arbitraryText.map((text) => new TextEncoder().encode(text)),
  fc.uint8Array({ maxLength: 3 }),
  fc
    .constantFrom(
      'c2',
      'c0',
      'c1',
      'e0a0',
      'e09f',
      'ed9fbf',
      'eda080',
      'edbfbf',
      'ee8080',
      'f0',
      'f090',
      'f08f',
      'f48fbfbf',
      'f4908080',
      'f5',
      'ff',
      '80',
      'bf',
    )
    .map(fromHex),
);

describe('isUtf8', () => {
  it('agrees with TextDecoder for any bytes', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 5 }).map(concat), (bytes) => {
        expect(isUtf8(bytes, 0, bytes.length)).toBe(oracleAccepts(bytes));
      }),
      { numRuns: 5_000 },
    );
  });

  it('agrees with isUtf8 of Node.js for all pairs of bytes, and at the boundaries of three and four bytes', () => {
    const disagreements: number[][] = [];
    // isUtf8 does not throw. TextDecoder takes 10 s for these 350,000 cases.
    const check = (...bytes: number[]): void => {
      const array = Uint8Array.from(bytes);
      if (isUtf8(array, 0, bytes.length) !== systemIsUtf8(array)) disagreements.push(bytes);
    };
    const borders = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
    for (let first = 0; first < 256; first++) {
      check(first);
      for (let second = 0; second < 256; second++) check(first, second);
      for (const second of borders) {
        for (const third of borders) {
          check(first, second, third);
          for (const fourth of borders) check(first, second, third, fourth);
        }
      }
    }
    expect(disagreements).toEqual([]);
  });

  it('reads only between start and end', () => {
    const bytes = fromHex('ff e697a5 ff');
    expect(isUtf8(bytes, 1, 4)).toBe(true);
    expect(isUtf8(bytes, 1, 3)).toBe(false); // the missing byte is after the end
    expect(isUtf8(bytes, 1, 1)).toBe(true);
    expect(isUtf8(bytes, 0, 5)).toBe(false);
  });
});

describe('decodeUtf8', () => {
  it('keeps U+FEFF and NUL as data', () => {
    expect(decodeUtf8(fromHex('efbbbf 61 00'), 0, 5)).toBe('\ufeffa\0');
  });

  it('rejects invalid UTF-8 and stays usable', () => {
    expect(() => decodeUtf8(fromHex('61 c3'), 0, 2)).toThrow(DecodeError);
    expect(() => decodeUtf8(fromHex('61 c3'), 0, 2)).toThrow(expect.objectContaining({ fault: 'InvalidUtf8' }));
    expect(decodeUtf8(fromHex('c3a9'), 0, 2)).toBe('é');
  });
});

describe('clipUtf8', () => {
  it.each([
    ['short', 10, 'short'],
    ['exactly', 7, 'exactly'],
    ['cut here', 3, 'cut'],
    ['é', 1, ''],
    ['aé', 2, 'a'],
    ['a😀b', 4, 'a'],
    ['a😀b', 5, 'a😀'],
  ])('of %j to %d bytes returns %j', (text, bytes, clipped) => expect(clipUtf8(text, bytes)).toBe(clipped));
});
