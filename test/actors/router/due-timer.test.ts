import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from 'xstate';
import { DueTimer } from '../../../src/actors/router/due-timer.js';
import { microseconds } from '../../../src/util/clock.js';

function start() {
  const clock = new SimulatedClock();
  const deferred: (() => void)[] = [];
  let due = 0;
  const timer = new DueTimer({ clock, defer: (callback) => void deferred.push(callback), onDue: () => (due += 1) });
  return {
    clock,
    timer,
    deferred,
    due: () => due,
    in: (ms: number) => microseconds(clock) + ms * 1_000,
    /** Turns the event loop once. */
    turn: () => {
      for (const callback of deferred.splice(0)) callback();
    },
  };
}

describe('the timer for due work', () => {
  it('fires when the work is due, and for earlier work if that is added', () => {
    const { clock, timer, due, in: at } = start();
    timer.set(at(1_000), Infinity);
    timer.set(at(100), Infinity);
    clock.increment(99);
    expect(due()).toBe(0);
    clock.increment(1);
    expect(due()).toBe(1);
  });

  it('is not set again for later work, and is set after the work was done', () => {
    const { clock, timer, due, in: at } = start();
    timer.set(at(100), Infinity);
    timer.set(at(5_000), Infinity);
    clock.increment(100);
    expect(due()).toBe(1);
    timer.done(false);
    timer.set(at(50), Infinity);
    clock.increment(50);
    expect(due()).toBe(2);
  });

  it('continues remaining work in the next turn of the event loop', () => {
    const { timer, due, turn, in: at } = start();
    timer.done(true);
    timer.set(at(1_000), Infinity);
    expect(due()).toBe(0);
    turn();
    expect(due()).toBe(1);
  });

  it('fires 2 ms before exact work, and turns the event loop until then', () => {
    const { clock, timer, due, turn, in: at } = start();
    const exact = at(10);
    timer.set(Infinity, exact);
    clock.increment(8);
    expect(due()).toBe(1);
    timer.done(false);
    for (let turns = 1; turns <= 3; turns++) {
      timer.set(Infinity, exact);
      clock.increment(0.5);
      turn();
      timer.done(false);
      expect(due()).toBe(1 + turns);
    }
  });

  it('waits for a timer if the clock does not advance between turns', () => {
    const { clock, timer, due, deferred, turn, in: at } = start();
    const exact = at(1);
    for (let turns = 0; turns < 20; turns++) {
      timer.set(Infinity, exact);
      turn();
      timer.done(false);
    }
    const before = due();
    expect(before).toBeLessThan(15);
    timer.set(Infinity, exact);
    expect(deferred).toEqual([]);
    clock.increment(1);
    expect(due()).toBe(before + 1);
  });

  it('does not fire after it was cleared', () => {
    const { clock, timer, due, in: at } = start();
    timer.set(at(10), Infinity);
    timer.clear();
    clock.increment(100);
    expect(due()).toBe(0);
  });
});
