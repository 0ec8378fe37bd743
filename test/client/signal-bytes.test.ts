import { describe, expect, it } from '@jest/globals';
import type { Signal } from '../../src/client/signal.js';
import { signalBytes } from '../../src/client/signal-bytes.js';
import type { Value } from '../../src/protocol/values/value.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';

const event = (value?: Value): Signal => ({ kind: 'event', address: '/a', value });

describe('the estimated memory of a signal', () => {
  const empty = signalBytes(event());

  it.each<[string, Value, number]>([
    ['a string', 'x'.repeat(1_000), 2_000],
    ['bytes', new Uint8Array(1_000), 1_000],
    ['a list of lists', Array.from({ length: 100 }, () => []), 100 * 100],
    ['a map', new Map(Array.from({ length: 100 }, (_, n) => [`key ${n}`, true])), 100 * 48],
    ['a value below others', [new Map([['deep', [new Uint8Array(1_000)]]])], 1_000],
  ])('is at least that of its value: %s', (_, value, least) => {
    expect(signalBytes(event(value)) - empty).toBeGreaterThanOrEqual(least);
    expect(signalBytes(event(value)) - empty).toBeLessThan(2 * least + 1_000);
  });

  it('counts the samples of a stream and the keyframes of a timeline', () => {
    expect(signalBytes({ kind: 'stream', address: '/a', samples: new Array<number>(100).fill(0) }) - empty).toBe(800);
    const keyframes = Array.from({ length: 50 }, (_, time) => ({ time, value: encodeValue('x'.repeat(100)) }));
    const timeline = { startTime: 0, loop: false, keyframes };
    expect(signalBytes({ kind: 'timeline', address: '/a', timeline }) - empty).toBeGreaterThan(50 * 100);
  });

  it('counts the address', () => {
    expect(signalBytes({ kind: 'event', address: `/${'a'.repeat(500)}` }) - empty).toBe(499);
  });
});
