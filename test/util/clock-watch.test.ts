import { describe, expect, it } from '@jest/globals';
import { systemClock, wallTime } from '../../src/util/clock.js';
import { ClockWatch } from '../../src/util/clock-watch.js';
import { SteadyClock, WallClock } from '../support/steady-clock.js';

const HOURS_MS = 3_600_000;

/** A watched clock, and the jumps that its listener received. */
function watched(): { readonly clock: WallClock; readonly watch: ClockWatch; readonly jumps: number[] } {
  const clock = new WallClock();
  const watch = ClockWatch.of(clock);
  const jumps: number[] = [];
  watch.onJump((forwardMs) => jumps.push(forwardMs));
  return { clock, watch, jumps };
}

describe('the watch of a clock', () => {
  it('is shared by all users of the clock', () => {
    const clock = new SteadyClock();
    expect(ClockWatch.of(clock)).toBe(ClockWatch.of(clock));
    expect(ClockWatch.of(new SteadyClock())).not.toBe(ClockWatch.of(clock));
  });

  it('grants no grace period while time passes steadily', () => {
    const { clock, watch } = watched();
    clock.increment(600_000);
    expect(watch.graceLeftMs()).toBe(0);
    expect(watch.unjudgedSinceMs).toBe(Infinity);
  });

  it.each([
    [2_500, 5_000],
    [12_000, 12_000],
    [600_000, 30_000],
  ])('grants, after a stall of %d ms, a grace period of %d ms', (stalledMs, graceMs) => {
    const { clock, watch } = watched();
    clock.increment(10_000);
    clock.stall(stalledMs);
    expect(watch.graceLeftMs()).toBe(graceMs);
    expect(watch.unjudgedSinceMs).toBe(10_000);
    clock.increment(graceMs);
    expect(watch.graceLeftMs()).toBe(0);
    expect(watch.unjudgedSinceMs).toBe(Infinity);
  });

  it('treats the shortest stalls as a busy event loop', () => {
    const { clock, watch } = watched();
    clock.stall(1_900);
    expect(watch.graceLeftMs()).toBe(0);
  });

  it('treats a suspended computer as a stall, although its monotonic time did not advance', () => {
    const { clock, watch } = watched();
    clock.increment(5_000);
    clock.aheadMs = 60_000;
    expect(watch.graceLeftMs()).toBe(30_000);
  });

  it('ignores stalls before it was held', () => {
    const clock = new SteadyClock();
    const watch = ClockWatch.of(clock);
    clock.stall(60_000);
    const release = watch.hold();
    expect(watch.graceLeftMs()).toBe(0);
    release();
  });

  it('reads the clock only while it is held', () => {
    let timers = 0;
    const clock = {
      now: () => 0,
      setTimeout: () => ++timers,
      clearTimeout: () => {
        timers--;
      },
    };
    const watch = ClockWatch.of(clock);
    const releases = [watch.hold(), watch.hold(), watch.onJump(() => undefined)];
    expect(timers).toBe(1);
    for (const release of releases) release();
    expect(timers).toBe(0);
  });

  it('calls its listeners within a second of a jump, forward or back, and not for slow drift', () => {
    const { clock, jumps } = watched();
    clock.aheadMs = 900;
    clock.increment(5_000);
    expect(jumps).toEqual([]);
    clock.aheadMs = 8 * HOURS_MS;
    clock.increment(1_000);
    clock.aheadMs = -HOURS_MS;
    clock.increment(1_000);
    clock.increment(60_000);
    expect(jumps).toEqual([8 * HOURS_MS, -9 * HOURS_MS]);
  });

  it('calls its listeners within a second of the end of a stall, with its length and the remaining grace period', () => {
    const { clock, watch } = watched();
    const stalls: (readonly number[])[] = [];
    const stop = watch.onStall((...lengths) => stalls.push(lengths));
    clock.increment(10_000);
    clock.stall(8_000);
    clock.increment(1_000);
    expect(stalls).toEqual([[8_000, 8_000]]);
    stop();
    clock.stall(8_000);
    clock.increment(1_000);
    expect(stalls).toHaveLength(1);
  });

  it('keeps the protocol’s time, which follows the wall clock forward beyond a second and never goes back', () => {
    const { clock, watch } = watched();
    expect(watch.protocolNow()).toBe(clock.now());
    clock.aheadMs = 1_000;
    expect(watch.protocolNow()).toBe(clock.now());
    clock.aheadMs = 8 * HOURS_MS;
    expect(watch.protocolNow()).toBe(clock.now() + 8 * HOURS_MS);
    clock.aheadMs = 0;
    clock.increment(1_000);
    expect(watch.protocolNow()).toBe(clock.now() + 8 * HOURS_MS);
    expect(watch.protocolAheadMicros).toBe(8 * HOURS_MS * 1_000);
    expect(watch.wallAheadMicros).toBe(0);
  });

  it('uses one time if a clock has no wall clock', () => {
    const clock = new SteadyClock();
    const watch = ClockWatch.of(clock);
    clock.increment(5_000);
    expect(wallTime(clock)).toBe(5_000);
    expect(watch.protocolNow()).toBe(5_000);
  });
});

describe('the system clock', () => {
  it('has the wall clock of the computer besides its own time', () => {
    const before = Date.now();
    expect(wallTime(systemClock)).toBeGreaterThanOrEqual(before);
    expect(wallTime(systemClock)).toBeLessThanOrEqual(Date.now());
  });
});
