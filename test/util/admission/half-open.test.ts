import { beforeEach, describe, expect, it } from '@jest/globals';
import { HalfOpen, type HalfOpenLimits } from '../../../src/util/admission/half-open.js';

const cuts: string[] = [];
beforeEach(() => void cuts.splice(0));

/** Half-open connections are strings here. A connection whose name ends with `!` is kept. */
function halfOpen(limits: Partial<HalfOpenLimits>): HalfOpen<string> {
  return new HalfOpen<string>({
    maxHalfOpen: 0,
    maxHalfOpenPerAddress: 0,
    ...limits,
    handshakeMs: 10_000,
    describe: (scope, count, limit) => `${scope}: ${count} of ${limit}`,
    cutOff: (item, ageSeconds, reason) => {
      if (item.endsWith('!')) return false;
      cuts.push(`${item}, ${ageSeconds} s: ${reason}`);
      return true;
    },
  });
}

/** Connections of one place at one time. */
function enter(set: HalfOpen<string>, place: string, count: number, nowMs: number): readonly string[] {
  const items = Array.from({ length: count }, (_, i) => `${place}${i}`);
  for (const item of items) set.enter(item, place, nowMs);
  return items;
}

describe('the limits on half-open connections', () => {
  it('count a connection of an address from its first second on', () => {
    const set = halfOpen({ maxHalfOpenPerAddress: 2 });
    enter(set, 'a', 5, 0);
    expect(set.check('a', 999)).toBeUndefined();
    expect(set.check('a', 1_000)).toEqual({ scope: 'place', text: 'place: 5 of 2' });
    expect(set.check('b', 1_000)).toBeUndefined();
  });

  it('count a connection of all addresses from its first second on', () => {
    const set = halfOpen({ maxHalfOpen: 2 });
    enter(set, 'a', 1, 0);
    enter(set, 'b', 1, 500);
    expect(set.check('c', 1_499)).toBeUndefined();
    expect(set.check('c', 1_500)).toEqual({ scope: 'all', text: 'all: 2 of 2' });
  });

  it.each([
    ['an address', { maxHalfOpenPerAddress: 2 }, { scope: 'place', text: 'place: 8 of 2' }],
    ['all addresses', { maxHalfOpen: 2 }, { scope: 'all', text: 'all: 8 of 2' }],
  ])('bound the young connections of %s too, at four times the limit', (_, limits, block) => {
    const set = halfOpen(limits);
    enter(set, 'a', 7, 0);
    expect(set.check('a', 0)).toBeUndefined();
    set.enter('last', 'a', 0);
    expect(set.check('a', 0)).toEqual(block);
  });

  it('release a connection that has completed its handshake, once', () => {
    const set = halfOpen({ maxHalfOpenPerAddress: 1 });
    const [young, old] = enter(set, 'a', 2, 0);
    set.leave(young!);
    expect(set.check('a', 2_000)).toBeDefined();
    set.leave(old!);
    set.leave(old!);
    expect(set.check('a', 2_000)).toBeUndefined();
    enter(set, 'a', 1, 2_000);
    expect(set.check('a', 3_000)).toBeDefined();
  });

  it('neither apply to nor count this computer', () => {
    const set = halfOpen({ maxHalfOpen: 1, maxHalfOpenPerAddress: 1 });
    for (let i = 0; i < 10; i++) set.enter(`local${i}`, undefined, 0);
    expect(set.check(undefined, 5_000)).toBeUndefined();
    expect(set.check('a', 5_000)).toBeUndefined();
  });

  it('are disabled with 0', () => {
    const set = halfOpen({});
    enter(set, 'a', 1_000, 0);
    expect(set.check('a', 60_000)).toBeUndefined();
  });
});

describe('a connection that waits for a half-open one', () => {
  it('of its own address replaces the oldest one after half the handshake time', () => {
    const set = halfOpen({ maxHalfOpenPerAddress: 2 });
    set.enter('first', 'a', 0);
    set.enter('second', 'a', 100);
    const block = set.check('a', 4_999)!;
    expect(set.relieve('a', block, 4_999)).toBe(false);
    expect(set.relieve('a', block, 5_000)).toBe(true);
    expect(cuts).toEqual(['first, 5 s: another connection of its address waits']);
    expect(set.check('a', 5_000)).toBeUndefined();
    expect(set.relieve('a', block, 5_000)).toBe(false); // the second one has its time as well
  });

  it('of another address replaces the oldest one of the address with the most', () => {
    const set = halfOpen({ maxHalfOpen: 8 });
    enter(set, 'b', 2, 0);
    enter(set, 'a', 6, 100);
    const block = set.check('c', 1_100)!;
    expect(set.relieve('c', block, 1_100)).toBe(true);
    expect(cuts).toEqual(['a0, 1 s: its address has the most half-open connections, and another one waits']);
    expect(set.check('c', 1_100)).toBeUndefined();
  });

  it('does not replace one of an address with slightly more: reconnecting clients do not end each other', () => {
    const set = halfOpen({ maxHalfOpen: 9 });
    for (const place of ['a', 'b', 'c']) enter(set, place, 3, 0);
    const block = set.check('d', 2_000)!;
    expect(set.relieve('d', block, 2_000)).toBe(false);
    expect(cuts).toEqual([]);
  });

  it('does not replace a connection that must be kept', () => {
    const set = halfOpen({ maxHalfOpenPerAddress: 2 });
    set.enter('kept!', 'a', 0);
    set.enter('other', 'a', 0);
    const block = set.check('a', 6_000)!;
    expect(set.relieve('a', block, 6_000)).toBe(true);
    expect(cuts).toEqual(['other, 6 s: another connection of its address waits']);
    expect(set.relieve('a', block, 6_000)).toBe(false);
  });
});
