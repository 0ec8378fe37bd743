import { describe, expect, it } from '@jest/globals';
import { ServerClock } from '../../src/client/server-clock.js';
import { SteadyClock } from '../support/steady-clock.js';

const OFFSET = 5_000_000;

/** Performs a SYNC with a router whose clock is ahead by `OFFSET`, with the given milliseconds in each direction. */
function exchange(server: ServerClock, clock: SteadyClock, thereMs: number, backMs: number, ahead = OFFSET): void {
  const t1 = server.nextT1();
  clock.increment(thereMs);
  const t2 = clock.now() * 1_000 + ahead;
  clock.increment(backMs);
  server.sample({ type: 'sync', t1, t2, t3: t2 });
}

/** Returns the error of the estimate in microseconds. */
const error = (server: ServerClock, clock: SteadyClock): number => server.nowMicros() - clock.now() * 1_000 - OFFSET;

describe('the estimate of the router’s clock', () => {
  it('starts with WELCOME', () => {
    const clock = new SteadyClock();
    const server = new ServerClock(clock);
    clock.increment(7);
    server.welcome(1_000_000);
    clock.increment(3);
    expect(server.nowMicros()).toBe(1_003_000);
  });

  it('is exact for equal latencies, and otherwise wrong by half of their difference', () => {
    const clock = new SteadyClock();
    const server = new ServerClock(clock);
    exchange(server, clock, 20, 20);
    expect(error(server, clock)).toBe(0);
    const other = new ServerClock(clock);
    exchange(other, clock, 30, 10);
    expect(error(other, clock)).toBe(10_000);
  });

  it('uses the fastest of the last eight samples', () => {
    const clock = new SteadyClock();
    const server = new ServerClock(clock);
    exchange(server, clock, 2, 2);
    for (let i = 0; i < 7; i++) {
      clock.increment(1);
      exchange(server, clock, 100, 0);
    }
    expect(error(server, clock)).toBe(0);
    clock.increment(1);
    exchange(server, clock, 100, 0); // the good sample is dropped, because clocks drift
    expect(error(server, clock)).toBe(50_000);
  });

  it.each([
    ['the router’s clock follows a correction of its wall clock', 8 * 3_600_000_000],
    ['this computer slept, and its own clock stood still', 60_000_000],
    ['it was an hour of the router’s clock ahead before', -3_600_000_000],
  ])('drops its samples immediately when %s', (_, jump) => {
    const clock = new SteadyClock();
    const server = new ServerClock(clock);
    for (let i = 0; i < 8; i++) exchange(server, clock, 2, 2);
    exchange(server, clock, 100, 100, OFFSET + jump); // slower than all the others
    expect(error(server, clock)).toBe(jump);
  });

  it('drops all samples with a new session', () => {
    const clock = new SteadyClock();
    const server = new ServerClock(clock);
    exchange(server, clock, 2, 2);
    server.welcome(clock.now() * 1_000);
    expect(error(server, clock)).toBe(-OFFSET);
    exchange(server, clock, 30, 30, 9_000); // slower, and from another router
    expect(server.nowMicros() - clock.now() * 1_000).toBe(9_000);
  });

  it('never uses a t1 twice', () => {
    const clock = new SteadyClock();
    const server = new ServerClock(clock);
    const used = [server.nextT1(), server.nextT1(), server.nextT1()];
    clock.increment(1);
    used.push(server.nextT1());
    expect(used).toEqual([0, 1, 2, 1_000]);
  });
});
