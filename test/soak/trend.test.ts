import { describe, expect, it } from '@jest/globals';
import { Random } from '../support/mutate.mjs';
import { type Point, trendOf, verdictOf } from './trend.mjs';

/** Samples every minute: a start value, a slope per hour, and noise up to the given amplitude. */
function samples(count: number, perHour: number, noise: number, seed = 1): readonly Point[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => {
    const hours = i / 60;
    return { hours, value: 100 + perHour * hours + (noise * (random.below(2_001) - 1_000)) / 1_000 };
  });
}

describe('a trend', () => {
  it('of a straight line is that line, without uncertainty', () => {
    const { mean, perHour, uncertainty, growth } = trendOf(samples(61, 10, 0));
    expect(mean).toBeCloseTo(105, 9);
    expect(perHour).toBeCloseTo(10, 9);
    expect(uncertainty).toBeCloseTo(0, 9);
    expect(growth).toBeCloseTo(10, 9);
  });

  it('equals a textbook result: five points, slope 0.825', () => {
    const points = [1, 2, 1.3, 3.75, 4.25].map((value, i) => ({ hours: i, value }));
    const { perHour, uncertainty } = trendOf(points);
    expect(perHour).toBeCloseTo(0.825, 6);
    // Residual sum of squares 1.75075 over 3 degrees, spread 10, t = 3.182.
    expect(uncertainty).toBeCloseTo(3.182 * Math.sqrt(1.75075 / 3 / 10), 2);
  });

  it('contains the true slope in its interval about 19 times of 20', () => {
    const held = Array.from({ length: 400 }, (_, seed) => trendOf(samples(20, 6, 3, seed))).filter(
      ({ perHour, uncertainty }) => Math.abs(perHour - 6) <= uncertainty,
    ).length;
    expect(held).toBeGreaterThan(360);
    expect(held).toBeLessThan(397);
  });

  it.each([
    ['two samples', samples(2, 1, 0)],
    ['samples of one moment', [1, 2, 3].map((value) => ({ hours: 0, value }))],
  ])('does not exist for %s', (_, points) => expect(() => trendOf(points)).toThrow('three samples'));
});

describe('the verdict', () => {
  it.each([
    ['a clear growth above the limit', 10, 2, 5, 'growing'],
    ['a growth above the limit that may be chance', 10, 12, 5, 'unclear'],
    ['a clear growth below the limit', 2, 1, 5, 'steady'],
    ['no growth, and little doubt', 0, 3, 5, 'steady'],
    ['no growth, and much doubt', 0, 8, 5, 'unclear'],
    ['a decline', -10, 3, 5, 'steady'],
  ] as const)('is correct for %s', (_, growth, growthUncertainty, limit, verdict) => {
    expect(verdictOf({ growth, growthUncertainty }, limit)).toBe(verdict);
  });
});
