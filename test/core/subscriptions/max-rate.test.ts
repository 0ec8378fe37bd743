import { describe, expect, it } from '@jest/globals';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, plain } from '../../support/core-harness.js';
import { joined, heard, valueOf, run } from './paced-peers.js';

describe('maxRate', () => {
  it('delivers at most maxRate + 1 in any second, evenly, and the trailing value', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/dim', { maxRate: 10 });
    const during = run(harness, lamp, { ms: 3_000, stepMs: 1, send: (i) => desk.set('/dim', i, { qos: 0 }) });
    for (let from = 0; from <= 2_000; from++) {
      expect(during.filter(({ at }) => at >= from && at < from + 1_000).length).toBeLessThanOrEqual(11);
    }
    expect(during.map(({ at }) => at)).toEqual(Array.from({ length: 31 }, (_, i) => i * 100));
    expect(during[30]).toEqual({ at: 3_000, value: 2_999 }); // the last one, at the end of its interval
    expect(run(harness, lamp, { ms: 500, stepMs: 1 })).toEqual([]);
  });

  it('delivers the first value after a pause at once, with its revision, and the flags of the SET', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/dim', { maxRate: 1 });
    desk.set('/dim', 1);
    desk.set('/dim', 2);
    expect(plain(lamp.read())).toEqual([{ type: 'set', address: '/dim', value: 1, revision: 1 }]);
    desk.send({ type: 'set', address: '/dim', value: encodeValue(3), lock: true, ttl: 0 });
    harness.advance(0.999_999);
    expect(lamp.read()).toEqual([]);
    harness.advance(0.000_001);
    expect(plain(lamp.read())).toEqual([{ type: 'set', address: '/dim', value: 3, revision: 3, lock: true, ttl: 0 }]);
    expect(harness.core.dueMicros).toBe(Infinity); // no work remains
  });

  it('paces each address separately', () => {
    const { peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/**', { maxRate: 1 });
    for (const address of ['/a', '/b', '/a', '/c']) desk.set(address, address);
    expect(heard(lamp)).toEqual(['/a', '/b', '/c']);
  });

  it('paces streams, but not events, timelines and gestures', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/**', { maxRate: 1 });
    for (let i = 0; i < 3; i++) {
      desk.publish('/s', 'stream', i);
      desk.publish('/e', 'event', 10 + i);
      desk.publish('/t', 'timeline', 20 + i);
      desk.publish('/g', 'gesture', 30 + i, { id: i, phase: 'start' });
    }
    expect(heard(lamp)).toEqual([0, 10, 20, 30, 11, 21, 31, 12, 22, 32]);
    harness.advance(1);
    expect(heard(lamp)).toEqual([2]);
  });

  it('delivers a stream to all subscribers except its sender, also when delayed', () => {
    const { harness, peers } = joined(3);
    const [desk, lamp, other] = peers;
    for (const peer of peers) peer.subscribe(1, '/s', { maxRate: 1 });
    desk.publish('/s', 'stream', 1);
    desk.publish('/s', 'stream', 2);
    harness.advance(1);
    expect([heard(desk), heard(lamp), heard(other)]).toEqual([[], [1, 2], [1, 2]]);
  });

  it('delivers a SET to its writer too', () => {
    const { harness, peers } = joined();
    const [desk] = peers;
    desk.subscribe(1, '/dim', { maxRate: 1 });
    desk.set('/dim', 1);
    desk.set('/dim', 2);
    harness.advance(1);
    expect(heard(desk)).toEqual([1, 2]);
  });

  it('of 0 is no limit', () => {
    const { peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/dim', { maxRate: 0 });
    for (let i = 0; i < 3; i++) desk.set('/dim', i);
    expect(heard(lamp)).toEqual([0, 1, 2]);
  });

  it('copies a pending message, whose buffer is reused', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/**', { maxRate: 1 });
    const value = encodeValue('waits');
    for (const address of ['/a', '/a']) desk.send({ type: 'set', address, value });
    for (let i = 0; i < 2; i++) desk.send({ type: 'publish', address: '/s', signal: 'stream', value });
    value.bytes.fill(0x2e);
    harness.advance(1);
    expect(heard(lamp)).toEqual(['waits', 'waits', 'waits', 'waits']);
  });

  it('sends nothing to sessions that ended or unsubscribed in the meantime', () => {
    const { harness, peers } = joined(3);
    const [desk, lamp, other] = peers;
    lamp.subscribe(1, '/dim', { maxRate: 1 });
    other.subscribe(1, '/dim', { maxRate: 1 });
    desk.set('/dim', 1);
    desk.set('/dim', 2);
    expect([heard(lamp), heard(other)]).toEqual([[1], [1]]);
    lamp.send({ type: 'unsubscribe', id: 1 });
    other.leave();
    harness.advance(1);
    expect(heard(lamp)).toEqual([]);
    expect(other.session.holdings.pacedSubscriptions).toBe(0);
  });

  it('keeps its state while other subscriptions are added and removed', () => {
    const { harness, peers } = joined(3);
    const [desk, lamp, other] = peers;
    lamp.subscribe(1, '/dim', { maxRate: 1 });
    desk.set('/dim', 1);
    other.subscribe(1, '/**');
    desk.set('/dim', 2);
    other.send({ type: 'unsubscribe', id: 1 });
    desk.set('/dim', 3);
    expect(heard(lamp)).toEqual([1]); // still within the interval
    harness.advance(1);
    expect(heard(lamp)).toEqual([3]);
  });

  it('applies to a congested session, and conflates', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/dim', { maxRate: 1 });
    lamp.read();
    lamp.session.phase = 'congested';
    for (let i = 0; i < 4; i++) {
      desk.set('/dim', i);
      harness.advance(1);
    }
    expect(lamp.readBacklog().flatMap(valueOf)).toEqual([3]);
  });

  it('writes one message for a thousand sessions that are due together', () => {
    const harness = new CoreHarness();
    const desk = harness.join();
    const lamps = Array.from({ length: 1_000 }, () => harness.join());
    for (const lamp of lamps) lamp.subscribe(1, '/dim', { maxRate: 30 });
    for (let i = 0; i < 5; i++) desk.set('/dim', i);
    harness.core.takeDirty();
    const before = lamps.map(({ session }) => session.outbox.take(false).byteLength);
    harness.advance(0.04);
    const ranges = lamps.map(({ session }) => session.outbox.take(false));
    expect(new Set(before).size).toBe(1);
    // Views of the same bytes: one encoding is delivered a thousand times.
    expect(new Set(ranges.map(({ byteOffset }) => byteOffset)).size).toBe(1);
    expect(new Set(ranges.map(({ buffer }) => buffer)).size).toBe(1);
  });
});
