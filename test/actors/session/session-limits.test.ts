import { describe, expect, it } from '@jest/globals';
import { SessionLimits, type SessionLimitsOptions } from '../../../src/actors/session/session-limits.js';
import { clientPrefixOf } from '../../../src/util/client-prefix.js';

const noneIsLost = {
  maxSessions: 0,
  maxSessionsPerAddress: 0,
  mayRelease: () => false,
  want: () => undefined,
  mayDisplace: () => false,
  displace: () => false,
};

/**
 * Adds sessions from these addresses, one after the other. @returns why they are blocked; undefined for those that are
 * not
 */
function come(limits: Partial<SessionLimitsOptions>, addresses: readonly string[]): readonly (string | undefined)[] {
  const turnout = new SessionLimits({ ...noneIsLost, ...limits });
  return addresses.map((address) => {
    const place = clientPrefixOf({ remoteAddress: address });
    const block = turnout.check(place);
    if (block === undefined) turnout.enter({}, place);
    else expect(block.isFinal).toBe(true); // no session ends for a waiting one
    return block?.text;
  });
}

const remote = ['10.0.0.1:1', '10.0.0.1:2', '10.0.0.2:1', '[fe80::1]:1', '[fe80::1]:2'];

describe('the number of sessions', () => {
  it('is limited in total, for all addresses', () => {
    const local = ['127.0.0.1:1', '[::1]:1', 'pipe:1', 'memory:2'];
    const texts = come({ maxSessions: 3 }, local);
    expect(texts).toEqual([undefined, undefined, undefined, 'Too many sessions: the limit is 3']);
  });

  it('is limited by address, whatever the port', () => {
    const text = 'Too many sessions from one address: the limit is 1';
    expect(come({ maxSessionsPerAddress: 1 }, remote)).toEqual([undefined, text, undefined, undefined, text]);
  });

  it('is not limited by address for this computer, where a script can run many clients', () => {
    const local = ['127.0.0.1:1', '127.0.0.1:2', '[::1]:1', '[::1]:2', 'pipe:1', 'memory:1'];
    expect(come({ maxSessionsPerAddress: 1 }, local).every((text) => text === undefined)).toBe(true);
  });

  it('is limited for peers behind a proxy on this computer, as for one address', () => {
    const turnout = new SessionLimits({ ...noneIsLost, maxSessionsPerAddress: 1 });
    const place = clientPrefixOf({ remoteAddress: '127.0.0.1:1', isForwarded: true });
    expect(clientPrefixOf({ remoteAddress: '[::1]:2', isForwarded: true })).toBe(place);
    expect(clientPrefixOf({ remoteAddress: '10.0.0.1:0', isForwarded: true })).toBe('10.0.0.1');
    expect(turnout.check(place)).toBeUndefined();
    turnout.enter({}, place);
    expect(turnout.check(place)?.text).toBe('Too many sessions from one address: the limit is 1');
  });

  it('treats an IPv6 network as one address, because its owner can choose any address in it', () => {
    const text = 'Too many sessions from one address: the limit is 1';
    const addresses = ['[2001:db8:1:2::1]:1', '[2001:db8:1:2:aaaa::9]:1', '[2001:db8:1:3::1]:1'];
    expect(come({ maxSessionsPerAddress: 1 }, addresses)).toEqual([undefined, text, undefined]);
  });

  it.each([
    ['in all', { maxSessions: 1 }, undefined],
    ['by address', { maxSessionsPerAddress: 1 }, 'a'],
  ])('makes a connection wait while a session may be lost, and then requests its release, %s', (_, limits, place) => {
    const asked: unknown[] = [];
    const wanted: unknown[] = [];
    const turnout = new SessionLimits({
      ...noneIsLost,
      ...limits,
      mayRelease: (scope) => asked.push(scope) > 0,
      want: (scope) => wanted.push(scope),
    });
    turnout.enter({}, 'a');
    const block = turnout.check('a')!;
    expect(block.isFinal).toBe(false);
    expect(turnout.relieve('a', block)).toBe(false); // the end of the session makes capacity
    expect([asked, wanted]).toEqual([[place], [place]]);
  });

  it('decreases at once when a session of another address is displaced', () => {
    const turnout: SessionLimits = new SessionLimits({
      ...noneIsLost,
      maxSessions: 2,
      mayDisplace: (place) => place === 'b',
      displace: (place) => {
        if (place === 'b') turnout.leave('a');
        return place === 'b';
      },
    });
    turnout.enter({}, 'a');
    turnout.enter({}, 'a');
    const final = turnout.check('a')!;
    expect([final.isFinal, turnout.relieve('a', final)]).toEqual([true, false]);
    const block = turnout.check('b')!;
    expect([block.isFinal, turnout.relieve('b', block), turnout.check('b')]).toEqual([false, true, undefined]);
  });

  it('decreases with each session that ends', () => {
    const turnout = new SessionLimits({ ...noneIsLost, maxSessions: 2, maxSessionsPerAddress: 1 });
    turnout.enter({}, 'a');
    turnout.enter({}, undefined);
    expect([turnout.sessions, turnout.check('b')?.scope]).toEqual([2, 'all']);
    turnout.leave(undefined);
    expect([turnout.check('a')?.scope, turnout.check('b')]).toEqual(['place', undefined]);
    turnout.leave('a');
    expect([turnout.sessions, turnout.check('a')]).toEqual([0, undefined]);
  });
});
