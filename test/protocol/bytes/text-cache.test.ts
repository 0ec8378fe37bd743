import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TextCache } from '../../../src/protocol/bytes/text-cache.js';
import { DecodeError } from '../../../src/protocol/errors.js';
import { arbitraryText } from '../../support/arbitraries.js';
import { concat, fromHex } from '../../support/hex.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('TextCache', () => {
  it('returns the right string on every call, also if addresses share a slot', () => {
    // Two slots: nearly every string evicts another.
    const cache = new TextCache(2);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(arbitraryText, fc.constantFrom('/a', '/b', '/lights/1', '')), { maxLength: 20 }),
        (texts) => {
          for (const text of [...texts, ...texts, ...texts])
            expect(cache.decode(utf8(text), 0, utf8(text).length)).toBe(text);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('reads only between start and end', () => {
    const cache = new TextCache(16);
    const bytes = concat([fromHex('ffff'), utf8('/a/b'), fromHex('ff')]);
    expect(cache.decode(bytes, 2, 6)).toBe('/a/b');
    expect(cache.decode(bytes, 2, 4)).toBe('/a');
    expect(cache.decode(bytes, 2, 6)).toBe('/a/b');
    expect(cache.decode(bytes, 2, 2)).toBe('');
  });

  it('keeps the string, not its buffer', () => {
    const cache = new TextCache(1); // one slot: each look-up finds the slot of the previous string
    const bytes = utf8('/lights/1');
    for (let time = 1; time <= 3; time++) expect(cache.decode(bytes, 0, bytes.length)).toBe('/lights/1'); // now cached
    bytes.set(utf8('/lights/2')); // the socket reuses its buffer
    expect(cache.decode(bytes, 0, bytes.length)).toBe('/lights/2');
    expect(cache.decode(utf8('/lights/1'), 0, 9)).toBe('/lights/1');
  });

  it('decodes strings that are too long for the cache', () => {
    const cache = new TextCache(16);
    for (const length of [127, 128, 129, 60_000]) {
      const text = `/${'x'.repeat(length - 1)}`;
      expect(cache.decode(utf8(text), 0, length)).toBe(text);
      expect(cache.decode(utf8(text), 0, length)).toBe(text);
    }
  });

  it('rejects invalid UTF-8 on every call', () => {
    const cache = new TextCache(16);
    for (const bytes of [fromHex('2f c3'), fromHex('2f c3'), concat([utf8('x'.repeat(200)), fromHex('ff')])]) {
      expect(() => cache.decode(bytes, 0, bytes.length)).toThrow(DecodeError);
    }
  });
});
