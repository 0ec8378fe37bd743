import { describe, expect, it } from '@jest/globals';
import { type ClientOptions, reconnectDelayMs, resolveOptions } from '../../src/client/options.js';

describe('options', () => {
  it('have their documented defaults', () => {
    expect(resolveOptions({})).toMatchObject({
      name: 'clasp-router/client',
      encoding: 'binary',
      features: ['param', 'event', 'stream', 'gesture', 'timeline'],
      reconnect: { initialDelayMs: 250, factor: 2, maxDelayMs: 10_000, maxAttempts: Infinity },
      ackTimeoutMs: 5_000,
      connectTimeoutMs: 10_000,
      keepAliveMs: 10_000,
      maxBufferedBytes: 16_777_216,
      maxCachedParams: 100_000,
    });
    expect(resolveOptions({ reconnect: false }).reconnect).toBeUndefined();
  });

  it.each<[string, ClientOptions]>([
    ['ackTimeoutMs', { ackTimeoutMs: -1 }],
    ['connectTimeoutMs', { connectTimeoutMs: NaN }],
    ['keepAliveMs', { keepAliveMs: 0.5 }],
    ['maxBufferedBytes', { maxBufferedBytes: Infinity }],
    ['maxCachedParams', { maxCachedParams: -1 }],
    ['reconnect.initialDelayMs', { reconnect: { initialDelayMs: -1 } }],
    ['reconnect.maxDelayMs', { reconnect: { maxDelayMs: 2 ** 31 } }],
    ['reconnect.factor', { reconnect: { factor: 0.9 } }],
    ['reconnect.maxAttempts', { reconnect: { maxAttempts: 0 } }],
  ])('out of range are rejected: %s', (name, options) => {
    expect(() => resolveOptions(options)).toThrow(new RegExp(`^${name} must be a (whole )?number from`));
  });
});

describe('the name of a client', () => {
  it('has at most 255 bytes, the limit of routers', () => {
    expect(resolveOptions({ name: 'ä'.repeat(127) }).name).toHaveLength(127);
    expect(() => resolveOptions({ name: 'ä'.repeat(128) })).toThrow(
      new RangeError('name has 256 bytes; the limit is 255'),
    );
  });
});

describe('the delay before an attempt', () => {
  const options = resolveOptions({}).reconnect!;

  it('doubles up to the longest delay', () => {
    const longest = (attempt: number): number => reconnectDelayMs(options, attempt, () => 1);
    expect([0, 1, 2, 3, 4, 5, 6, 100, 5_000].map(longest)).toEqual([
      250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000,
    ]);
  });

  it('is distributed over the upper half', () => {
    expect(reconnectDelayMs(options, 0, () => 0)).toBe(125);
    expect(reconnectDelayMs(options, 0, () => 0.5)).toBe(187.5);
  });
});
