import { describe, expect, it } from '@jest/globals';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer } from '../../support/core-harness.js';

interface Ttl {
  readonly ttl?: number;
  readonly absolute?: boolean;
}

function set(peer: Peer, address: string, ttl: Ttl = {}): void {
  peer.send({ type: 'set', address, value: encodeValue(1), ...ttl }, { qos: 0 });
}

/** Whether a GET finds the param. */
function isThere(peer: Peer, address: string): boolean {
  peer.read();
  peer.send({ type: 'get', address });
  return peer.read()[0]?.type === 'snapshot';
}

/** The addresses in the snapshot of a new session. */
function snapshot(harness: CoreHarness): string[] {
  const peer = harness.connect();
  peer.send({ type: 'hello', version: 1, name: 'late', features: [] });
  return peer
    .read()
    .flatMap((message) => (message.type === 'snapshot' ? message.params.map(({ address }) => address) : []));
}

describe('a TTL', () => {
  it('counted from the write ends on the microsecond, for GET and for snapshots, before the param is removed', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    set(peer, '/a', { ttl: 10, absolute: true });
    harness.nowMicros += 9_999_999;
    expect(isThere(peer, '/a')).toBe(true);
    expect(snapshot(harness)).toEqual(['/a']);
    harness.nowMicros += 1;
    expect(snapshot(harness)).toEqual([]);
    expect(harness.core.paramCount).toBe(1);
    expect(isThere(peer, '/a')).toBe(false);
    expect(harness.core.paramCount).toBe(0);
  });

  it('that slides is renewed by writes and by GET, not by snapshots', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    set(peer, '/a', { ttl: 10 });
    harness.nowMicros += 9_000_000;
    expect(isThere(peer, '/a')).toBe(true);
    harness.nowMicros += 9_000_000;
    set(peer, '/a'); // a SET without a TTL keeps the existing one
    harness.nowMicros += 9_000_000;
    expect(snapshot(harness)).toEqual(['/a']);
    harness.nowMicros += 1_000_000;
    expect(isThere(peer, '/a')).toBe(false);
  });

  it('counted from the write is not renewed by GET', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    set(peer, '/a', { ttl: 10, absolute: true });
    harness.nowMicros += 9_000_000;
    expect(isThere(peer, '/a')).toBe(true);
    harness.nowMicros += 1_000_000;
    expect(isThere(peer, '/a')).toBe(false);
  });

  it.each([{ ttl: 0 }, { ttl: 0, absolute: true }])('of 0 is unlimited, in both notations: %j', (never) => {
    const harness = new CoreHarness({ paramTtlSeconds: 5 });
    const peer = harness.join();
    set(peer, '/a', { ttl: 1 });
    set(peer, '/a', never);
    harness.advance(1_000_000);
    expect(isThere(peer, '/a')).toBe(true);
  });

  it('for all params applies to those without their own', () => {
    const harness = new CoreHarness({ paramTtlSeconds: 60 });
    const peer = harness.join();
    set(peer, '/default');
    set(peer, '/own', { ttl: 100 });
    harness.advance(60);
    expect([isThere(peer, '/default'), isThere(peer, '/own')]).toEqual([false, true]);
  });

  it('that is shortened ends at the shorter time', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    set(peer, '/a', { ttl: 1_000 });
    set(peer, '/a', { ttl: 1 });
    expect(harness.core.dueMicros).toBe(harness.nowMicros + 1_000_000);
    harness.advance(1);
    expect(harness.core.paramCount).toBe(0);
  });

  it('removes the param when it is due, without visiting others', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    for (let i = 0; i < 1_000; i++) set(peer, `/p/${i}`, { ttl: 1 + (i % 10) });
    for (let second = 1; second <= 10; second++) {
      expect(harness.core.dueMicros).toBe(harness.nowMicros + 1_000_000);
      harness.advance(1);
      expect(harness.core.paramCount).toBe(1_000 - 100 * second);
    }
    expect(harness.core.dueMicros).toBe(Infinity);
  });

  it('that ends for many params at once removes them in parts, and all are invisible at once', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    const value = encodeValue(1);
    for (let i = 0; i < 2_500; i++) peer.send({ type: 'set', address: `/p/${i}`, value, ttl: 10 }, { qos: 0 });
    harness.nowMicros += 10_000_000;
    const counts: number[] = [];
    while (harness.core.dueMicros <= harness.nowMicros) {
      harness.core.runDue();
      counts.push(harness.core.paramCount);
      peer.subscribe(1, '/p/**');
      expect(peer.read()).toEqual([]);
    }
    const inOneTurn = Math.max(...counts.map((count, i) => (counts[i - 1] ?? 2_500) - count));
    expect(inOneTurn).toBeLessThanOrEqual(200); // of 100 steps each
    expect(counts.at(-1)).toBe(0);
  });

  it('that is renewed continuously uses one queue entry', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    for (let i = 0; i < 100; i++) {
      set(peer, '/a', { ttl: 10 });
      harness.advance(1);
    }
    expect(isThere(peer, '/a')).toBe(true);
    harness.advance(10);
    expect(harness.core.paramCount).toBe(0);
  });
});

describe('a revision', () => {
  it('continues after expiry: clients never see it decrease', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    for (let i = 0; i < 5; i++) set(peer, '/a', { ttl: 1 });
    harness.advance(1);
    peer.set('/a', 2);
    expect(peer.read()).toMatchObject([{ type: 'ack', revision: 6 }]);
  });

  it('continues after eviction too', () => {
    const harness = new CoreHarness({ maxParams: 1 });
    const peer = harness.join();
    for (const address of ['/a', '/a', '/b', '/a']) peer.set(address, 1);
    expect(peer.read().map((message) => (message.type === 'ack' ? message.revision : undefined))).toEqual([1, 2, 1, 3]);
  });
});

describe('a full store', () => {
  const fill = (eviction: 'lru' | 'oldest' | 'reject'): { harness: CoreHarness; peer: Peer } => {
    const harness = new CoreHarness({ maxParams: 3, eviction });
    const peer = harness.join();
    for (const address of ['/a', '/b', '/c']) set(peer, address);
    return { harness, peer };
  };

  it('evicts the least recently used param', () => {
    const { harness, peer } = fill('lru');
    set(peer, '/a'); // written again
    isThere(peer, '/b'); // read
    set(peer, '/d');
    expect(snapshot(harness).sort()).toEqual(['/a', '/b', '/d']);
  });

  it('evicts the least recently written param with eviction "oldest"', () => {
    const { harness, peer } = fill('oldest');
    set(peer, '/a');
    isThere(peer, '/b');
    set(peer, '/d');
    expect(snapshot(harness).sort()).toEqual(['/a', '/c', '/d']);
  });

  it('refuses the new param with ERROR 503 with eviction "reject"; existing ones can be written', () => {
    const { harness, peer } = fill('reject');
    peer.set('/d', 1);
    peer.set('/a', 1);
    expect(peer.read()).toMatchObject([
      { type: 'error', code: 503, message: 'State store at capacity: the limit is 3 params', address: '/d' },
      { type: 'ack', revision: 2 },
    ]);
    expect(snapshot(harness)).toEqual(['/a', '/b', '/c']);
  });

  it('evicts locked params last', () => {
    const { harness, peer } = fill('lru');
    for (const address of ['/a', '/b']) peer.send({ type: 'set', address, value: encodeValue(1), lock: true });
    for (const address of ['/d', '/e']) set(peer, address);
    expect(snapshot(harness).sort()).toEqual(['/a', '/b', '/e']);
    peer.send({ type: 'set', address: '/e', value: encodeValue(1), lock: true });
    set(peer, '/f');
    expect(snapshot(harness).sort()).toEqual(['/b', '/e', '/f']);
  });

  it('refuses a bundle entirely if it would not fit', () => {
    const harness = new CoreHarness({ maxParams: 3, eviction: 'reject' });
    const peer = harness.join();
    const write = (address: string) => ({ type: 'set', address, value: encodeValue(1) }) as const;
    peer.send({ type: 'bundle', messages: ['/a', '/b', '/b', '/c', '/d'].map(write) });
    expect(peer.read()).toMatchObject([{ type: 'error', code: 503, address: '/d' }]);
    expect(harness.core.paramCount).toBe(0);
    peer.send({ type: 'bundle', messages: ['/a', '/b', '/b', '/c'].map(write) });
    expect(harness.core.paramCount).toBe(3);
  });

  it('keeps snapshots of patterns correct while params are removed and recreated', () => {
    const harness = new CoreHarness({ maxParams: 50 });
    const peer = harness.join();
    for (let i = 0; i < 500; i++) set(peer, `/p/${i % 7}/${i % 90}`);
    const reader = harness.join();
    reader.subscribe(1, '/p/3/*');
    const found = reader
      .read()
      .flatMap((message) => (message.type === 'snapshot' ? message.params.map(({ address }) => address) : []));
    expect(found.sort()).toEqual(
      snapshot(harness)
        .filter((address) => address.startsWith('/p/3/'))
        .sort(),
    );
    expect(harness.core.paramCount).toBe(50);
  });
});
