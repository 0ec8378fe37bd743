import { describe, expect, it } from '@jest/globals';
import { readRange } from '../../../src/http/static-files/byte-range.js';

describe('a Range header', () => {
  it.each([
    ['bytes=0-0', 10, { first: 0, last: 0 }],
    ['bytes=2-5', 10, { first: 2, last: 5 }],
    ['bytes=2-', 10, { first: 2, last: 9 }],
    ['bytes=9-9', 10, { first: 9, last: 9 }],
    ['bytes=2-99', 10, { first: 2, last: 9 }],
    ['bytes=-3', 10, { first: 7, last: 9 }],
    ['bytes=-10', 10, { first: 0, last: 9 }],
    ['bytes=-99', 10, { first: 0, last: 9 }],
    ['BYTES= 0-1 ', 10, { first: 0, last: 1 }],
    [`bytes=0-${'9'.repeat(400)}`, 10, { first: 0, last: 9 }],
    ['bytes=10-', 10, 'unsatisfiable'],
    ['bytes=10-20', 10, 'unsatisfiable'],
    [`bytes=${'9'.repeat(400)}-`, 10, 'unsatisfiable'],
    ['bytes=-0', 10, 'unsatisfiable'],
    ['bytes=0-', 0, 'unsatisfiable'],
    ['bytes=-0', 0, 'unsatisfiable'],
    ['bytes=-1', 0, undefined],
    [undefined, 10, undefined],
    ['', 10, undefined],
    ['bytes=', 10, undefined],
    ['bytes=-', 10, undefined],
    ['bytes=5-2', 10, undefined],
    ['bytes=20-15', 10, undefined],
    ['bytes=a-b', 10, undefined],
    ['bytes=0x1-2', 10, undefined],
    ['bytes=1.5-2', 10, undefined],
    ['bytes=--1', 10, undefined],
    ['bytes 0-1', 10, undefined],
    ['items=0-1', 10, undefined],
    ['bytes=0-1,3-4', 10, undefined],
    ['bytes=0-1, bytes=3-4', 10, undefined],
  ])('%s of a file with %d bytes is %j', (header, size, range) => {
    expect(readRange(header, size)).toEqual(range);
  });
});
