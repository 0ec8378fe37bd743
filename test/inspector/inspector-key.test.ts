import { describe, expect, it } from '@jest/globals';
import { checkKey, isSameKey, linkTo, newKey } from '../../src/inspector/inspector-key.js';

describe('a key of the inspector', () => {
  it('has 192 random bits and differs each time', () => {
    const keys = Array.from({ length: 100 }, newKey);
    expect(new Set(keys).size).toBe(100);
    for (const key of keys) expect(Buffer.from(key, 'base64url')).toHaveLength(24);
    expect(keys.map(checkKey)).toEqual(keys);
  });

  it.each(['', 'short', 'x'.repeat(21), 'x'.repeat(129), `${'x'.repeat(30)}#&`, `${'x'.repeat(30)} `])(
    'is rejected if its form is invalid: "%s"',
    (key) => {
      expect(() => checkKey(key)).toThrow(RangeError);
    },
  );

  it('is compared over its whole length', () => {
    const key = newKey();
    expect(isSameKey(key, key)).toBe(true);
    for (const other of ['', key.slice(0, -1), `${key}x`, newKey()]) expect(isSameKey(key, other)).toBe(false);
  });
});

describe('the link of the inspector', () => {
  it.each([
    ['ws://127.0.0.1:7330', 'http://127.0.0.1:7330/inspect/#key=k'],
    ['wss://show.local:7330', 'https://show.local:7330/inspect/#key=k'],
    ['ws://0.0.0.0:7330', 'http://localhost:7330/inspect/#key=k'],
    ['ws://[::]:7330', 'http://localhost:7330/inspect/#key=k'],
    ['http://localhost:7330', 'http://localhost:7330/inspect/#key=k'],
  ])('to the router at %s is %s', (url, link) => {
    expect(linkTo(url, 'k')).toBe(link);
  });

  it('has no fragment without a key', () => {
    expect(linkTo('ws://127.0.0.1:7330', undefined)).toBe('http://127.0.0.1:7330/inspect/');
  });
});
