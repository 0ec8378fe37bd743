import { describe, expect, it } from '@jest/globals';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer } from '../support/core-harness.js';

/** Requests that are cheap for the sender and expensive for the router. Each of them could stop an earlier version. */

function fill(harness: CoreHarness, count: number): void {
  const writer = harness.join();
  for (let i = 0; i < count; i++) writer.set(`/p/${i}`, i, { qos: 0 });
}

/** Returns the number of params in the SNAPSHOTs. */
function snapshotParams(messages: readonly Message[]): number {
  return messages.reduce((sum, message) => sum + (message.type === 'snapshot' ? message.params.length : 0), 0);
}

describe('scheduled bundles of clients that leave', () => {
  const options = { maxPendingBundleBytes: 150_000 };

  function leaveSome(harness: CoreHarness): Peer {
    const peer = harness.join();
    for (let i = 0; i < 20; i++) {
      const messages: Message[] = [{ type: 'set', address: '/later', value: encodeValue('x'.repeat(2_000)) }];
      peer.send({ type: 'bundle', timestamp: harness.nowMicros + 60_000_000, messages }, { qos: 0 });
    }
    peer.leave();
    return peer;
  }

  it('are limited in total by their memory, and are evicted for those of another session', () => {
    const harness = new CoreHarness(options);
    for (let i = 0; i < 10; i++) leaveSome(harness);
    // 2,000 bytes and their length prefix, the address, and the known size of the objects.
    const most = Math.floor(150_000 / (2_002 + 2 * 6 + 3_000 + 180 + 250));
    expect(harness.core.statistics().counts.pendingBundles).toBe(most);
    const peer = harness.join();
    const messages: Message[] = [{ type: 'set', address: '/later', value: encodeValue('x'.repeat(2_000)) }];
    peer.send({ type: 'bundle', timestamp: harness.nowMicros + 60_000_000, messages });
    expect(peer.read()).toEqual([{ type: 'ack' }]);
    expect(harness.core.statistics().counts.pendingBundles).toBe(most);
  });

  it('free their memory when they have run', () => {
    const harness = new CoreHarness(options);
    for (let i = 0; i < 10; i++) leaveSome(harness);
    harness.advance(61);
    expect(harness.core.statistics().counts.pendingBundles).toBe(0);
    leaveSome(harness);
    expect(harness.core.statistics().counts.pendingBundles).toBe(20);
  });
});

describe('snapshots that are requested faster than they are sent', () => {
  it('are limited to one per subscription, however often it is replaced', () => {
    const harness = new CoreHarness();
    fill(harness, 5_000);
    const peer = harness.join();
    for (let i = 0; i < 50; i++) peer.subscribe(1, '/p/**');
    harness.settle();
    // The first one started at once, with the half of a tick that one session gets; the last one was sent completely.
    expect(snapshotParams(peer.read())).toBeLessThanOrEqual(2 * 5_000);
  });

  it('end with their subscription', () => {
    const harness = new CoreHarness();
    fill(harness, 5_000);
    const peer = harness.join();
    for (let id = 1; id <= 50; id++) {
      peer.subscribe(id, '/p/**');
      peer.send({ type: 'unsubscribe', id });
    }
    harness.settle();
    expect(snapshotParams(peer.read())).toBeLessThan(5_000);
  });

  it('do not affect those of other subscriptions and sessions', () => {
    const harness = new CoreHarness();
    fill(harness, 5_000);
    const [peer, other] = [harness.join(), harness.join()];
    for (const each of [peer, other]) each.subscribe(1, '/p/**');
    peer.subscribe(2, '/p/*');
    peer.send({ type: 'unsubscribe', id: 1 });
    harness.settle();
    expect(snapshotParams(other.read())).toBe(5_000);
    expect(snapshotParams(peer.read())).toBeGreaterThanOrEqual(5_000);
  });
});

describe('a pattern that makes the router compare everything and match nothing', () => {
  it.each(['/**/nothing', '/*/nothing', '/p/x*', '/p/*/nothing'])('%s is compared in slices', (pattern) => {
    const harness = new CoreHarness();
    const writer = harness.join();
    // Below one branch, and each on a branch of its own.
    for (let i = 0; i < 60_000; i++) {
      writer.set(pattern.startsWith('/p/') ? `/p/${i}${pattern.endsWith('/nothing') ? '/a' : ''}` : `/${i}/a`, i, {
        qos: 0,
      });
    }
    const peer = harness.join();
    peer.subscribe(1, pattern);
    expect(harness.core.advanceTasks()).toBe(true); // two ticks are not enough
    harness.settle();
    expect(peer.read()).toEqual([]);
  });
});
