import { describe, expect, it } from '@jest/globals';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness } from '../../support/core-harness.js';
import { joined, heard, run } from './paced-peers.js';

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
