import { describe, expect, it } from '@jest/globals';
import type { Json } from '../../../src/inspector/feed.js';
import {
  ageText,
  bytesText,
  countText,
  numberOf,
  timeText,
  signalText,
  valueText,
} from '../../../src/inspector/page/plain-text.js';

describe('figures', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1.00 k'],
    [12_400, '12.4 k'],
    [99_949, '99.9 k'],
    [99_950, '100 k'],
    [999_499, '999 k'],
    [999_500, '1.00 M'],
    [3_100_000, '3.10 M'],
    [250_000_000, '250 M'],
  ])('formats the count %d as %s', (count, text) => {
    expect(countText(count)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_480_000, '1.5 MB'],
    [2_000_000_000, '2.0 GB'],
  ])('formats %d bytes as %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });

  it.each([
    [-5, 'now'],
    [999, 'now'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_600_000, '1 h'],
    [172_800_000, '2 d'],
  ])('formats an age of %d ms as %s', (milliseconds, text) => {
    expect(ageText(milliseconds)).toBe(text);
  });

  it('formats the time of day with milliseconds and a constant width', () => {
    expect(timeText(new Date(2026, 0, 2, 3, 4, 5, 6).getTime())).toBe('03:04:05.006');
  });
});

describe('values', () => {
  it.each<readonly [Json | undefined, string]>([
    [undefined, 'too large to show'],
    [null, 'null'],
    [0.1 + 0.2, '0.3'],
    [1_234_567, '1234567'],
    ['a "b"', '"a \\"b\\""'],
    [{ $int: '9007199254740993' }, '9007199254740993'],
    [{ $float: '-0' }, '-0'],
    [{ $bytes: 'AAE=' }, '<2 bytes>'],
    [{ $bytes: 'AAEC' }, '<3 bytes>'],
    [[1, [true, 'x']], '[1, [true, "x"]]'],
    [{ a: 1, b: { $int: '2' } }, '{a: 1, b: 2}'],
  ])('formats %j as %s', (value, text) => {
    expect(valueText(value)).toBe(text);
    expect(signalText({ value })).toBe(text);
    expect(signalText({ value: undefined, isHidden: true })).toBe('(hidden)');
  });

  it('cuts values at the limit, and formats no more of them than that', () => {
    const long = Array.from({ length: 100_000 }, (_, index) => index);
    const text = valueText(long, 20);
    expect(text).toHaveLength(20);
    expect(text.endsWith('…')).toBe(true);
    expect(valueText('x'.repeat(1_000), 20)).toHaveLength(20);
  });

  it.each<readonly [Json | undefined, number | undefined]>([
    [0.5, 0.5],
    [{ $int: '-7' }, -7],
    [{ $float: 'NaN' }, undefined],
    ['5', undefined],
    [{ $int: '5', b: 1 }, undefined],
    [undefined, undefined],
  ])('reads %j as the number %p', (value, number) => {
    expect(numberOf(value)).toBe(number);
  });
});
