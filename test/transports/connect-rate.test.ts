import { describe, expect, it } from '@jest/globals';
import { ConnectRate, connectRateLimits } from '../../src/transports/connect-rate.js';

const unlimited = { connectsPerSecond: 0, maxConnectsPerSecond: 0 };
const times = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('the rate of connects', () => {
  it('is limited for all addresses together', () => {
    const rate = new ConnectRate({ ...unlimited, maxConnectsPerSecond: 5 });
    const connect = (i: number, nowMs: number): string | undefined => rate.count(`192.0.2.${i}`, nowMs);
    const fault = 'all addresses together connect more than 5 times a second';
    expect(times(7).map((i) => connect(i, 1_000))).toEqual([...times(5).map(() => undefined), fault, fault]);
    expect(connect(8, 1_199)).toBe(fault);
    expect(connect(8, 1_200)).toBeUndefined();
    expect(connect(9, 1_201)).toBe(fault);
  });

  it('of one address that is over its own takes nothing from the others', () => {
    const rate = new ConnectRate({ connectsPerSecond: 2, maxConnectsPerSecond: 4 });
    const fault = 'its address connects more than 2 times a second';
    expect(times(10).map(() => rate.count('192.0.2.1', 0))).toEqual([
      undefined,
      undefined,
      ...times(8).map(() => fault),
    ]);
    expect(times(2).map(() => rate.count('192.0.2.2', 0))).toEqual([undefined, undefined]);
    expect(rate.count('192.0.2.3', 0)).toBe('all addresses together connect more than 4 times a second');
  });

  it('leaves this computer out, and takes nothing for it', () => {
    const rate = new ConnectRate({ connectsPerSecond: 1, maxConnectsPerSecond: 1 });
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
      expect(times(10).map(() => rate.count(address, 0))).toEqual(times(10).map(() => undefined));
    }
    expect(rate.count('192.0.2.1', 0)).toBeUndefined();
    expect(rate.count('192.0.2.2', 0)).toBeDefined();
  });

  it('has no limits where they are 0, and these where none are given', () => {
    const rate = new ConnectRate(unlimited);
    expect(times(10_000).every(() => rate.count('192.0.2.1', 0) === undefined)).toBe(true);
    expect(connectRateLimits({})).toEqual({ connectsPerSecond: 200, maxConnectsPerSecond: 2_000 });
    const given = { connectsPerSecond: 0, maxConnectsPerSecond: 3 };
    expect(connectRateLimits(given)).toEqual(given);
  });
});
