import { describe, expect, it } from '@jest/globals';
import { Chores } from '../../../src/core/scheduling/chores.js';
import { Slice } from '../../../src/core/scheduling/slice.js';
import { StepCounter } from '../../../src/protocol/step-counter.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer } from '../../support/core-harness.js';

const value = encodeValue(1);
const TURN = 20_000;

function lockMany(peer: Peer, count: number): void {
  for (let i = 0; i < count; i++) peer.send({ type: 'set', address: `/p/${i}`, value, lock: true }, { qos: 0 });
}

/** The steps of each turn until the cleanup is complete. */
function turnsOf(harness: CoreHarness, leave: () => void): number[] {
  const turns: number[] = [];
  let before = harness.core.steps;
  leave();
  turns.push(harness.core.steps - before);
  while (harness.core.hasChores) {
    before = harness.core.steps;
    harness.core.advanceChores();
    turns.push(harness.core.steps - before);
  }
  return turns;
}

describe('a session that ends', () => {
  it('with very many locks has them released in several turns', () => {
    const harness = new CoreHarness();
    const [holder, other] = [harness.join(), harness.join()];
    lockMany(holder, 20_000);
    const turns = turnsOf(harness, () => {
      holder.leave();
    });
    expect(turns.length).toBeGreaterThan(10);
    expect(Math.max(...turns)).toBeLessThan(TURN);
    expect(holder.session.holdings.locks).toBe(0);
    other.set('/p/19999', 2);
    expect(other.read()).toMatchObject([{ type: 'ack' }]);
  });

  it('holds none of its locks from then on, whether they were released yet or not', () => {
    const harness = new CoreHarness();
    const [holder, other] = [harness.join(), harness.join()];
    lockMany(holder, 20_000);
    holder.leave();
    expect(holder.session.holdings.locks).toBeGreaterThan(10_000);
    other.set('/p/19999', 2);
    other.send({ type: 'set', address: '/p/19998', value, lock: true }, { qos: 1 });
    const messages = [{ type: 'set', address: '/p/19997', value }] as const;
    other.send({ type: 'bundle', messages }, { qos: 1 });
    expect(other.read().map(({ type }) => type)).toEqual(['ack', 'ack', 'ack']);
    const { params } = harness.core.viewParams({ pattern: '/p/19996', limit: 1, maxLooked: 1, maxValueBytes: 8 });
    expect(params[0]?.holder).toBeUndefined();
    harness.settle();
    const third = harness.join();
    third.set('/p/19998', 3);
    expect(third.read()).toMatchObject([{ type: 'error', code: 401 }]); // the lock of the other session remains
  });

  it('with very many subscriptions and paced addresses is removed in several turns', () => {
    const harness = new CoreHarness({ maxSubscriptionsPerSession: 0 });
    const [desk, reader] = [harness.join(), harness.join()];
    for (let i = 0; i < 1_000; i++) reader.subscribe(i, `/p/${i}`, { maxRate: 1 });
    for (let i = 0; i < 1_000; i++) desk.set(`/p/${i}`, 1, { qos: 0 });
    reader.read();
    expect(reader.session.holdings.pacedSubscriptions).toBe(1_000);
    const turns = turnsOf(harness, () => {
      reader.leave();
    });
    expect(turns.length).toBeGreaterThan(5);
    expect(Math.max(...turns)).toBeLessThan(TURN);
    expect([harness.core.subscriptionCount, reader.session.holdings.pacedSubscriptions]).toEqual([0, 0]);
  });

  it('receives nothing while its subscriptions are being removed, and leaves no pending value', () => {
    const harness = new CoreHarness({ maxSubscriptionsPerSession: 0 });
    const [desk, reader] = [harness.join(), harness.join()];
    for (let i = 0; i < 1_000; i++) reader.subscribe(i, `/p/${i}`, { maxRate: 1 });
    for (let i = 0; i < 1_000; i++) desk.set(`/p/${i}`, 1, { qos: 0 });
    for (let i = 0; i < 1_000; i++) desk.set(`/p/${i}`, 2, { qos: 0 });
    reader.read();
    reader.leave();
    const { deliveryCount } = harness.core;
    for (let i = 0; i < 1_000; i++) desk.set(`/p/${i}`, 3, { qos: 0 });
    harness.advance(2);
    expect(harness.core.deliveryCount).toBe(deliveryCount);
    harness.settle();
    expect(harness.core.dueMicros).toBe(Infinity);
  });

  it('has its gestures canceled, then its last will executed, then its end published, with any number of gestures', () => {
    const harness = new CoreHarness();
    const [desk, watcher] = [harness.join('desk'), harness.join('watcher')];
    for (const [id, pattern] of ['/**', '/$clasp/sessions/**'].entries()) {
      watcher.subscribe(id, pattern, undefined, ['event', 'gesture']);
    }
    for (let id = 0; id < 256; id++) desk.publish('/g', 'gesture', 0, { id, phase: 'start' });
    const will = new Map([
      [
        'messages',
        [
          new Map([
            ['type', 'publish'],
            ['address', '/will'],
            ['signal', 'event'],
            ['value', 'done'],
          ]),
        ],
      ],
    ]);
    desk.send({ type: 'announce', namespace: '', signals: [], meta: encodeValue(new Map([['will', will]])) });
    watcher.read();
    desk.leave('lost');
    harness.settle();
    const heard = watcher
      .read()
      .flatMap((message) =>
        message.type === 'publish' ? (message.phase === 'cancel' ? 'cancel' : message.address) : [],
      );
    expect(heard).toEqual([...Array<string>(256).fill('cancel'), '/will', `/$clasp/sessions/${desk.id}/disconnect`]);
  });

  it('keeps nothing of its connection in memory, although its bundles are scheduled', () => {
    const seen: unknown[] = [];
    const harness = new CoreHarness({ validateWrite: ({ session }) => void seen.push(session) });
    const desk = harness.join('desk');
    const { link, notify } = desk.session;
    const messages = [{ type: 'set', address: '/a', value }] as const;
    desk.send({ type: 'bundle', timestamp: harness.nowMicros + 1_000_000, messages });
    desk.leave();
    expect([desk.session.link === link, desk.session.notify === notify]).toEqual([false, false]);
    harness.advance(1);
    expect(seen.at(-1)).toMatchObject({ id: desk.id, name: 'desk', transport: 'test', remoteAddress: 'test' });
  });

  it('together with many others costs each turn a bounded number of steps, and all of them are removed', () => {
    const harness = new CoreHarness();
    const peers = Array.from({ length: 100 }, () => harness.join());
    for (const peer of peers) for (let i = 0; i < 50; i++) peer.subscribe(i, `/p/${i}/**`);
    harness.settle();
    const turns = turnsOf(harness, () => {
      for (const peer of peers) peer.leave();
    });
    expect(Math.max(...turns)).toBeLessThan(TURN);
    expect(harness.core.subscriptionCount).toBe(0);
  });

  it('makes room for the patterns of others at once, although its own are not removed yet', () => {
    const harness = new CoreHarness({ maxMatchSteps: 8_192 });
    const light = Array.from({ length: 20 }, () => harness.join());
    for (const peer of light) for (let i = 0; i < 30; i++) peer.subscribe(i, `/p/${i}/**`);
    const heavy = Array.from({ length: 5 }, () => harness.join());
    for (const peer of heavy) peer.subscribe(1, `/**/a/**/${peer.id}*`);
    const desk = harness.join();
    for (const peer of [...light, ...heavy]) peer.leave();
    const notForgotten = harness.core.subscriptionCount;
    expect(notForgotten).toBeGreaterThan(100);
    for (let i = 0; i < 2; i++) desk.subscribe(i, `/**/b/**/${i}*`);
    expect(desk.read()).toEqual([]);
    expect(harness.core.subscriptionCount).toBe(notForgotten - 1 + 2);
    harness.settle();
    expect(harness.core.subscriptionCount).toBe(2);
  });
});

describe('Chores', () => {
  function setUp(): { chores: Chores; counter: StepCounter } {
    const counter = new StepCounter();
    return { chores: new Chores(new Slice(counter, counter)), counter };
  }

  function* pieces(count: number, done: () => void = () => undefined): Generator<number, void> {
    for (let i = 0; i < count; i++) yield 100;
    done();
  }

  it('completes a small chore at once, and reports that steps are available again in the next turn', () => {
    const { chores, counter } = setUp();
    chores.begin(pieces(3));
    expect([counter.steps, chores.pending]).toEqual([300, true]);
    chores.advance();
    expect(chores.pending).toBe(false);
  });

  it('completes a chore that begins later before a long one', () => {
    const { chores } = setUp();
    const order: string[] = [];
    chores.begin(pieces(10_000, () => order.push('long')));
    chores.begin(pieces(1, () => order.push('short')));
    while (chores.pending) chores.advance();
    expect(order).toEqual(['short', 'long']);
  });

  it('takes no more steps per turn than the limit for all of them', () => {
    const { chores, counter } = setUp();
    for (let i = 0; i < 100; i++) chores.begin(pieces(50));
    expect(counter.steps).toBeLessThan(17_000);
    const before = counter.steps;
    chores.advance();
    expect(counter.steps - before).toBeLessThan(17_000);
  });
});
