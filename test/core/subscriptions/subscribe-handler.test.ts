import { describe, expect, it } from '@jest/globals';
import type { Message } from '../../../src/protocol/messages/message.js';
import { CoreHarness, plain, START_MICROS } from '../../support/core-harness.js';

describe('SUBSCRIBE', () => {
  it('returns the current matches in a SNAPSHOT with writer and time, and nothing without matches', () => {
    const harness = new CoreHarness();
    const [writer, reader] = [harness.join(), harness.join()];
    writer.set('/a/x', 1);
    writer.set('/b', 2);
    reader.subscribe(1, '/a/*');
    reader.subscribe(2, '/c/**');
    expect(plain(reader.read())).toEqual([
      {
        type: 'snapshot',
        params: [{ address: '/a/x', value: 1, revision: 1, writer: writer.id, timestamp: START_MICROS }],
      },
    ]);
  });

  it('returns no SNAPSHOT if its types exclude params', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    peer.set('/a', 1);
    peer.read();
    peer.send({ type: 'subscribe', id: 1, pattern: '/**', types: ['event'] });
    expect(peer.read()).toEqual([]);
  });

  it('delivers one copy of each message, however many of its patterns match', () => {
    const harness = new CoreHarness();
    const [writer, reader] = [harness.join(), harness.join()];
    for (const [id, pattern] of ['/a/b', '/a/*', '/**', '/*/b', '/a/b*'].entries()) reader.subscribe(id, pattern);
    writer.set('/a/b', 1);
    expect(reader.read()).toHaveLength(1);
  });

  it('with an ID in use replaces: the old pattern delivers no more, and the limit counts IDs', () => {
    const harness = new CoreHarness({ maxSubscriptionsPerSession: 1 });
    const [writer, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/old/**');
    reader.subscribe(1, '/new/**');
    writer.set('/old/x', 1);
    writer.set('/new/x', 2);
    expect(reader.read()).toMatchObject([{ type: 'set', address: '/new/x' }]);
    reader.subscribe(2, '/more');
    expect(reader.read()).toEqual([
      { type: 'error', code: 429, message: 'Subscription limit reached (max 1)', address: '/more' },
    ]);
    expect(harness.core.subscriptionCount).toBe(1);
  });

  it.each(['', 'a', '**', '/a//b', '!/a'])('with the pattern %j is ERROR 202', (pattern) => {
    const harness = new CoreHarness();
    const peer = harness.join();
    peer.subscribe(1, pattern);
    expect(peer.read()).toMatchObject([{ type: 'error', code: 202, address: pattern }]);
    expect(harness.core.subscriptionCount).toBe(0);
  });

  it('ends with UNSUBSCRIBE; an unknown ID is no error', () => {
    const harness = new CoreHarness();
    const [writer, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    reader.send({ type: 'unsubscribe', id: 1 });
    reader.send({ type: 'unsubscribe', id: 99 });
    writer.set('/a', 1);
    expect(reader.read()).toEqual([]);
  });

  it('ends with its session', () => {
    const harness = new CoreHarness();
    const [writer, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    reader.leave();
    writer.set('/a', 1);
    expect(harness.core.subscriptionCount).toBe(0);
    expect(reader.read()).toEqual([]);
  });
});

describe('the SNAPSHOT of many params', () => {
  it.each(['binary', 'cbor'] as const)(
    'in %s sends about 2,000 at once and about 500 per turn after that',
    (encoding) => {
      const harness = new CoreHarness();
      const writer = harness.join();
      for (let i = 0; i < 5_000; i++) writer.set(`/many/${i}`, i);
      const late = harness.join('late', encoding);
      const message: Message = { type: 'subscribe', id: 1, pattern: '/many/*' };
      harness.core.handle(late.session, { message, qos: 1, encoding }, harness.nowMicros);
      const received = (): number =>
        late.read().reduce((sum, read) => sum + (read.type === 'snapshot' ? read.params.length : 0), 0);
      const counts = [received()];
      for (let hasMore = true; hasMore;) {
        hasMore = harness.core.advanceTasks();
        counts.push(received());
      }
      const [first, ...others] = counts.filter((count) => count > 0);
      // 64,000 steps and 16,384 per turn; a param takes 32, and 1 for its comparison with the pattern.
      expect(first).toBe(Math.ceil(64_000 / 33));
      expect(Math.max(...others)).toBe(Math.ceil(16_384 / 33));
      expect(counts.reduce((sum, count) => sum + count)).toBe(5_000);
    },
  );
});

describe('GET', () => {
  it('returns a param in a SNAPSHOT of one', () => {
    const peer = new CoreHarness().join();
    peer.set('/a', 1);
    peer.send({ type: 'get', address: '/a' });
    expect(plain(peer.read()).at(-1)).toEqual({
      type: 'snapshot',
      params: [{ address: '/a', value: 1, revision: 1, writer: peer.id, timestamp: START_MICROS }],
    });
  });

  it('of an unknown address is ERROR 201, or gets no reply if the router is configured so', () => {
    for (const unknownAddress of ['error', 'silent'] as const) {
      const peer = new CoreHarness({ unknownAddress }).join();
      peer.send({ type: 'get', address: '/none' });
      const error = { type: 'error', code: 201, message: 'Address not found', address: '/none' };
      expect(peer.read()).toEqual(unknownAddress === 'error' ? [error] : []);
    }
  });

  it('does not expand wildcards', () => {
    const peer = new CoreHarness().join();
    peer.set('/a', 1);
    peer.read();
    peer.send({ type: 'get', address: '/*' });
    expect(peer.read()).toMatchObject([{ type: 'error', code: 200 }]);
  });
});
