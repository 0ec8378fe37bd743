import { describe, expect, it } from '@jest/globals';
import { encodePlain, type PlainValue } from '../../src/client/plain-value.js';

describe('a plain value', () => {
  it.each<[PlainValue, unknown]>([
    [null, null],
    [true, true],
    [1, 1],
    [1n, 1n],
    ['text', 'text'],
    [Uint8Array.of(1, 2), Uint8Array.of(1, 2)],
    [
      [1, [2n, 'x']],
      [1, [2n, 'x']],
    ],
    [{ a: 1, b: { c: [true] } }, new Map<string, unknown>([['a', 1], ['b', new Map([['c', [true]]])]])], // prettier-ignore
    [{ a: undefined, b: 1 }, new Map([['b', 1]])],
    [Object.assign(Object.create(null) as object, { a: 1 }), new Map([['a', 1]])],
    [new Map([['__proto__', 1]]), new Map([['__proto__', 1]])],
  ])('%p is sent as %p', (plain, value) => {
    expect(encodePlain(plain).decode()).toEqual(value);
  });

  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a Date', new Date()],
    ['a Float32Array', Float32Array.of(1)],
    ['an instance of a class', new URL('http://localhost')],
    ['a hole in an array', [undefined]],
    ['a map with keys that are not strings', new Map([[1, 2]])],
    ['an Int of 65 bits', 1n << 63n],
  ])('%s is invalid', (_, plain) => {
    expect(() => encodePlain(plain as PlainValue)).toThrow(expect.objectContaining({ name: 'EncodeError' }));
  });

  it('can nest 64 levels and no deeper, which bounds a circular value', () => {
    const nested = (levels: number): PlainValue => (levels === 0 ? 1 : [nested(levels - 1)]);
    expect(encodePlain(nested(64)).byteLength).toBeGreaterThan(64);
    expect(() => encodePlain(nested(65))).toThrow('values nest deeper than 64 levels');
    const circle: PlainValue[] = [];
    circle.push(circle);
    expect(() => encodePlain(circle)).toThrow('values nest deeper than 64 levels');
  });
});
