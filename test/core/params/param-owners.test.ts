import { describe, expect, it } from '@jest/globals';
import type { Grant } from '../../../src/core/ports.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import { parseScopes } from '../../../src/protocol/scope.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer } from '../../support/core-harness.js';

const one = encodeValue(1);

const token = (tokenId: string, scopes: string): Partial<Grant> => ({ tokenId, scopes: parseScopes(scopes) });

/** Number of params by the first segment of their address. */
function counts(harness: CoreHarness): Record<string, number> {
  const { params } = harness.core.viewParams({ pattern: '/**', limit: 10_000, maxLooked: 10_000, maxValueBytes: 0 });
  const counts: Record<string, number> = {};
  for (const { address } of params) {
    const first = address.split('/')[1]!;
    counts[first] = (counts[first] ?? 0) + 1;
  }
  return counts;
}

function fill(peer: Peer, prefix: string, count: number, value: string | number = 1): void {
  for (let i = 0; i < count; i++) peer.set(`${prefix}/${i}`, value, { qos: 0 });
}

describe('a full store with tokens', () => {
  const authenticated = { securityMode: 'authenticated', maxParams: 100 } as const;

  it('evicts only own params for a narrow token', () => {
    const harness = new CoreHarness(authenticated);
    const desk = harness.joinWith(token('desk', 'write:/**'));
    const guest = harness.joinWith(token('guest', 'write:/guest/**'));
    fill(guest, '/guest', 10);
    fill(desk, '/lights', 90);
    fill(guest, '/guest/more', 1_000);
    expect(counts(harness)).toEqual({ guest: 10, lights: 90 });
  });

  it('refuses the first param of a narrow token with ERROR 503 if it would evict one outside of its scope', () => {
    const harness = new CoreHarness(authenticated);
    fill(harness.joinWith(token('desk', 'write:/**')), '/lights', 100);
    const guest = harness.joinWith(token('guest', 'write:/guest/**'));
    guest.read();
    guest.set('/guest/1', 1);
    expect(guest.read()).toMatchObject([
      { type: 'error', code: 503, message: 'State store at capacity: the limit is 100 params', address: '/guest/1' },
    ]);
    expect(counts(harness)).toEqual({ lights: 100 });
  });

  it('treats the sessions of a token as one owner', () => {
    const harness = new CoreHarness(authenticated);
    const desk = harness.joinWith(token('desk', 'write:/**'));
    fill(desk, '/lights', 90);
    for (let i = 0; i < 20; i++) fill(harness.joinWith(token('guest', 'write:/guest/**')), `/guest/${i}`, 50);
    expect(counts(harness)).toEqual({ guest: 10, lights: 90 });
  });

  it('evicts params of the owner with the largest use for a token that can write everywhere', () => {
    const harness = new CoreHarness(authenticated);
    fill(harness.joinWith(token('guest', 'write:/guest/**')), '/guest', 1_000);
    fill(harness.joinWith(token('desk', 'write:/**')), '/lights', 30);
    expect(counts(harness)).toEqual({ guest: 70, lights: 30 });
  });

  it('applies a bundle entirely if a narrow token has one param to evict', () => {
    const harness = new CoreHarness(authenticated);
    const guest = harness.joinWith(token('guest', 'write:/guest/**'));
    fill(guest, '/guest', 1);
    fill(harness.joinWith(token('desk', 'write:/**')), '/lights', 99);
    guest.read();
    guest.send({
      type: 'bundle',
      messages: ['/guest/a', '/guest/b', '/guest/c'].map((address) => ({ type: 'set', address, value: one })),
    });
    expect(guest.read()).toMatchObject([{ type: 'ack' }]);
    expect(counts(harness)).toEqual({ guest: 1, lights: 99 });
  });
});

describe('a full store without authentication', () => {
  it('evicts params of the owner with the largest use, so that a flood does not affect other owners', () => {
    const harness = new CoreHarness({ maxParams: 100 });
    const desk = harness.join();
    fill(desk, '/lights', 30);
    fill(harness.join(), '/flood', 1_000);
    expect(counts(harness)).toEqual({ lights: 30, flood: 70 });
  });

  it('evicts the least recently used params, and locked ones last', () => {
    const harness = new CoreHarness({ maxParams: 3 });
    const desk = harness.join();
    desk.send({ type: 'set', address: '/a', value: one, lock: true });
    fill(desk, '/b', 2);
    fill(desk, '/c', 2);
    expect(counts(harness)).toEqual({ a: 1, c: 2 });
  });
});

describe('maxParamBytes', () => {
  it('bounds the bytes of values, for all writers', () => {
    const harness = new CoreHarness({ maxParamBytes: 1_000_000 });
    const desk = harness.join();
    fill(desk, '/lights', 100);
    fill(harness.join(), '/large', 200, 'x'.repeat(60_000));
    expect(harness.core.paramBytes).toBeLessThanOrEqual(1_000_000);
    expect(counts(harness)).toMatchObject({ lights: 100 });
  });

  it('counts a value that grows', () => {
    const harness = new CoreHarness({ maxParamBytes: 200_000 });
    const desk = harness.join();
    fill(desk, '/a', 10);
    fill(desk, '/a', 10, 'x'.repeat(60_000));
    expect(harness.core.paramBytes).toBeLessThanOrEqual(200_000);
    expect(counts(harness)).toEqual({ a: 3 });
  });

  it('counts the history of a param', () => {
    const harness = new CoreHarness({
      maxParamBytes: 200_000,
      historyRules: [{ pattern: parsePattern('/**'), depth: 10_000 }],
    });
    const desk = harness.join();
    for (let i = 0; i < 50; i++) for (const name of ['/a', '/b', '/c']) desk.set(name, 'x'.repeat(1_000), { qos: 0 });
    expect(harness.core.paramBytes).toBeLessThanOrEqual(200_000);
  });

  it('refuses what does not fit if params are never evicted', () => {
    const harness = new CoreHarness({ maxParamBytes: 100_000, eviction: 'reject' });
    const desk = harness.join();
    desk.read();
    desk.set('/a', 'x'.repeat(60_000));
    desk.set('/b', 1);
    desk.set('/b', 'x'.repeat(60_000));
    expect(desk.read()).toMatchObject([
      { type: 'ack' },
      { type: 'ack' },
      { type: 'error', code: 503, message: 'State store at capacity: the limit is 100000 bytes', address: '/b' },
    ]);
  });
});
