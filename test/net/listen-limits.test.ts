import { describe, expect, it } from '@jest/globals';
import { listenLimits } from '../../src/net/listen-limits.js';
import { httpLimits } from '../../src/http/limits.js';

describe('the limits of a port', () => {
  it('have these defaults', () => {
    const defaults = {
      handshakeMs: 10_000,
      maxHalfOpen: 512,
      maxHalfOpenPerAddress: 64,
      connectsPerSecond: 200,
      maxConnectsPerSecond: 2_000,
      maxWaiting: 2_048,
      maxWaitingPerAddress: 1_024,
    };
    expect(listenLimits({})).toEqual(defaults);
    expect(httpLimits({})).toEqual({ ...defaults, maxHeaderBytes: 16_384, maxHeaders: 100 });
  });

  it('can be set, also to 0', () => {
    const given = {
      handshakeMs: 1,
      maxHeaderBytes: 2,
      maxHeaders: 3,
      maxHalfOpen: 0,
      maxHalfOpenPerAddress: 5,
      connectsPerSecond: 6,
      maxConnectsPerSecond: 7,
      maxWaiting: 0,
      maxWaitingPerAddress: 9,
    };
    expect(httpLimits(given)).toEqual(given);
  });
});
