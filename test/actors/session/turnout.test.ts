import { describe, expect, it } from '@jest/globals';
import { Turnout, type TurnoutLimits } from '../../../src/actors/session/turnout.js';
import { unlimited } from './session-under-test.js';

/** Lets sessions come from these addresses, one after the other. @returns what they were told; undefined who got in */
function come(limits: Partial<TurnoutLimits>, addresses: readonly string[]): readonly (string | undefined)[] {
  const turnout = new Turnout({ ...unlimited, ...limits });
  return addresses.map((address) => turnout.enter(address)?.message);
}

const remote = ['10.0.0.1:1', '10.0.0.1:2', '10.0.0.2:1', '[fe80::1]:1', '[fe80::1]:2'];

describe('how many sessions there may be', () => {
  it('is limited in all, wherever they come from', () => {
    const local = ['127.0.0.1:1', '[::1]:1', 'pipe:1', 'memory:2'];
    const told = come({ maxSessions: 3 }, local);
    expect(told).toEqual([undefined, undefined, undefined, 'Too many sessions: the limit is 3']);
  });

  it('is limited by address, whatever the port', () => {
    const text = 'Too many sessions from one address: the limit is 1';
    expect(come({ maxSessionsPerAddress: 1 }, remote)).toEqual([undefined, text, undefined, undefined, text]);
  });

  it('is limited for those without a HELLO, in all and by address', () => {
    const all = 'Too many sessions without a HELLO: the limit is 2';
    expect(come({ maxHalfOpen: 2 }, ['127.0.0.1:1', ...remote]).slice(1)).toEqual([
      undefined,
      undefined,
      all,
      all,
      all,
    ]);
    const one = 'Too many sessions from one address without a HELLO: the limit is 1';
    expect(come({ maxHalfOpenPerAddress: 1 }, remote)).toEqual([undefined, one, undefined, undefined, one]);
  });

  it('is not limited by address for this computer, which a script of many clients runs on', () => {
    const limits = { maxSessionsPerAddress: 1, maxHalfOpen: 1, maxHalfOpenPerAddress: 1 };
    const local = ['127.0.0.1:1', '127.0.0.1:2', '[::1]:1', '[::1]:2', 'pipe:1', 'memory:1'];
    expect(come(limits, local).every((told) => told === undefined)).toBe(true);
  });

  it('takes a network of IPv6 for one address: its owner may choose any in it', () => {
    const text = 'Too many sessions from one address: the limit is 1';
    const addresses = ['[2001:db8:1:2::1]:1', '[2001:db8:1:2:aaaa::9]:1', '[2001:db8:1:3::1]:1'];
    expect(come({ maxSessionsPerAddress: 1 }, addresses)).toEqual([undefined, text, undefined]);
  });

  it('goes down with a HELLO for the ones, with a goodbye for the others', () => {
    const turnout = new Turnout({ maxSessions: 0, maxSessionsPerAddress: 2, maxHalfOpen: 1, maxHalfOpenPerAddress: 1 });
    const enter = (port: number): boolean => turnout.enter(`10.0.0.1:${port}`) === undefined;
    expect(enter(1)).toBe(true);
    expect(enter(2)).toBe(false);
    turnout.established('10.0.0.1:1');
    expect(enter(3)).toBe(true);
    turnout.established('10.0.0.1:3');
    expect(enter(4)).toBe(false);
    turnout.leave('10.0.0.1:1', true);
    expect(enter(5)).toBe(true);
    turnout.leave('10.0.0.1:5', false);
    turnout.leave('10.0.0.1:3', true);
    expect(turnout.sessions).toBe(0);
    expect(enter(6)).toBe(true);
  });
});
