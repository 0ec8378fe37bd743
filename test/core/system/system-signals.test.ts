import { describe, expect, it } from '@jest/globals';
import type { Value } from '../../../src/protocol/values/value.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer, plain, START_MICROS } from '../../support/core-harness.js';

/** The router state that a peer received since the last call: params by snapshot or SET, events by their address. */
function told(peer: Peer): Map<string, Value> {
  const all = new Map<string, Value>();
  for (const message of peer.read()) {
    if (message.type === 'snapshot') for (const { address, value } of message.params) all.set(address, value.decode());
    else if (message.type === 'set') all.set(message.address, message.value.decode());
    else if (message.type === 'publish') all.set(message.address, message.value?.decode() ?? null);
  }
  return all;
}

describe('router state', () => {
  it('publishes name, version, uptime and counts to subscribers', () => {
    const harness = new CoreHarness();
    const desk = harness.join('desk');
    desk.set('/a', 1);
    harness.advance(90.5);
    const watcher = harness.join('watcher');
    watcher.subscribe(1, '/$clasp/*');
    watcher.subscribe(2, '/$clasp/counts/**');
    expect(told(watcher)).toEqual(
      new Map<string, Value>([
        ['/$clasp/name', 'Test Router'],
        ['/$clasp/version', '1.2.3'],
        ['/$clasp/startedAt', BigInt(START_MICROS)],
        ['/$clasp/uptimeSeconds', 90n],
        ['/$clasp/counts/sessions', 2n],
        ['/$clasp/counts/subscriptions', 0n], // at the time of the request
        ['/$clasp/counts/params', 1n],
        ['/$clasp/counts/signals', 0n],
        ['/$clasp/counts/pendingBundles', 0n],
        ['/$clasp/counts/congested', 0n],
        ['/$clasp/counts/queuedBytes', 0n],
      ]),
    );
  });

  it('publishes changes once per second, with rates', () => {
    const harness = new CoreHarness();
    const [desk, watcher] = [harness.join(), harness.join()];
    watcher.subscribe(1, '/$clasp/**', undefined, ['param']);
    told(watcher);
    for (let i = 0; i < 500; i++) desk.set(`/p/${i % 5}`, i, { qos: 0 });
    harness.advance(0.5);
    expect(watcher.read()).toEqual([]);
    harness.advance(0.5);
    const news = told(watcher);
    expect(news.get('/$clasp/counts/params')).toBe(5n);
    expect(news.get('/$clasp/rates/messages')).toBe(503); // two HELLOs and the SUBSCRIBE
    expect(news.has('/$clasp/name')).toBe(false); // has not changed
    harness.advance(1);
    expect(told(watcher).get('/$clasp/rates/messages')).toBe(0);
  });

  it('counts undelivered messages, and the lateness of bundles', () => {
    const harness = new CoreHarness({ maxParams: 1 });
    const [desk, watcher] = [harness.join(), harness.join()];
    desk.set('/a', 1);
    desk.set('/b', 1);
    desk.send({ type: 'rateLimited', messagesPerSecond: 1, dropped: 7 });
    const messages = [{ type: 'set', address: '/b', value: encodeValue(2) }] as const;
    desk.send({ type: 'bundle', timestamp: harness.nowMicros + 1_000, messages });
    harness.nowMicros += 1_250;
    harness.core.runDue();
    watcher.subscribe(1, '/$clasp/**', undefined, ['param']);
    const all = told(watcher);
    expect([...all].filter(([address]) => /drops|schedule/.test(address))).toEqual([
      ['/$clasp/drops/rateLimited', 7n],
      ['/$clasp/drops/malformed', 0n],
      ['/$clasp/drops/conflated', 0n],
      ['/$clasp/drops/dropped', 0n],
      ['/$clasp/drops/overflows', 0n],
      ['/$clasp/drops/evictedParams', 1n],
      ['/$clasp/drops/expiredParams', 0n],
      ['/$clasp/drops/evictedSignals', 0n],
      ['/$clasp/drops/droppedBundles', 0n],
      ['/$clasp/drops/droppedWills', 0n],
      ['/$clasp/schedule/bundles', 1n],
      ['/$clasp/schedule/lastErrorMicros', 250n],
      ['/$clasp/schedule/worstErrorMicros', 250n],
    ]);
  });

  it('answers GET of a single param', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    peer.send({ type: 'get', address: '/$clasp/version' });
    expect(told(peer)).toEqual(new Map([['/$clasp/version', '1.2.3']]));
    peer.send({ type: 'get', address: '/$clasp/nothing' });
    expect(peer.read()).toMatchObject([{ type: 'error', code: 201 }]);
  });

  it('reaches only subscribers that name it: not /**, /*, nor a wildcard within the segment', () => {
    const harness = new CoreHarness();
    const [everything, watcher] = [harness.join(), harness.join()];
    watcher.subscribe(1, '/$clasp/**');
    const patterns = ['/**', '/*', '/*/**', '/$*/**', '/$clas*/**', '/**/version', '/*/counts/sessions', '/$claspx/**'];
    for (const [id, pattern] of patterns.entries()) everything.subscribe(id, pattern);
    harness.join('newcomer');
    harness.advance(5);
    expect(everything.read()).toEqual([]);
    expect(told(watcher).size).toBeGreaterThan(10);
    const late = harness.connect();
    late.send({ type: 'hello', version: 1, name: 'late', features: [] });
    expect(late.read()).toMatchObject([{ type: 'welcome' }, { type: 'snapshot', params: [] }]);
  });

  it('uses no timer and stores nothing without subscribers', () => {
    const harness = new CoreHarness();
    const watcher = harness.join();
    expect(harness.core.dueMicros).toBe(Infinity);
    watcher.subscribe(1, '/$clasp/version');
    expect(harness.core.dueMicros).toBe(harness.nowMicros + 1_000_000);
    watcher.send({ type: 'unsubscribe', id: 1 });
    expect(harness.core.dueMicros).toBe(Infinity);
  });

  it('cannot be written by clients', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    const value = encodeValue(1);
    const set = { type: 'set', address: '/$clasp/version', value } as const;
    peer.send(set);
    peer.send({ type: 'publish', address: '/$clasp', signal: 'event', value });
    peer.send({ type: 'bundle', messages: [set] });
    peer.send({ type: 'announce', namespace: '', signals: [{ address: '/$clasp/x', type: 'param' }] });
    expect(peer.read()).toMatchObject(Array.from({ length: 4 }, () => ({ type: 'error', code: 403 })));
    peer.set('/$claspx', 1); // an ordinary address
    expect(peer.read()).toMatchObject([{ type: 'ack' }]);
  });

  it('is paced like other params', () => {
    const harness = new CoreHarness();
    const watcher = harness.join();
    watcher.subscribe(1, '/$clasp/uptimeSeconds', { epsilon: 10 });
    told(watcher);
    for (let i = 0; i < 25; i++) harness.advance(1);
    expect(plain(watcher.read())).toMatchObject([{ value: 10n }, { value: 20n }]);
  });
});

describe('presence', () => {
  it('publishes the connected sessions to late joiners, with name and transport, time of connection and of the last message', () => {
    const harness = new CoreHarness();
    const desk = harness.join('desk');
    harness.advance(3);
    const watcher = harness.join('watcher');
    watcher.subscribe(1, `/$clasp/sessions/${desk.id}/**`);
    expect(told(watcher)).toEqual(
      new Map<string, Value>([
        [`/$clasp/sessions/${desk.id}/name`, 'desk'],
        [`/$clasp/sessions/${desk.id}/transport`, 'test'],
        [`/$clasp/sessions/${desk.id}/connectedAt`, BigInt(START_MICROS)],
        [`/$clasp/sessions/${desk.id}/lastSeen`, BigInt(START_MICROS)],
        [`/$clasp/sessions/${desk.id}/online`, true],
      ]),
    );
  });

  it('publishes at once which sessions connect and end, and how they end', () => {
    const harness = new CoreHarness();
    const watcher = harness.join('watcher');
    watcher.subscribe(1, '/$clasp/sessions/**');
    told(watcher);
    const desk = harness.join('desk');
    const place = `/$clasp/sessions/${desk.id}`;
    expect(told(watcher).get(`${place}/connect`)).toEqual(
      new Map([
        ['session', desk.id],
        ['name', 'desk'],
      ]),
    );
    desk.leave('lost');
    const news = told(watcher);
    expect(news.get(`${place}/online`)).toBe(false);
    expect(news.get(`${place}/disconnect`)).toEqual(
      new Map([
        ['session', desk.id],
        ['name', 'desk'],
        ['reason', 'lost'],
      ]),
    );
    const late = harness.join('late');
    late.subscribe(1, `${place}/**`);
    expect(told(late).size).toBe(0); // removed without a trace
  });

  it('includes sessions that ended while there were no subscribers', () => {
    const harness = new CoreHarness();
    const [watcher, desk] = [harness.join('watcher'), harness.join('desk')];
    watcher.subscribe(1, '/$clasp/sessions/*/name');
    expect([...told(watcher).values()]).toEqual(['watcher', 'desk']);
    watcher.send({ type: 'unsubscribe', id: 1 });
    desk.leave();
    harness.join('other');
    harness.advance(1);
    watcher.subscribe(1, '/$clasp/sessions/*/name');
    expect([...told(watcher).values()]).toEqual(['watcher', 'other']);
  });

  it('excludes sessions without HELLO', () => {
    const harness = new CoreHarness();
    const watcher = harness.join('watcher');
    watcher.subscribe(1, '/$clasp/sessions/**');
    told(watcher);
    const silent = harness.connect();
    harness.advance(2);
    silent.leave('helloTimeout');
    expect([...told(watcher).keys()].filter((address) => address.includes(silent.id))).toEqual([]);
  });

  it('can be disabled', () => {
    const harness = new CoreHarness({ presence: false });
    const watcher = harness.join('watcher');
    watcher.subscribe(1, '/$clasp/sessions/**');
    harness.join('desk').leave();
    harness.advance(2);
    expect(watcher.read()).toEqual([]);
  });
});
