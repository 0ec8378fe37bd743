import { expect, it } from '@jest/globals';
import { Histogram } from '../../bench/histogram.mjs';
import { Random } from '../support/mutate.mjs';

/** Durations in microseconds, as in a benchmark: most are short, one of 500 is long. */
function durations(count: number): number[] {
  const random = new Random(7);
  return Array.from(
    { length: count },
    (_, i) => (20_000 + random.below(1_000) ** 2 + (i % 500 === 0 ? 50_000_000 : 0)) / 1000,
  );
}

it.each([20_000, 333, 40, 7, 1])('has the nearest-rank percentiles of %d durations, to 0.1 %', (count) => {
  const histogram = new Histogram();
  const all = durations(count);
  for (const microseconds of all) histogram.record(microseconds);
  const sorted = all.toSorted((a, b) => a - b);
  for (const share of [0, 0.01, 0.5, 0.9, 0.99, 0.999, 1]) {
    const exact = sorted[Math.max(1, Math.ceil(count * share)) - 1] ?? NaN;
    expect(Math.abs(histogram.percentile(share) / exact - 1)).toBeLessThan(0.001);
  }
  expect(histogram.count).toBe(count);
  expect(histogram.max).toBe(sorted.at(-1));
});

it('counts durations outside its range as its minimum or maximum', () => {
  const histogram = new Histogram();
  for (const microseconds of [-5, 1e9]) histogram.record(microseconds);
  expect(histogram.percentile(0.5)).toBe(0);
  expect(Math.abs(histogram.percentile(1) / 200e6 - 1)).toBeLessThan(0.001);
  expect(histogram.max).toBe(1e9);
});

it('has no percentiles and no maximum without a duration', () => {
  expect(new Histogram().percentile(0.5)).toBeNaN();
  expect(new Histogram().max).toBeNaN();
});
