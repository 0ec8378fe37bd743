import { describe, expect, it } from '@jest/globals';
import { Samples } from '../../../src/inspector/page/samples.js';

const NOW = 1_000_000;

function path(...values: readonly (readonly [number, number])[]): string {
  const samples = new Samples();
  for (const [atMs, value] of values) samples.add('/a', atMs, value);
  return samples.path('/a', NOW, 300, 100);
}

describe('a sparkline', () => {
  it('draws steps: a param keeps its value until the next write', () => {
    expect(path([NOW - 30_000, 0], [NOW - 15_000, 1])).toBe('M0.0 100.0H150.0V0.0H300.0');
  });

  it('draws an earlier value as a line from the edge', () => {
    expect(path([NOW - 90_000, 0.5])).toBe('M0.0 50.0H300.0');
    expect(path([NOW - 90_000, 0], [NOW - 40_000, 1], [NOW - 3_000, 0.5])).toBe('M0.0 0.0H270.0V50.0H300.0');
  });

  it('scales values beyond 0..1 to their own range', () => {
    expect(path([NOW - 30_000, -10], [NOW - 15_000, 10])).toBe('M0.0 100.0H150.0V0.0H300.0');
    expect(path([NOW - 30_000, 7])).toBe('M0.0 50.0H300.0');
  });

  it('restarts if the clock was set back', () => {
    expect(path([NOW + 60_000, 1], [NOW - 30_000, 0])).toBe('M0.0 100.0H300.0');
  });

  it('is empty for an address that never had a number, or was removed', () => {
    const samples = new Samples();
    expect(samples.path('/a', NOW, 300, 100)).toBe('');
    samples.add('/a', NOW, 1);
    samples.forget('/a');
    expect(samples.path('/a', NOW, 300, 100)).toBe('');
  });

  it('has a bounded size at any write rate', () => {
    const values = Array.from({ length: 5_000 }, (_, index) => [NOW - 5_000 + index, index % 2] as const);
    expect(path(...values).split('H').length).toBeLessThanOrEqual(122);
  });
});
