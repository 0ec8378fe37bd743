import { describe, expect, it } from '@jest/globals';
import { MAX_LINES, TrafficLog } from '../../../src/inspector/page/traffic-log.js';
import { trafficMessage } from './fake-router.js';

const all: ReadonlySet<string> = new Set();

describe('the log of traffic', () => {
  it('keeps only the most recent lines', () => {
    const log = new TrafficLog();
    for (let tick = 0; tick < 30; tick++) log.apply(trafficMessage(tick, 100), tick);
    const lines = log.lines(all);
    expect(lines).toHaveLength(MAX_LINES);
    expect(lines.at(-1)).toEqual(trafficMessage(29, 100).lines.at(-1));
    expect(lines[0]).toEqual(trafficMessage(10, 100).lines[0]);
  });

  it('does not change while it is paused, and catches up', () => {
    const log = new TrafficLog();
    log.apply(trafficMessage(0, 2), 0);
    log.hold(true);
    log.apply(trafficMessage(1, 3), 0);
    expect(log.lines(all)).toHaveLength(2);
    expect(log.newer).toBe(3);
    log.hold(true); // again: the visible lines do not change
    expect(log.lines(all)).toHaveLength(2);
    log.hold(false);
    expect(log.lines(all)).toHaveLength(5);
  });

  it('shows the selected kinds', () => {
    const log = new TrafficLog();
    log.apply(trafficMessage(0, 9), 0);
    expect(new Set(log.lines(new Set(['event', 'bundle'])).map(({ kind }) => kind))).toEqual(
      new Set(['event', 'bundle']),
    );
  });

  it('counts the messages and the lines of the last second', () => {
    const log = new TrafficLog();
    log.apply(trafficMessage(0, 4, 1_000), 100);
    log.apply(trafficMessage(1, 4, 500), 900);
    expect(log.rate(900)).toEqual({ seen: 1_500, shown: 8 });
    expect(log.rate(1_101)).toEqual({ seen: 500, shown: 4 });
    expect(log.rate(5_000)).toEqual({ seen: 0, shown: 0 });
  });

  it('is empty after it is cleared, paused or not', () => {
    const log = new TrafficLog();
    log.apply(trafficMessage(0, 4), 0);
    log.hold(true);
    log.clear();
    expect(log.lines(all)).toEqual([]);
    expect(log.isHeld).toBe(true);
  });
});
