import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from 'xstate';
import { repeat } from '../../src/inspector/repeat.js';

describe('a repeated callback', () => {
  it('runs at once and once per period, until it is stopped', () => {
    const clock = new SimulatedClock();
    const times: number[] = [];
    const running = repeat(clock, 100, () => times.push(clock.now()));
    clock.increment(100);
    clock.increment(100);
    expect(times).toEqual([0, 100, 200]);
    running.stop();
    clock.increment(1_000);
    expect(times).toHaveLength(3);
  });

  it('runs less often if it is slow: it gets at most 1/50 of the time', () => {
    const clock = new SimulatedClock();
    let nowMs = 0;
    let tookMs = 10;
    const delaysMs: number[] = [];
    const slow = {
      now: () => nowMs,
      setTimeout: (callback: () => void, milliseconds: number) => {
        delaysMs.push(milliseconds);
        return clock.setTimeout(callback, milliseconds);
      },
      clearTimeout: (id: unknown) => {
        clock.clearTimeout(id as number); // the value that setTimeout returned
      },
    };
    const running = repeat(slow, 100, () => (nowMs += tookMs));
    tookMs = 1;
    clock.increment(500);
    expect(delaysMs).toEqual([500, 100]);
    running.stop();
  });

  it('can stop itself', () => {
    const clock = new SimulatedClock();
    let runs = 0;
    const running = repeat(clock, 100, () => {
      if (++runs === 2) running.stop();
    });
    clock.increment(100);
    clock.increment(1_000);
    expect(runs).toBe(2);
  });
});
