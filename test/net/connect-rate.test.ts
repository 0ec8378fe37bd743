import { describe, expect, it } from '@jest/globals';
import { ConnectRate, type ConnectRateLimits, connectRateLimits } from '../../src/net/connect-rate.js';

const unlimited = { connectsPerSecond: 0, maxConnectsPerSecond: 0 };
const times = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Connects if the rate allows it. @returns the reason of a rejection */
function connecting(limits: ConnectRateLimits): (place: string | undefined, nowMs: number) => string | undefined {
  const rate = new ConnectRate(limits);
  return (place, nowMs) => {
    const block = rate.check(place, nowMs);
    if (block === undefined) rate.enter({}, place, nowMs);
    return block && `${block.scope}: ${block.text}`;
  };
}

describe('the rate of new connections', () => {
  it('is limited for one address', () => {
    const connect = connecting({ ...unlimited, connectsPerSecond: 5 });
    const fault = 'place: its address connects more than 5 times per second';
    const first = times(7).map(() => connect('192.0.2.1', 1_000));
    expect(first).toEqual([...times(5).map(() => undefined), fault, fault]);
    expect(connect('192.0.2.2', 1_000)).toBeUndefined();
    expect(connect('192.0.2.1', 1_199)).toBe(fault);
    expect(connect('192.0.2.1', 1_200)).toBeUndefined();
    expect(connect('192.0.2.1', 1_201)).toBe(fault);
  });

  it('is limited for all addresses together', () => {
    const connect = connecting({ ...unlimited, maxConnectsPerSecond: 5 });
    const fault = 'all: all addresses together connect more than 5 times per second';
    const first = times(7).map((i) => connect(`192.0.2.${i}`, 1_000));
    expect(first).toEqual([...times(5).map(() => undefined), fault, fault]);
    expect(connect('192.0.2.8', 1_199)).toBe(fault);
    expect(connect('192.0.2.8', 1_200)).toBeUndefined();
    expect(connect('192.0.2.9', 1_201)).toBe(fault);
  });

  it('of one address above its limit takes nothing from other addresses', () => {
    const connect = connecting({ connectsPerSecond: 2, maxConnectsPerSecond: 4 });
    const fault = 'place: its address connects more than 2 times per second';
    const first = times(10).map(() => connect('192.0.2.1', 0));
    expect(first).toEqual([undefined, undefined, ...times(8).map(() => fault)]);
    expect(times(2).map(() => connect('192.0.2.2', 0))).toEqual([undefined, undefined]);
    expect(connect('192.0.2.3', 0)).toBe('all: all addresses together connect more than 4 times per second');
  });

  it('of all addresses above the limit takes nothing from one address', () => {
    const connect = connecting({ connectsPerSecond: 1, maxConnectsPerSecond: 1 });
    expect(connect('192.0.2.1', 0)).toBeUndefined();
    expect(connect('192.0.2.2', 999)).toMatch(/^all/);
    expect(connect('192.0.2.2', 1_000)).toBeUndefined();
  });

  it('is stored for the 4,096 addresses that connected last', () => {
    const connect = connecting({ ...unlimited, connectsPerSecond: 1 });
    const addressOf = (i: number): string => `10.0.${i >> 8}.${i & 0xff}`;
    for (const i of times(4_096)) expect(connect(addressOf(i), 0)).toBeUndefined();
    expect(connect('192.0.2.1', 0)).toBeUndefined(); // replaces the first
    expect(connect(addressOf(1), 0)).toBeDefined();
    expect(connect(addressOf(0), 0)).toBeUndefined();
  });

  it('does not apply to this computer, nor count it', () => {
    const connect = connecting({ connectsPerSecond: 1, maxConnectsPerSecond: 1 });
    expect(times(10).map(() => connect(undefined, 0))).toEqual(times(10).map(() => undefined));
    expect(connect('192.0.2.1', 0)).toBeUndefined();
    expect(connect('192.0.2.2', 0)).toBeDefined();
  });

  it('is unlimited if 0, and has these defaults', () => {
    const connect = connecting(unlimited);
    expect(times(10_000).every(() => connect('192.0.2.1', 0) === undefined)).toBe(true);
    expect(connectRateLimits({})).toEqual({ connectsPerSecond: 200, maxConnectsPerSecond: 2_000 });
    const given = { connectsPerSecond: 0, maxConnectsPerSecond: 3 };
    expect(connectRateLimits(given)).toEqual(given);
  });
});
