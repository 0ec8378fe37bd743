import { describe, expect, it } from '@jest/globals';
import { fromBase64, toBase64 } from '../../../src/protocol/encodings/base64.js';

describe('base64', () => {
  // RFC 4648, 10
  it.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('of "%s" is "%s"', (text, base64) => {
    const bytes = new TextEncoder().encode(text);
    expect(toBase64(bytes)).toBe(base64);
    expect(fromBase64(base64)).toEqual(bytes);
  });

  it('agrees with Node.js for every byte at every position', () => {
    for (const shift of [0, 1, 2]) {
      const bytes = Uint8Array.from({ length: 256 + shift }, (_, i) => i * 7 + shift);
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
      expect(fromBase64(toBase64(bytes))).toEqual(bytes);
    }
  });

  it.each(['Zg', 'Zg=', 'Zg===', '====', 'Z===', 'Zg==Zg==', 'Zm 9', 'Zm9\n', 'Zm-_', 'Zh==', 'Zm9=', 'Zé=='])(
    'rejects "%s"',
    (text) => {
      expect(fromBase64(text)).toBeUndefined();
    },
  );
});
