import { describe, expect, it } from '@jest/globals';
import { MAX_ANNOUNCE_STEPS } from '../../../src/core/announce/announce-handler.js';
import type { SignalDefinition } from '../../../src/protocol/messages/message.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import type { Scope } from '../../../src/protocol/scope.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer, plain } from '../../support/core-harness.js';

const signal = (address: string, more: Partial<SignalDefinition> = {}): SignalDefinition => ({
  address,
  type: 'param',
  ...more,
});
const many = (count: number, prefix: string): SignalDefinition[] =>
  Array.from({ length: count }, (_, i) => signal(`${prefix}/${i}`));
const scope = (action: Scope['action'], pattern: string): Scope => ({ action, pattern: parsePattern(pattern) });

function announce(peer: Peer, ...signals: readonly SignalDefinition[]): unknown[] {
  peer.send({ type: 'announce', namespace: '/desk', signals });
  return plain(peer.read());
}

function announced(harness: CoreHarness): string[] {
  const { signals } = harness.core.state();
  return signals.map((one) => (one as { address: string }).address);
}

const isTaken = [{ type: 'ack', address: '/desk' }];

describe('an ANNOUNCE', () => {
  it('accepts a frame full of usual definitions', () => {
    const harness = new CoreHarness();
    const signals = Array.from({ length: 1_600 }, (_, i) =>
      signal(`/lights/${i}/dimmer`, { datatype: 'f32', access: 'rw' }),
    );
    expect(announce(harness.join(), ...signals)).toEqual(isTaken);
  });

  it('is refused with ERROR 429 and the numbers if it takes too many steps, and none of it is kept', () => {
    const harness = new CoreHarness();
    const desk = harness.join();
    const before = harness.core.steps;
    const message = 'Announcement refused: to keep 5000 signals takes more than 100000 steps; announce fewer at once';
    expect(announce(desk, ...many(5_000, ''))).toEqual([{ type: 'error', code: 429, message }]);
    expect(harness.core.steps - before).toBeLessThan(1.1 * MAX_ANNOUNCE_STEPS);
    expect(harness.core.signalCount).toBe(0);
  });

  it('is refused with ERROR 202 if a pattern has more "**" than permitted', () => {
    const harness = new CoreHarness();
    const text = 'invalid pattern: it has 5 "**"; the limit is 4';
    const address = '/**/a/**/b/**/c/**/d/**';
    expect(announce(harness.join(), signal('/a'), signal(address))).toEqual([
      { type: 'error', code: 202, message: text, address },
    ]);
    expect(harness.core.signalCount).toBe(0);
  });

  it('is compared with the scopes of its token within the same limit, however unusual both are', () => {
    const harness = new CoreHarness({ securityMode: 'authenticated', maxGlobstars: 0 });
    const hostile = `/guest/${'**/a*/*/'.repeat(41)}b`;
    const scopes = Array.from({ length: 100 }, (_, i) => scope('write', `/guest/${'**/a*/'.repeat(60)}${i}`));
    const guest = harness.joinWith({ scopes: [...scopes, scope('write', '/guest/**')] });
    const before = harness.core.steps;
    const [answer] = announce(guest, ...Array.from({ length: 50 }, (_, i) => signal(`${hostile}${i}`)));
    expect(answer).toMatchObject({ type: 'error' });
    expect(harness.core.steps - before).toBeLessThan(2 * MAX_ANNOUNCE_STEPS);
    expect(harness.core.signalCount).toBe(0);
  });
});

describe('announced signals of several owners', () => {
  it('at the limit, are evicted after their session has ended, oldest first', () => {
    const harness = new CoreHarness({ maxSignals: 1_000 });
    const [flooder, desk] = [harness.join(), harness.join()];
    announce(flooder, ...many(1_000, '/flood'));
    flooder.leave();
    expect(announce(desk, ...many(10, '/desk'))).toEqual(isTaken);
    expect(announced(harness)).toEqual([
      ...many(990, '/flood').map((_, i) => `/flood/${i + 10}`),
      ...many(10, '/desk').map(({ address }) => address),
    ]);
    expect(harness.core.statistics().drops.evictedSignals).toBe(10);
  });

  it('are evicted while their session is connected, if its owner would still have more than the other', () => {
    const harness = new CoreHarness({ maxSignals: 1_000 });
    const [flooder, desk] = [harness.join(), harness.join()];
    announce(flooder, ...many(1_000, '/flood'));
    expect(announce(desk, ...many(400, '/desk'))).toEqual(isTaken);
    expect(announced(harness).filter((address) => address.startsWith('/desk'))).toHaveLength(400);
    const message = '1000 signals are announced; 200 more would pass the limit of 1000';
    expect(announce(desk, ...many(200, '/more'))).toEqual([{ type: 'error', code: 400, message }]);
    expect(announced(harness).filter((address) => address.startsWith('/flood'))).toHaveLength(600); // none was evicted
    announce(harness.join(), signal('/third'));
    expect(harness.core.signalCount).toBe(1_000); // the count is consistent again
  });

  it('of the owner with the largest use are not evicted for it: it is refused', () => {
    const harness = new CoreHarness({ maxSignals: 1_000 });
    const [flooder, desk] = [harness.join(), harness.join()];
    announce(desk, ...many(10, '/desk'));
    announce(flooder, ...many(990, '/flood'));
    expect(announce(flooder, signal('/one/more'))).toMatchObject([{ type: 'error', code: 400 }]);
    expect(announced(harness)).toHaveLength(1_000);
  });

  it('left behind by many owners are evicted together, although no single owner has enough', () => {
    const harness = new CoreHarness({ maxSignals: 1_000 });
    for (let i = 0; i < 100; i++) {
      const visitor = harness.join();
      announce(visitor, ...many(10, `/visitor/${i}`));
      visitor.leave();
    }
    expect(announce(harness.join(), ...many(50, '/desk'))).toEqual(isTaken);
    expect(harness.core.signalCount).toBe(1_000);
  });

  it('are evicted by bytes as well', () => {
    const harness = new CoreHarness({ maxSignalBytes: 100_000 });
    const [flooder, desk] = [harness.join(), harness.join()];
    const text = 'x'.repeat(9_000);
    for (let i = 0; i < 10; i++) announce(flooder, signal(`/flood/${i}`, { meta: { description: text } }));
    flooder.leave();
    expect(announce(desk, signal('/desk', { meta: { description: text } }))).toEqual(isTaken);
    expect(announced(harness)).toEqual([...many(9, '').map((_, i) => `/flood/${i + 1}`), '/desk']);
  });

  it('of the router itself are never evicted, and apply again when a client’s definition of the same address is removed', () => {
    const definitions = [signal('/own', { datatype: 'f32' })];
    const harness = new CoreHarness({ maxSignals: 4, signals: { definitions, check: () => undefined } });
    const [visitor, desk] = [harness.join(), harness.join()];
    announce(visitor, signal('/own', { datatype: 'string' }), signal('/x'), signal('/y'));
    expect(harness.core.state().signals[0]).toMatchObject({ address: '/own', datatype: 'string' });
    visitor.leave();
    expect(announce(desk, signal('/a'))).toEqual(isTaken);
    expect(harness.core.state().signals).toEqual([
      { address: '/own', type: 'param', datatype: 'f32' },
      { address: '/x', type: 'param' },
      { address: '/y', type: 'param' },
      { address: '/a', type: 'param' },
    ]);
    expect(announce(desk, signal('/b'))).toEqual(isTaken);
    expect(announce(desk, signal('/c'))).toMatchObject([{ type: 'error', code: 400 }]);
    expect(announced(harness)).toEqual(['/own', '/y', '/a', '/b']);
  });

  it('of an earlier router are evicted like those of an owner without a session', () => {
    const harness = new CoreHarness({ maxSignals: 10 });
    harness.core.restore({ params: [], gone: [], signals: many(10, '/old') });
    expect(announce(harness.join(), ...many(5, '/new'))).toEqual(isTaken);
    expect(announced(harness).filter((address) => address.startsWith('/old'))).toHaveLength(5);
  });
});

describe('announced patterns that SETs are checked against', () => {
  const options = { checkAnnounced: true, maxMatchSteps: 4_096 } as const;
  const heavy = (i: number): SignalDefinition => signal(`/**/a/**/x${i}/**`, { meta: { range: [0, 1] } });

  it('can take a quarter of the steps per owner: ERROR 429 with the numbers, and none of it is kept', () => {
    const harness = new CoreHarness(options);
    const signals = Array.from({ length: 10 }, (_, i) => heavy(i));
    expect(announce(harness.join(), ...signals)).toMatchObject([
      {
        type: 'error',
        code: 429,
        message: 'Announcement refused: its patterns would take 5120 steps to match; the limit is 1024',
      },
    ]);
    expect(harness.core.signalCount).toBe(0);
  });

  it('are evicted for those of other owners if they are left behind', () => {
    const harness = new CoreHarness(options);
    for (let i = 0; i < 4; i++) {
      const visitor = harness.join();
      expect(announce(visitor, heavy(2 * i), heavy(2 * i + 1))).toEqual(isTaken);
      visitor.leave();
    }
    expect(announce(harness.join(), heavy(100))).toEqual(isTaken);
    expect(announced(harness)).toHaveLength(8);
  });

  it('cost a write to a new address a bounded number of steps', () => {
    const harness = new CoreHarness({ ...options, maxMatchSteps: 65_536 });
    for (let i = 0; i < 50; i++) {
      const visitor = harness.join();
      for (let k = 0; k < 100; k++) announce(visitor, heavy(100 * i + k));
      visitor.leave();
    }
    const desk = harness.join();
    const before = harness.core.steps;
    desk.set('/a'.repeat(127), 0.5);
    expect(harness.core.steps - before).toBeLessThan(100_000);
    expect(desk.read()).toMatchObject([{ type: 'ack' }]);
  });

  it('have no limit if SETs are not checked', () => {
    const harness = new CoreHarness({ ...options, checkAnnounced: false });
    expect(announce(harness.join(), ...Array.from({ length: 10 }, (_, i) => heavy(i)))).toEqual(isTaken);
  });

  it('still determine what can be written', () => {
    const harness = new CoreHarness(options);
    const desk = harness.join();
    announce(desk, heavy(1));
    desk.send({ type: 'set', address: '/q/a/b/x1', value: encodeValue(2) });
    expect(desk.read()).toMatchObject([{ type: 'error', code: 402 }]);
  });
});
