import { describe, expect, it, jest } from '@jest/globals';
import { type ClaspError, ErrorCode } from '../../../src/protocol/errors.js';
import type { Message } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { encodeFrame } from '../../../src/protocol/frame.js';
import { FrameRun } from '../../../src/protocol/frame-run.js';
import type { InboundFrame } from '../../../src/protocol/inbound.js';
import { recordingLogger } from '../session/recording-logger.js';
import { HIGH_WATER, setUp } from '../../support/router-link.js';

const set = (address: string, value: number | string): Message => ({ type: 'set', address, value: encodeValue(value) });
const event = (value: number | string): Message => ({
  type: 'publish',
  address: '/e',
  signal: 'event',
  value: encodeValue(value),
});
const subscribeAll: Message = { type: 'subscribe', id: 1, pattern: '/**' };

describe('the router actor', () => {
  it('writes to each session once per tick, whatever the tick contains', () => {
    const { connect } = setUp();
    const [publisher, reader] = [connect(), connect()];
    reader.send(subscribeAll);
    publisher.send(...Array.from({ length: 50 }, (_, i) => set('/a', i)));
    expect([publisher.writes.length, reader.writes.length]).toEqual([1, 1]);
    expect(reader.read()).toHaveLength(50);
    expect(publisher.read()).toHaveLength(50);
  });

  it('counts its output as activity: a session that only receives is not idle', () => {
    const { connect, clock } = setUp();
    const [publisher, reader] = [connect(), connect()];
    reader.send(subscribeAll);
    clock.increment(60_000);
    publisher.send(set('/a', 1));
    expect(reader.session.lastActivityMicros).toBe(60_000_000);
  });

  it('sends a PING behind pending output, and does not count it as activity', () => {
    const { connect, clock, router } = setUp();
    const link = connect();
    const { lastActivityMicros } = link.session;
    clock.increment(60_000);
    router.send({ type: 'session.probing', session: link.session });
    expect(link.read()).toEqual([{ type: 'ping' }]);
    expect(link.session.lastActivityMicros).toBe(lastActivityMicros);
  });

  it('sends a congested session no PING, because it would wait behind its send queue', () => {
    const { connect, router } = setUp();
    const [publisher, reader] = [connect(), connect()];
    reader.send(subscribeAll);
    reader.reads = false;
    publisher.send(event('x'.repeat(HIGH_WATER)));
    expect(reader.session.phase).toBe('congested');
    router.send({ type: 'session.probing', session: reader.session });
    reader.reads = true;
    reader.drain();
    expect(reader.read().map(({ type }) => type)).toEqual(['publish']);
  });

  it('detects by a PONG that a peer answers PINGs', () => {
    const link = setUp().connect();
    expect(link.session.answersPings).toBe(false);
    link.send({ type: 'pong' });
    expect(link.session.answersPings).toBe(true);
    expect(link.read()).toEqual([]);
  });

  it('removes an expired param by its own timer, without any message', () => {
    const { connect, clock, router } = setUp();
    const link = connect();
    const put = (address: string, ttl: number): Message => ({ type: 'set', address, value: encodeValue(1), ttl });
    link.send(put('/long', 60), put('/short', 1));
    clock.increment(999);
    expect(router.getSnapshot().params).toBe(2);
    clock.increment(1);
    expect(router.getSnapshot().params).toBe(1);
    clock.increment(59_000);
    expect(router.getSnapshot().params).toBe(0);
  });

  it('runs a bundle in its millisecond, and stops turning on a clock that does not advance', () => {
    const { connect, clock, deferred } = setUp();
    const link = connect();
    const at = (ms: number, value: number): Message => ({
      type: 'bundle',
      timestamp: ms * 1_000,
      messages: [set('/a', value)],
    });
    link.send(at(100, 1), at(101, 2), subscribeAll);
    link.read();
    const turn = (): void => {
      for (let turns = 0; deferred.length > 0; turns++) {
        expect(turns).toBeLessThan(100);
        deferred.shift()!();
      }
    };
    const seen: number[] = [];
    for (let ms = 1; ms <= 110; ms++) {
      clock.increment(1);
      turn();
      if (link.read().length > 0) seen.push(ms);
    }
    expect(seen).toEqual([100, 101]);
  });

  it('sends itself nothing after it was stopped, whatever was deferred', () => {
    const { connect, router, deferred } = setUp();
    const { session } = connect();
    router.send({ type: 'session.closed', session, departure: 'left' }); // the cleanup continues in the next turn
    expect(deferred).not.toHaveLength(0);
    router.stop();
    const send = jest.spyOn(router, 'send');
    for (const callback of deferred) callback();
    expect(send).not.toHaveBeenCalled();
  });

  it('survives a bug in the decoder: the message fails, and the rest of its run and all other input is handled', () => {
    const logger = recordingLogger();
    const { connect, router } = setUp(logger);
    const [broken, other] = [connect(), connect()];
    const frames = [set('/a', 1), set('/a', 2)].map((message) => encodeFrame(message, { qos: 1 }));
    // Stands for a decoder that reads one byte of the first message wrongly.
    const bytes = new Proxy(Uint8Array.from(frames.flatMap((frame) => [...frame])), {
      get(target, key) {
        if (key === '4') throw new RangeError('out of bounds');
        return Reflect.get(target, key, target) as unknown;
      },
    });
    const rest: InboundFrame = { message: set('/b', 3), qos: 1, encoding: 'binary' };
    router.send({
      type: 'inbound.batch',
      batches: [
        { session: broken.session, frames: [new FrameRun(bytes, 2)], receivedMicros: 0 },
        { session: other.session, frames: [rest], receivedMicros: 0 },
      ],
    });
    expect(router.getSnapshot().status).toBe('active');
    expect(broken.read().map(({ type }) => type)).toEqual(['error', 'ack']);
    expect(other.read().map(({ type }) => type)).toEqual(['ack']);
    expect(JSON.stringify(logger.lines)).toContain('internal error in the router');
  });

  it('sets no timer that outlives it', () => {
    const { connect, clock, router } = setUp();
    connect().send({ type: 'set', address: '/a', value: encodeValue(1), ttl: 1 });
    router.stop();
    clock.increment(10_000);
    expect(router.getSnapshot().params).toBe(1);
  });

  it('counts in its snapshot', () => {
    const { connect, router } = setUp();
    const link = connect();
    link.send(subscribeAll, set('/a', 1), set('/b', 1));
    expect(router.getSnapshot()).toMatchObject({
      status: 'active',
      sessions: 1,
      subscriptions: 1,
      params: 2,
      messages: 4,
    });
    router.send({ type: 'session.closed', session: link.session, departure: 'left' });
    expect(router.getSnapshot()).toMatchObject({ sessions: 0, subscriptions: 0, params: 2 });
  });

  it('conflates params for a congested session, keeps events, and ends the congestion when it drains', () => {
    const { connect } = setUp();
    const [publisher, slow] = [connect(), connect()];
    slow.send(subscribeAll);
    slow.reads = false;
    publisher.send(set('/big', 'x'.repeat(HIGH_WATER)));
    expect(slow.events.at(-1)).toEqual({ type: 'connection.congested', bufferedBytes: slow.bufferedBytes });
    slow.read();
    for (let i = 0; i < 100; i++) publisher.send(set('/a', i), set('/b', i));
    publisher.send(event('kept'), event('too'));
    publisher.send(set('/a', 100));
    expect(slow.read()).toEqual([]);
    slow.reads = true;
    slow.drain();
    expect(slow.read()).toMatchObject([
      { type: 'set', address: '/b', revision: 100 },
      { type: 'publish' },
      { type: 'publish' },
      { type: 'set', address: '/a', revision: 101 },
    ]);
    expect(slow.events.at(-1)).toEqual({ type: 'connection.drained' });
    publisher.send(set('/a', 101));
    expect(slow.read()).toMatchObject([{ type: 'set', revision: 102 }]);
  });

  it('queues the replies of a congested session behind its pending output', () => {
    const { connect } = setUp();
    const [publisher, slow] = [connect(), connect()];
    slow.send(subscribeAll);
    slow.reads = false;
    publisher.send(event('x'.repeat(HIGH_WATER)));
    slow.read();
    publisher.send(event('first'));
    slow.send({ type: 'ping' });
    publisher.send(event('last'));
    expect(slow.writes).toEqual([]);
    slow.reads = true;
    slow.drain();
    expect(slow.read().map(({ type }) => type)).toEqual(['publish', 'pong', 'publish']);
  });

  it('sends a long queue one high-water mark at a time', () => {
    const { connect } = setUp();
    const [publisher, slow] = [connect(), connect(100_000)];
    slow.send(subscribeAll);
    slow.reads = false;
    publisher.send(event('x'.repeat(HIGH_WATER)));
    slow.read();
    for (let i = 0; i < 20; i++) publisher.send(event('y'.repeat(200)));
    let drains = 0;
    const seen: Message[] = [];
    while (slow.session.phase === 'congested') {
      slow.drain();
      for (const bytes of slow.writes) expect(bytes.length).toBeLessThanOrEqual(HIGH_WATER);
      seen.push(...slow.read());
      drains++;
    }
    expect(seen).toHaveLength(20);
    expect(drains).toBeGreaterThan(3);
  });

  it('sends a queue completely if the socket takes it all at once and so never drains again', () => {
    const { connect } = setUp();
    const [publisher, slow] = [connect(), connect(100_000)];
    slow.send(subscribeAll);
    slow.reads = false;
    publisher.send(event('x'.repeat(HIGH_WATER)));
    slow.read();
    for (let i = 0; i < 20; i++) publisher.send(event('y'.repeat(200)));
    slow.reads = true;
    slow.drain();
    expect(slow.read()).toHaveLength(20);
    expect(slow.session.phase).toBe('active');
  });

  it('closes a session whose queue exceeds its hard limit, and no other', () => {
    const { connect, router } = setUp();
    const [publisher, frozen, well] = [connect(), connect(5_000), connect()];
    for (const link of [frozen, well]) link.send(subscribeAll);
    frozen.reads = false;
    for (let i = 0; i < 40; i++) publisher.send(event('x'.repeat(300)));
    expect(frozen.events.at(-1)).toMatchObject({ type: 'end.queueOverflowed', error: { code: 503 } });
    expect(frozen.events.filter(({ type }) => type === 'end.queueOverflowed')).toHaveLength(1);
    const { error } = frozen.events.at(-1) as { error: ClaspError };
    router.send({ type: 'session.closing', session: frozen.session, error, reason: { kind: 'overloaded', text: 'x' } });
    expect(frozen.read().at(-1)).toMatchObject({ type: 'error', code: ErrorCode.Overloaded });
    expect(frozen.closed).toEqual({ kind: 'overloaded', text: 'x' });
    expect(well.read()).toHaveLength(40);
    expect(publisher.session.phase).toBe('active');
  });

  it('flushes queued output before it closes', () => {
    const { connect, router } = setUp();
    const [publisher, slow] = [connect(), connect()];
    slow.send(subscribeAll);
    slow.reads = false;
    publisher.send(event('x'.repeat(HIGH_WATER)), event('y'));
    publisher.send(event('queued'));
    slow.session.phase = 'draining';
    router.send({
      type: 'session.closing',
      session: slow.session,
      error: undefined,
      reason: { kind: 'goingAway', text: '' },
    });
    expect(slow.read()).toHaveLength(3);
    expect(slow.closed?.kind).toBe('goingAway');
  });

  it('sends a large snapshot over several turns of the event loop', () => {
    const { connect, deferred } = setUp();
    const writer = connect();
    for (let i = 0; i < 10; i++) writer.send(...Array.from({ length: 1_000 }, (_, j) => set(`/p/${i}/${j}`, j)));
    const late = connect();
    const count = (): number =>
      late.read().reduce((sum, message) => sum + (message.type === 'snapshot' ? message.params.length : 0), 0);
    late.send({ type: 'subscribe', id: 1, pattern: '/p/**' });
    let total = 0;
    let turns = 0;
    for (;;) {
      const got = count();
      expect(got).toBeLessThanOrEqual(8_000);
      total += got;
      const next = deferred.shift();
      if (next === undefined) break;
      next();
      turns++;
    }
    expect(turns).toBeGreaterThanOrEqual(3);
    // Once for HELLO (connect read its first piece) and once for the subscription.
    expect(total).toBeGreaterThanOrEqual(10_000);
  });
});
