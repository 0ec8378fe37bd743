import { describe, expect, it } from '@jest/globals';
import { noChanges } from '../../../src/core/changes.js';
import { Param } from '../../../src/core/params/param.js';
import { ParamLocks } from '../../../src/core/params/param-locks.js';
import { parseAddress } from '../../../src/protocol/address.js';
import { CoreHarness } from '../../support/core-harness.js';

const SECOND = 1_000_000;

function start(maxLockSeconds = 0) {
  const ended: string[] = [];
  const changes = Object.assign(Object.create(noChanges) as typeof noChanges, {
    locked: (param: Param) => void ended.push(param.address),
  });
  const harness = new CoreHarness();
  return {
    locks: new ParamLocks(maxLockSeconds, changes),
    ended,
    holder: harness.connect().session,
    other: harness.connect().session,
    param: (address: string) => new Param(parseAddress(address), 0, 0),
  };
}

describe('the locks of params', () => {
  it('have one holder, which counts its locks', () => {
    const { locks, holder, other, param } = start();
    const one = param('/a');
    locks.lock(one, holder, 0);
    locks.lock(one, other, 0);
    expect(one.holder).toBe(other);
    expect([holder.holdings.locks, other.holdings.locks]).toEqual([0, 1]);
    locks.unlock(one);
    locks.unlock(one);
    expect([one.holder, other.holdings.locks]).toEqual([undefined, 0]);
  });

  it('end after their maximum duration, but not while unread input may renew them', () => {
    const { locks, holder, param } = start(10);
    const one = param('/a');
    locks.lock(one, holder, 5 * SECOND);
    expect([15 * SECOND - 1, 15 * SECOND].map((at) => locks.isOver(one, at))).toEqual([false, true]);
    locks.unjudgedSinceMicros = 12 * SECOND;
    expect(locks.isOver(one, 20 * SECOND)).toBe(false);
  });

  it('never end without a maximum duration', () => {
    const { locks, holder, param } = start();
    const one = param('/a');
    locks.lock(one, holder, 0);
    expect(locks.isOver(one, Number.MAX_SAFE_INTEGER)).toBe(false);
  });

  it('of an ended session are released piece by piece, and reported as changes', () => {
    const { locks, holder, other, param, ended } = start();
    const params = ['/a', '/b', '/c'].map(param);
    for (const one of params) locks.lock(one, holder, 0);
    const foreign = param('/d');
    locks.lock(foreign, other, 0);
    const releasing = locks.releasing(holder);
    expect(releasing.next().done).toBe(false);
    expect(ended).toEqual(['/a']);
    while (releasing.next().done !== true);
    expect(ended).toEqual(['/a', '/b', '/c']);
    expect([holder.holdings.locks, foreign.holder]).toEqual([0, other]);
  });
});
