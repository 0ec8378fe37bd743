import { describe, expect, it } from '@jest/globals';
import { quantity } from '../../bench/report.mjs';
import { summarise } from '../../bench/summary.mjs';

const rate = (value: number) => [{ metric: '', value, unit: '/s' as const, deliveredRatio: 1 }];
const time = (value: number) => [{ metric: 'p99', value, unit: 'µs' as const }];

describe('a summary', () => {
  it('compares each run with the adjacent run, not the medians', () => {
    const rows = summarise(
      'any',
      new Map([
        ['clasp-router', [rate(100), rate(10), rate(40)]],
        ['other', [rate(50), rate(5), rate(1)]],
      ]),
    );
    expect(rows).toMatchObject([
      { target: 'clasp-router', median: 40, min: 10, max: 100, advantage: undefined },
      { target: 'other', median: 5, min: 1, max: 50, advantage: 2 },
    ]);
  });

  it('treats less as better where configured', () => {
    const rows = summarise(
      'any',
      new Map([
        ['clasp-router', [time(10)]],
        ['other', [time(40)]],
      ]),
    );
    expect(rows[1]).toMatchObject({ target: 'other', advantage: 4 });
  });

  it('omits failed runs, and targets without any other', () => {
    const rows = summarise(
      'any',
      new Map([
        ['clasp-router', [undefined, rate(10)]],
        ['other', [rate(5), undefined]],
        ['third', [undefined, undefined]],
      ]),
    );
    expect(rows).toMatchObject([
      { target: 'clasp-router', median: 10 },
      { target: 'other', median: 5, advantage: undefined },
    ]);
    expect(rows).toHaveLength(2);
  });
});

it.each([
  [1_234_567, '/s', '1.23 M/s'],
  [43.26, 'µs', '43.3 µs'],
  [12_345, 'µs', '12.3 ms'],
  [2_500_000, 'µs', '2.50 s'],
  [20_480, 'B', '20.5 kB'],
  [100_000, '', '100000'],
])('writes %d %s as %s', (value, unit, written) => {
  expect(quantity(value, unit)).toBe(written);
});
