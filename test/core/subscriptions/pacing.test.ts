import { describe, expect, it } from '@jest/globals';
import type { Message } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer, plain } from '../../support/core-harness.js';

function joined(count: 2 | 3 = 2): { harness: CoreHarness; peers: [Peer, Peer, Peer] } {
  const harness = new CoreHarness();
  const peers: [Peer, Peer, Peer] = [harness.join('desk'), harness.join('lamp'), harness.join('other')];
  if (count === 2) peers[2].leave();
  return { harness, peers };
}

/** The values of the SETs and PUBLISHes that a peer received since the last call. */
function heard(peer: Peer): unknown[] {
  return peer.read().flatMap(valueOf);
}

function valueOf(message: Message): unknown[] {
  if (message.type === 'set') return [message.value.decode()];
  if (message.type === 'publish') return [message.samples ?? message.value?.decode()];
  return [];
}

/**
 * Sends a message per `stepMs` for `ms` milliseconds; returns what the subscriber receives, with times in milliseconds.
 */
function run(
  harness: CoreHarness,
  listener: Peer,
  options: { readonly ms: number; readonly stepMs: number; readonly send?: (i: number) => void },
): { at: number; value: unknown }[] {
  const all: { at: number; value: unknown }[] = [];
  for (let ms = 0; ms < options.ms; ms++) {
    if (ms % options.stepMs === 0) options.send?.(ms / options.stepMs);
    for (const value of heard(listener)) all.push({ at: ms, value });
    harness.advance(0.001);
    for (const value of heard(listener)) all.push({ at: ms + 1, value });
  }
  return all;
}

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

describe('epsilon', () => {
  it('suppresses smaller changes, measured from the last delivery', () => {
    const { peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/dim', { epsilon: 0.1 });
    for (const value of [0.5, 0.55, 0.59, 0.61, 0.62, 0.52, 0.5]) desk.set('/dim', value);
    expect(heard(lamp)).toEqual([0.5, 0.61, 0.5]); // slow drift accumulates
  });

  it('compares with the value in the snapshot of the subscription', () => {
    const { peers } = joined();
    const [desk, lamp] = peers;
    desk.set('/dim', 0.5);
    lamp.subscribe(1, '/dim', { epsilon: 0.1 });
    lamp.read();
    desk.set('/dim', 0.55);
    desk.set('/dim', 0.45);
    expect(heard(lamp)).toEqual([]);
    desk.set('/dim', 0.39);
    expect(heard(lamp)).toEqual([0.39]);
  });

  it('compares with the value returned by GET', () => {
    const { peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/dim', { epsilon: 0.1 });
    desk.set('/dim', 0.5);
    desk.set('/dim', 0.59);
    lamp.send({ type: 'get', address: '/dim' });
    lamp.read();
    desk.set('/dim', 0.61); // far from 0.5, but the session has 0.59
    expect(heard(lamp)).toEqual([]);
  });

  it('compares Int and Float as numbers, and delivers other values always', () => {
    const { peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/x', { epsilon: 2 });
    for (const value of [1n, 2.5, 3.5, NaN, 3.5, 'a', 'a', 3n, null, [1, 2]]) desk.set('/x', value);
    expect(heard(lamp)).toEqual([1n, 3.5, NaN, 3.5, 'a', 'a', 3n, null, [1, 2]]);
  });

  it('delivers a lock and an unlock with any value', () => {
    const { peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/x', { epsilon: 2 });
    desk.set('/x', 1);
    desk.send({ type: 'set', address: '/x', value: encodeValue(1), lock: true });
    desk.send({ type: 'set', address: '/x', value: encodeValue(1), unlock: true });
    expect(lamp.read()).toMatchObject([{ revision: 1 }, { lock: true }, { unlock: true }]);
  });

  it.each([0, -1, NaN])('of %p suppresses nothing', (epsilon) => {
    const { peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/x', { epsilon });
    for (let i = 0; i < 3; i++) desk.set('/x', 7);
    expect(heard(lamp)).toEqual([7, 7, 7]);
  });

  it('with maxRate sends nothing if the value has returned by the end of the interval', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/x', { epsilon: 0.1, maxRate: 1 });
    for (const value of [0, 1, 0.05]) desk.set('/x', value);
    harness.advance(1);
    expect(heard(lamp)).toEqual([0]);
    desk.set('/x', 0.2);
    expect(heard(lamp)).toEqual([0.2]);
  });
});

describe('window', () => {
  it('collects the samples of a stream into one PUBLISH', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/mic', { window: 50 });
    const all = run(harness, lamp, {
      ms: 200,
      stepMs: 10,
      send: (i) => desk.publish('/mic', 'stream', i, { rate: 100 }),
    });
    expect(all).toEqual([
      { at: 50, value: [0, 1, 2, 3, 4] },
      { at: 100, value: [5, 6, 7, 8, 9] },
      { at: 150, value: [10, 11, 12, 13, 14] },
      { at: 200, value: [15, 16, 17, 18, 19] },
    ]);
  });

  it('preserves rate, ID, and the time of the first sample', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/mic', { window: 50 });
    for (const timestamp of [1_000, 2_000]) {
      desk.send({ type: 'publish', address: '/mic', signal: 'stream', samples: [0.1, 0.2], rate: 8, id: 3, timestamp });
    }
    harness.advance(0.05);
    expect(plain(lamp.read())).toEqual([
      {
        type: 'publish',
        address: '/mic',
        signal: 'stream',
        samples: [0.1, 0.2, 0.1, 0.2],
        rate: 8,
        id: 3,
        timestamp: 1_000,
        phase: 'start', // the binary encoding writes this for a missing phase
      },
    ]);
  });

  it('preserves the order of a message that is no sample', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/mic', { window: 50 });
    for (const value of [1, 2, 'mark', 3n]) desk.publish('/mic', 'stream', value);
    expect(heard(lamp)).toEqual([[1, 2], 'mark']);
    harness.advance(0.05);
    expect(heard(lamp)).toEqual([[3]]);
  });

  it('with maxRate replaces a pending message without samples by later samples: the latest applies, and nothing gets stuck', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/mic', { window: 50, maxRate: 1 });
    for (const value of ['first', 'waits', 1, 2]) desk.publish('/mic', 'stream', value);
    expect(heard(lamp)).toEqual(['first']);
    harness.advance(1);
    expect(heard(lamp)).toEqual([[1, 2]]);
    lamp.subscribe(2, '/**');
    desk.publish('/mic', 'stream', 'last');
    expect(heard(lamp)).toEqual(['last']);
  });

  it('that has ended sends its samples before further messages', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/mic', { window: 50, maxRate: 100 });
    desk.publish('/mic', 'stream', 1);
    lamp.subscribe(1, '/mic', { maxRate: 100 });
    desk.publish('/mic', 'stream', 2);
    harness.advance(1);
    expect(heard(lamp)).toEqual([[1], 2]);
  });

  it('with epsilon omits samples that hardly differ from the previous one', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/mic', { window: 50, epsilon: 1 });
    for (const value of [1, 1.5, 2, 2.9, 0]) desk.publish('/mic', 'stream', value);
    harness.advance(0.05);
    expect(heard(lamp)).toEqual([[1, 2, 0]]);
  });

  it('holds at most the samples of one message', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/mic', { window: 4_294_967_295 });
    const samples = Array.from({ length: 1_000 }, (_, i) => i);
    for (let i = 0; i < 9; i++) desk.send({ type: 'publish', address: '/mic', signal: 'stream', samples });
    expect(heard(lamp)).toHaveLength(2); // 4,000 each
    const many = Array.from({ length: 8_000 }, (_, i) => i); // nearly a frame
    desk.send({ type: 'publish', address: '/mic', signal: 'stream', samples: many });
    expect(heard(lamp)).toEqual([samples, many]);
    expect(harness.core.dueMicros).toBeGreaterThan(harness.nowMicros);
  });

  it('sends nothing if all of its samples are within epsilon of the last one sent', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/mic', { window: 50, epsilon: 1 });
    desk.publish('/mic', 'stream', 5);
    harness.advance(0.05);
    expect(heard(lamp)).toEqual([[5]]);
    for (const value of [5.5, 4.5]) desk.publish('/mic', 'stream', value);
    harness.advance(1);
    expect(heard(lamp)).toEqual([]);
  });

  it('with maxRate is sent when both permit it, and loses no sample', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/mic', { window: 50, maxRate: 2 });
    const all = run(harness, lamp, { ms: 1_200, stepMs: 50, send: (i) => desk.publish('/mic', 'stream', i) });
    expect(all.map(({ at }) => at)).toEqual([50, 550, 1_050]);
    expect(all.flatMap(({ value }) => value)).toEqual(Array.from({ length: 21 }, (_, i) => i));
  });

  it('fits the datagrams of a peer that has nothing else', () => {
    const harness = new CoreHarness();
    const [desk, lamp] = [harness.join(), harness.connect({ maxFrameBytes: 300 })];
    lamp.send({ type: 'hello', version: 1, name: 'udp', features: [] });
    lamp.subscribe(1, '/mic', { window: 50 });
    lamp.read();
    for (let i = 0; i < 100; i++) desk.publish('/mic', 'stream', i);
    harness.advance(0.05);
    const frames = lamp.readFrames();
    expect(frames.length).toBeGreaterThan(2);
    for (const { length } of frames) expect(length).toBeLessThanOrEqual(300);
    expect(frames.flatMap(({ message }) => valueOf(message)).flat()).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('does not affect params', () => {
    const { peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/**', { window: 50 });
    desk.set('/a', 1);
    expect(heard(lamp)).toEqual([1]);
  });
});

describe('overlapping subscriptions of one session', () => {
  it('use the least restrictive value, option by option, in one copy', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/a/**', { maxRate: 1 });
    lamp.subscribe(2, '/a/fast', { maxRate: 10 });
    lamp.subscribe(3, '/a/all', {});
    const all = run(harness, lamp, {
      ms: 1_000,
      stepMs: 10,
      send: (i) => {
        for (const address of ['/a/slow', '/a/fast', '/a/all']) desk.set(address, `${address}${i}`, { qos: 0 });
      },
    });
    const count = (address: string): number => all.filter(({ value }) => String(value).startsWith(address)).length;
    expect([count('/a/slow'), count('/a/fast'), count('/a/all')]).toEqual([2, 11, 100]);
  });

  it('take the smaller of two epsilons and the shorter of two windows', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/**', { epsilon: 3, window: 500 });
    lamp.subscribe(2, '/*', { epsilon: 2, window: 100 });
    for (const value of [0, 1, 2, 3, 4]) {
      desk.set('/dim', value);
      desk.publish('/mic', 'stream', value);
    }
    expect(heard(lamp)).toEqual([0, 2, 4]);
    harness.advance(0.1);
    expect(heard(lamp)).toEqual([[0, 2, 4]]);
  });

  it('deliver at once what is no longer paced, and nothing out of order', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/dim', { maxRate: 1 });
    desk.set('/dim', 1);
    desk.set('/dim', 2);
    lamp.subscribe(2, '/**');
    desk.set('/dim', 3);
    harness.advance(2);
    const revisions = lamp.read().flatMap((message): unknown[] => {
      if (message.type === 'set') return [message.revision];
      return message.type === 'snapshot' ? message.params.map(({ revision }) => revision) : [];
    });
    expect(revisions).toEqual([1, 2, 3]);
  });
});

describe('a pending stream message', () => {
  it('is sent on time although its session has subscribed to the whole stream in the meantime', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/s', { maxRate: 1 });
    lamp.subscribe(2, '/mic', { window: 1_000 });
    for (let i = 0; i < 2; i++) for (const address of ['/s', '/mic']) desk.publish(address, 'stream', i);
    lamp.subscribe(3, '/**');
    expect(heard(lamp)).toEqual([0]);
    harness.advance(1);
    expect(heard(lamp)).toEqual([[0, 1], 1]);
    expect(lamp.session.holdings.pacedSubscriptions).toBe(0);
  });
});

describe('the tracked pairs', () => {
  it('are removed with the session', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/**', { maxRate: 1 });
    for (let i = 0; i < 50; i++) desk.set(`/a/${i}`, i);
    expect(lamp.session.holdings.pacedSubscriptions).toBe(50);
    lamp.leave();
    expect(lamp.session.holdings.pacedSubscriptions).toBe(0);
    harness.advance(2);
    expect(harness.core.dueMicros).toBe(Infinity);
  });

  it('leave nothing in the queue permanently, however many are added and removed', () => {
    const harness = new CoreHarness();
    const desk = harness.join();
    for (let i = 0; i < 1_026; i++) {
      const visitor = harness.join();
      visitor.subscribe(1, '/mic', { window: 1_000 });
      desk.publish('/mic', 'stream', i);
      visitor.leave();
    }
    const lamp = harness.join();
    lamp.subscribe(1, '/mic', { window: 60_000 });
    desk.publish('/mic', 'stream', 0);
    expect(harness.core.dueMicros).toBe(harness.nowMicros + 60_000_000);
  });

  it('are bounded: the address paced longest is evicted, and its pending message is sent', () => {
    const harness = new CoreHarness({ maxPaced: 2 });
    const [desk, lamp] = [harness.join(), harness.join()];
    lamp.subscribe(1, '/**', { maxRate: 1 });
    for (const address of ['/a', '/a', '/b', '/b', '/c', '/c']) desk.set(address, address);
    expect(heard(lamp)).toEqual(['/a', '/b', '/a', '/c']);
    desk.set('/a', 'again'); // not tracked anymore, so no interval applies
    expect(heard(lamp)).toEqual(['/b', 'again']);
    harness.advance(1);
    expect(heard(lamp)).toEqual(['/c']);
    expect(lamp.session.holdings.pacedSubscriptions).toBe(2);
  });
});
