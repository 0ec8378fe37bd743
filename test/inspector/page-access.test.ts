import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from 'xstate';
import { type AccessRule, PageAccess } from '../../src/inspector/page-access.js';

const KEY = 'abcdefghijklmnopqrstuvwxyz012345';

function access(rule: AccessRule, hasCapacity = true) {
  const clock = new SimulatedClock();
  const told: string[] = [];
  const page = new PageAccess({
    clock,
    rule,
    hasCapacity: () => hasCapacity,
    admitted: (token) => told.push(`admitted ${token ?? 'without a token'}`),
    refused: (text) => told.push(`refused: ${text}`),
    ended: (reason) => {
      told.push(`ended: ${reason}`);
      page.stop();
    },
  });
  return { clock, told, page };
}

describe('a page that needs the key of the link', () => {
  it('is admitted once with the key', () => {
    const { page, told } = access({ kind: 'key', key: KEY });
    expect([page.isAllowed, page.needs]).toEqual([false, 'key']);
    page.show({ type: 'unlock', key: KEY });
    page.show({ type: 'unlock', key: KEY });
    expect([page.isAllowed, page.needs]).toEqual([true, undefined]);
    expect(told).toEqual(['admitted without a token']);
  });

  it.each(['', KEY.slice(1), `${KEY}0`, KEY.toUpperCase()])(
    'is refused with a wrong key, after 500 ms: "%s"',
    (key) => {
      const { page, told, clock } = access({ kind: 'key', key: KEY });
      page.show({ type: 'unlock', key });
      expect(told).toEqual([]);
      clock.increment(500);
      expect(told).toEqual(['refused: the key is wrong; the router makes a new one at each start']);
      expect(page.isAllowed).toBe(false);
    },
  );

  it('is closed after three wrong keys, even if the fourth is correct', () => {
    const { page, told } = access({ kind: 'key', key: KEY });
    for (const key of ['1', '2', '3', KEY]) page.show({ type: 'unlock', key });
    expect(told).toEqual(['ended: too many keys were tried']);
    expect(page.isAllowed).toBe(false);
  });

  it('is overdue if it presents no key within 60 s', () => {
    const { page, clock } = access({ kind: 'key', key: KEY });
    expect(page.overdue(clock.now() + 59_999)).toBeUndefined();
    expect(page.overdue(clock.now() + 60_000)).toBe('no key arrived within 60 s');
  });

  it('has no time limit with the key', () => {
    const { page, told, clock } = access({ kind: 'key', key: KEY });
    page.show({ type: 'unlock', key: KEY });
    expect([page.overdue(clock.now() + 365 * 86_400_000), page.ended()]).toEqual([undefined, undefined]);
    expect(told).toEqual(['admitted without a token']);
  });

  it('is closed if the maximum of open pages is reached', () => {
    const { page, told } = access({ kind: 'key', key: KEY }, false);
    page.show({ type: 'unlock', key: KEY });
    expect(told).toEqual(['ended: too many pages are open']);
    expect(page.isAllowed).toBe(false);
  });

  it('is not admitted by a token', () => {
    const { page, told } = access({ kind: 'key', key: KEY });
    page.show({ type: 'authenticate', token: KEY });
    expect([told, page.isAllowed]).toEqual([[], false]);
  });
});

describe('a page that needs nothing', () => {
  it('is allowed from the start', () => {
    const { page, told, clock } = access({ kind: 'none' });
    expect([page.isAllowed, page.needs, page.overdue(clock.now() + 60_000), told]).toEqual([
      true,
      undefined,
      undefined,
      [],
    ]);
  });
});
