import { describe, expect, it } from '@jest/globals';
import { type MemoryKind, memoryKinds } from '../../../src/core/system/statistics.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness } from '../../support/core-harness.js';

const limits = {
  maxParamBytes: 1_001,
  maxPacedBytes: 1_002,
  maxSubscriptionBytes: 100_003,
  maxQueueBytesTotal: 100_004,
  maxPendingBundleBytes: 100_005,
  maxSignalBytes: 100_006,
  maxWillBytes: 100_007,
  maxQueryBytes: 100_008,
  maxTimelineBytes: 1_009,
  maxWriteHistoryBytes: 1_011,
  maxTimelines: 10,
};
const value = encodeValue(1);

describe('the memory statistics', () => {
  it('contain every kind with its limit', () => {
    const { memory } = new CoreHarness(limits).core.statistics({ usedBytes: 1, limitBytes: 1_010, madeRoom: 2 });
    expect(Object.keys(memory).sort()).toEqual([...memoryKinds].sort());
    const expected: Record<MemoryKind, number> = {
      params: 1_001,
      paced: 1_002,
      subscriptions: 100_003,
      queues: 100_004,
      bundles: 100_005,
      signals: 100_006,
      wills: 100_007,
      queries: 100_008,
      timelines: 1_009,
      history: 1_011,
      sendBuffers: 1_010,
    };
    expect(Object.fromEntries(Object.entries(memory).map(([kind, use]) => [kind, use.limitBytes]))).toEqual(expected);
  });

  it('contain the bytes in use, and decrease on release', () => {
    const harness = new CoreHarness(limits);
    const peer = harness.join();
    const used = (kind: MemoryKind): number => harness.core.statistics().memory[kind].usedBytes;
    expect(used('subscriptions')).toBe(0);
    peer.subscribe(1, '/**');
    peer.send({ type: 'announce', namespace: '/a', signals: [{ address: '/a', type: 'param' }] });
    peer.send({
      type: 'bundle',
      timestamp: harness.nowMicros + 1_000_000,
      messages: [{ type: 'set', address: '/b', value }],
    });
    for (const kind of ['subscriptions', 'signals', 'bundles'] as const)
      expect([kind, used(kind) > 0]).toEqual([kind, true]);
    peer.session.notify({ type: 'connection.congested', bufferedBytes: 1 });
    harness.join().publish('/event', 'event', 1);
    expect(used('queues')).toBeGreaterThan(0);
    peer.leave();
    harness.settle();
    expect([used('subscriptions'), used('queues')]).toEqual([0, 0]);
  });

  it('count evictions', () => {
    const harness = new CoreHarness(limits);
    const peer = harness.join();
    for (let i = 0; i < 20; i++) peer.set(`/param/${i}`, 'x'.repeat(100), { qos: 0 });
    expect(harness.core.statistics().memory.params.madeRoom).toBeGreaterThan(0);
  });
});
