import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from 'xstate';
import { ClockWatch } from '../../src/util/clock-watch.js';
import { judgeAfterInput, setAwaitedDeadline, setPeerDeadline } from '../../src/util/peer-deadline.js';
import { inputRead, SteadyClock } from '../support/steady-clock.js';

/** A deadline on a steady clock, and the times at which it judged. */
function deadline(milliseconds: number): {
  readonly clock: SteadyClock;
  readonly judgedAt: readonly number[];
  readonly clear: () => void;
} {
  const clock = new SteadyClock();
  const judgedAt: number[] = [];
  const pending = setPeerDeadline(clock, () => judgedAt.push(clock.now()), milliseconds);
  const clear = (): void => {
    pending.clear();
  };
  return { clock, judgedAt, clear };
}

describe('a peer deadline', () => {
  it('judges when its time is over, and no later without a stall', async () => {
    const { clock, judgedAt } = deadline(10_000);
    clock.increment(9_999);
    await inputRead();
    expect(judgedAt).toEqual([]);
    clock.increment(1);
    await inputRead();
    clock.increment(60_000);
    await inputRead();
    expect(judgedAt).toEqual([10_000]);
  });

  it('judges only after turns of the event loop: timers run before pending input is read', async () => {
    const { clock, judgedAt } = deadline(1_000);
    clock.increment(1_000);
    expect(judgedAt).toEqual([]);
    // Like the pipeline, which handles input of the poll phase as a batch one turn later.
    const heard = new Promise<number>((resolve) =>
      setImmediate(() => setImmediate(() => setImmediate(() => resolve(judgedAt.length)))),
    );
    expect(await heard).toBe(0);
    await inputRead();
    expect(judgedAt).toEqual([1_000]);
  });

  it('judges no peer in the grace period after a stall, and checks again after it', async () => {
    const { clock, judgedAt } = deadline(10_000);
    clock.increment(4_000);
    clock.stall(20_000);
    await inputRead();
    clock.increment(19_999);
    await inputRead();
    expect(judgedAt).toEqual([]);
    clock.increment(1);
    await inputRead();
    expect(judgedAt).toEqual([44_000]);
  });

  it('waits for the grace period of a stall that ended shortly before its time', async () => {
    const { clock, judgedAt } = deadline(10_000);
    clock.stall(8_000);
    clock.increment(2_000);
    await inputRead();
    expect(judgedAt).toEqual([]);
    clock.increment(6_000);
    await inputRead();
    expect(judgedAt).toEqual([16_000]);
  });

  it('waits again if the process stalls again', async () => {
    const { clock, judgedAt } = deadline(1_000);
    clock.stall(6_000);
    await inputRead();
    clock.stall(7_000);
    await inputRead();
    expect(judgedAt).toEqual([]);
    clock.increment(7_000);
    await inputRead();
    expect(judgedAt).toEqual([20_000]);
  });

  it.each([
    ['before its time', (clock: SteadyClock) => clock.increment(500)],
    ['while input is read', (clock: SteadyClock) => clock.increment(1_000)],
    ['in the grace period', (clock: SteadyClock) => clock.stall(5_000)],
  ])('judges no peer after it is cleared %s', async (_, pass) => {
    const { clock, judgedAt, clear } = deadline(1_000);
    pass(clock);
    clear();
    clear();
    await inputRead();
    clock.increment(60_000);
    await inputRead();
    expect(judgedAt).toEqual([]);
  });

  it('treats an injected clock that jumps as a stall', async () => {
    const clock = new SimulatedClock();
    let judged = 0;
    setPeerDeadline(clock, () => judged++, 10_000);
    clock.increment(30_000);
    await inputRead();
    expect(judged).toBe(0);
  });

  it('judges once if its time has passed already', async () => {
    const clock = new SteadyClock();
    let judged = 0;
    judgeAfterInput(clock, () => judged++);
    expect(judged).toBe(0);
    await inputRead();
    expect(judged).toBe(1);
  });

  it('watches the clock while it waits', async () => {
    const clock = new SteadyClock();
    setAwaitedDeadline(clock, () => undefined, 3_000);
    const watch = ClockWatch.of(clock);
    clock.stall(2_500);
    expect(watch.graceLeftMs()).toBe(5_000);
    clock.increment(10_000);
    await inputRead();
    clock.stall(60_000);
    expect(watch.graceLeftMs()).toBe(0); // no deadline waits anymore
  });
});
