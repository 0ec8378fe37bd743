import { expect, it } from '@jest/globals';
import { build } from 'hdr-histogram-js';
import { Histogram } from '../../bench/histogram.mjs';
import { Random } from '../support/mutate.mjs';

it('has the percentiles of hdr-histogram-js, to 1 %', () => {
  const random = new Random(7);
  const ours = new Histogram();
  const theirs = build({ lowestDiscernibleValue: 1, highestTrackableValue: 1e9, numberOfSignificantValueDigits: 3 });
  for (let i = 0; i < 20_000; i++) {
    const nanoseconds = 20_000 + random.below(1_000) ** 2 + (i % 500 === 0 ? 50_000_000 : 0);
    ours.record(nanoseconds / 1000);
    theirs.recordValue(nanoseconds);
  }
  for (const share of [0.01, 0.5, 0.9, 0.99, 0.999]) {
    const microseconds = theirs.getValueAtPercentile(share * 100) / 1000;
    expect(Math.abs(ours.percentile(share) / microseconds - 1)).toBeLessThan(0.011);
  }
  expect(ours.count).toBe(theirs.totalCount);
  expect(Math.abs(ours.max / (theirs.maxValue / 1000) - 1)).toBeLessThan(0.001);
});

it('has no percentiles of nothing', () => {
  expect(new Histogram().percentile(0.5)).toBeNaN();
});
