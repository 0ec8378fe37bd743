import { describe, expect, it } from '@jest/globals';
import { bundleBytes } from '../../../src/core/writes/bundle-bytes.js';
import type { BundleMessage, Message } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer } from '../../support/core-harness.js';

const set = (address: string, bytes: number): Message => ({
  type: 'set',
  address,
  value: encodeValue('x'.repeat(bytes)),
});

/** Counted as about 10,000 bytes each. */
function schedule(harness: CoreHarness, peer: Peer, seconds: number, address = '/a'): Message[] {
  peer.send({ type: 'bundle', timestamp: harness.nowMicros + seconds * 1_000_000, messages: [set(address, 6_400)] });
  return peer.read();
}

const options = { maxPendingBundleBytes: 100_000 };
const isTaken = [{ type: 'ack' }];

/** Addresses that are written after all bundles were due. */
function whatRuns(harness: CoreHarness): string[] {
  const reader = harness.join();
  reader.subscribe(1, '/**');
  harness.advance(86_400);
  return reader.read().flatMap((message) => (message.type === 'set' ? message.address : []));
}

describe('scheduled bundles', () => {
  it('of owners without a session are evicted first, those due last before the others', () => {
    const harness = new CoreHarness(options);
    const [gone, busy, desk] = [harness.join(), harness.join(), harness.join()];
    for (const seconds of [30, 10, 50, 20]) schedule(harness, gone, seconds, `/gone/${seconds}`);
    for (let i = 0; i < 6; i++) schedule(harness, busy, 60, `/busy/${i}`);
    gone.leave();
    expect(schedule(harness, desk, 60, '/desk/1')).toEqual(isTaken);
    expect(schedule(harness, desk, 60, '/desk/2')).toEqual(isTaken);
    expect(harness.core.statistics().drops.droppedBundles).toBe(2);
    expect(busy.read()).toEqual([]);
    expect(whatRuns(harness)).toEqual([
      '/gone/10',
      '/gone/20',
      ...Array.from({ length: 6 }, (_, i) => `/busy/${i}`),
      '/desk/1',
      '/desk/2',
    ]);
  });

  it('of the owner with the largest use are evicted next, and its session gets ERROR 503 with the time of the bundle', () => {
    const dropped: number[] = [];
    const harness = new CoreHarness({ ...options, bundleDropped: ({ atMicros }) => dropped.push(atMicros) });
    const [busy, desk] = [harness.join(), harness.join()];
    for (let i = 0; i < 10; i++) schedule(harness, busy, 10 + i, `/busy/${i}`);
    const latest = harness.nowMicros + 19_000_000;
    expect(schedule(harness, desk, 60, '/desk')).toEqual(isTaken);
    expect(busy.read()).toMatchObject([
      { type: 'error', code: 503, message: expect.stringContaining(`it was to run at ${latest} `) },
    ]);
    expect(dropped).toEqual([latest]);
    expect(whatRuns(harness)).toEqual([...Array.from({ length: 9 }, (_, i) => `/busy/${i}`), '/desk']);
  });

  it('of the requester with the largest use are refused with ERROR 503 and the numbers, and no owner loses any', () => {
    const harness = new CoreHarness(options);
    const [busy, desk] = [harness.join(), harness.join()];
    schedule(harness, desk, 60);
    for (let i = 0; i < 9; i++) schedule(harness, busy, 60);
    const one = bundleBytes({ type: 'bundle', messages: [set('/a', 6_400)] });
    expect(schedule(harness, busy, 60)).toMatchObject([
      {
        type: 'error',
        code: 503,
        message: `Bundle rejected: with it bundles of ${11 * one} bytes would be waiting in all; the limit is 100000`,
      },
    ]);
    expect(harness.core.statistics()).toMatchObject({ counts: { pendingBundles: 10 }, drops: { droppedBundles: 0 } });
    expect(desk.read()).toEqual([]);
  });

  it('that were evicted no longer count for their session', () => {
    const harness = new CoreHarness({ ...options, maxPendingBundlesPerSession: 10 });
    const [busy, desk] = [harness.join(), harness.join()];
    for (let i = 0; i < 10; i++) schedule(harness, busy, 60);
    schedule(harness, desk, 60);
    busy.read();
    harness.advance(0);
    expect(busy.session.holdings.pendingBundles).toBe(9);
  });
});

describe('the estimated memory of a bundle', () => {
  const bytesOf = (...messages: Message[]): number => bundleBytes({ type: 'bundle', messages } satisfies BundleMessage);

  it('counts each message, each value and keyframe as an object, not only as its bytes', () => {
    const empty = bytesOf();
    expect(bytesOf(set('/a', 0)) - empty).toBeGreaterThan(400);
    expect(bytesOf(set('/a', 1_000)) - bytesOf(set('/a', 0))).toBeGreaterThanOrEqual(1_000);
    const event: Message = { type: 'publish', address: '/e', signal: 'event', value: encodeValue(1) };
    expect(bytesOf(event, event) - empty).toBeGreaterThan(800);
    const keyframes = Array.from({ length: 10 }, (_, i) => ({ time: i, value: encodeValue(i) }));
    const timeline: Message = { type: 'publish', address: '/t', signal: 'timeline', timeline: { keyframes } };
    expect(bytesOf(timeline) - empty).toBeGreaterThan(3_500);
    const samples: Message = { type: 'publish', address: '/s', signal: 'stream', samples: [1, 2, 3, 4] };
    expect(bytesOf(samples) - bytesOf({ ...samples, samples: [] })).toBe(64);
  });
});
