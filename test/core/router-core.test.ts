import { describe, expect, it } from '@jest/globals';
import { DecodeError, ErrorCode } from '../../src/protocol/errors.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { CoreHarness, plain, START_MICROS } from '../support/core-harness.js';

describe('PUBLISH', () => {
  it.each(['event', 'stream', 'gesture', 'timeline', 'param'] as const)(
    'forwards a %s to all subscribers except its sender, unacknowledged',
    (signal) => {
      const harness = new CoreHarness();
      const [sender, reader] = [harness.join(), harness.join()];
      for (const peer of [sender, reader]) peer.subscribe(1, '/**');
      const message: Message = { type: 'publish', address: '/s', signal, phase: 'start', value: encodeValue('v') };
      sender.send(message);
      expect(plain(reader.read())).toEqual([{ type: 'publish', address: '/s', signal, phase: 'start', value: 'v' }]);
      expect(sender.read()).toEqual([]);
      expect(harness.core.paramCount).toBe(0);
    },
  );

  it('preserves samples, rate, ID, phase, timestamp, and the difference between null and no value', () => {
    const harness = new CoreHarness();
    const [sender, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    const rest = { type: 'publish', address: '/s', signal: 'stream', phase: 'move' } as const;
    sender.send({ ...rest, samples: [1, 0.5], rate: 100, timestamp: 5, id: 9 });
    sender.send({ ...rest, value: encodeValue(null) });
    sender.send(rest);
    expect(plain(reader.read())).toEqual([
      { ...rest, samples: [1, 0.5], rate: 100, timestamp: 5, id: 9 },
      { ...rest, value: null },
      rest,
    ]);
  });

  it('reaches only subscriptions that accept its type; one without a type reaches all', () => {
    const harness = new CoreHarness();
    const [sender, reader] = [harness.join(), harness.join()];
    reader.send({ type: 'subscribe', id: 1, pattern: '/**', types: ['stream', 'param'] });
    for (const signal of ['event', 'stream', 'gesture', undefined] as const)
      sender.send({ type: 'publish', address: '/s', signal });
    sender.set('/s', 1);
    expect(reader.read()).toMatchObject([{ signal: 'stream' }, { type: 'publish' }, { type: 'set' }]);
  });

  it('to an invalid address is ERROR 200', () => {
    const peer = new CoreHarness().join();
    peer.send({ type: 'publish', address: '/a/*', signal: 'event' });
    expect(peer.read()).toMatchObject([{ type: 'error', code: 200, address: '/a/*' }]);
  });
});

describe('a message over the size limit', () => {
  it('of a frame is refused with 402 before any subscriber receives it, although JSON could carry it', () => {
    const harness = new CoreHarness();
    const [sender, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    const value = encodeValue([0, 1, 2].map(() => 'x'.repeat(30_000)));
    const publish: Message = { type: 'publish', address: '/e', signal: 'event', value };
    sender.send(publish, { encoding: 'json' });
    sender.send({ type: 'bundle', messages: [{ type: 'set', address: '/a', value: encodeValue(1) }, publish] });
    sender.send({ ...publish, value: undefined, samples: new Array<number>(8_191).fill(0) });
    expect(sender.read()).toMatchObject([402, 402, 402].map((code) => ({ type: 'error', code, address: '/e' })));
    expect(reader.read()).toEqual([]);
    expect(harness.core.paramCount).toBe(0);
  });

  it('of CBOR alone reaches the other subscribers; the CBOR peer gets an ERROR, and the writer its ACK', () => {
    const harness = new CoreHarness();
    const [writer, binary, cbor] = [harness.join(), harness.join(), harness.join('cbor', 'cbor')];
    for (const peer of [binary, cbor]) peer.subscribe(1, '/**');
    const flags = { lock: true, unlock: true, ttl: 60, absolute: true };
    writer.send({ type: 'set', address: '/a', value: encodeValue('x'.repeat(65_470)), ...flags });
    writer.send({ type: 'publish', address: '/e', signal: 'event', value: encodeValue('x'.repeat(65_500)) });
    expect(writer.read()).toMatchObject([{ type: 'ack', revision: 1 }]);
    expect(binary.read().map(({ type }) => type)).toEqual(['set', 'publish']);
    expect(cbor.read()).toMatchObject([
      { type: 'error', code: 500, address: '/a' },
      { type: 'error', code: 500, address: '/e' },
    ]);
    cbor.send({ type: 'get', address: '/a' });
    expect(cbor.read()).toMatchObject([{ type: 'error', code: 500 }]);
  });

  it('because of its address is quoted in part: an ERROR always fits its frame', () => {
    const peer = new CoreHarness({ maxSubscriptionsPerSession: 1 }).join();
    const long = `/${'x'.repeat(65_400)}`;
    peer.subscribe(1, '/a');
    peer.subscribe(2, long);
    peer.subscribe(1, long);
    peer.send({ type: 'get', address: long });
    peer.send({ type: 'replay', pattern: long });
    peer.send({ type: 'announce', namespace: '', signals: [{ address: long, type: 'param' }] });
    const errors = peer.read();
    expect(errors).toMatchObject([429, 202, 200, 501, 200].map((code) => ({ type: 'error', code })));
    for (const error of errors) expect((error as { address?: string }).address?.length).toBe(1_025);
    expect(peer.session.phase).toBe('active');
  });
});

describe('the router', () => {
  it('answers PING with PONG and SYNC with all three times', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    peer.send({ type: 'ping' });
    peer.send({ type: 'sync', t1: 42 });
    expect(plain(peer.read())).toEqual([
      { type: 'pong' },
      { type: 'sync', t1: 42, t2: START_MICROS, t3: START_MICROS },
    ]);
  });

  it('acknowledges ANNOUNCE with its namespace and finds the signals by QUERY', () => {
    const peer = new CoreHarness().join();
    const dimmer = { address: '/lights/1', type: 'param', datatype: 'f32' } as const;
    peer.send({ type: 'announce', namespace: '/lights', signals: [dimmer, { address: '/lights/go', type: 'event' }] });
    peer.send({ type: 'query', pattern: '/lights/1' });
    peer.send({ type: 'query', pattern: '/nothing' });
    expect(plain(peer.read())).toEqual([
      { type: 'ack', address: '/lights' },
      { type: 'result', signals: [dimmer] },
      { type: 'result', signals: [] },
    ]);
  });

  it('splits a RESULT that would not fit a frame', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    const signals = Array.from(
      { length: 4000 },
      (_, i) => ({ address: `/long/address/of/signal/number/${i}`, type: 'param' }) as const,
    );
    for (let i = 0; i < 4000; i += 1000)
      peer.send({ type: 'announce', namespace: '', signals: signals.slice(i, i + 1000) });
    peer.read();
    peer.send({ type: 'query', pattern: '/**' });
    harness.settle();
    const results = peer.read();
    expect(results.length).toBeGreaterThan(1);
    expect(
      results.flatMap((result) => (result.type === 'result' ? result.signals : [])).map(({ address }) => address),
    ).toEqual(signals.map(({ address }) => address));
  });

  it('refuses ANNOUNCE with an invalid address, and keeps none of it', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    peer.send({
      type: 'announce',
      namespace: '/x',
      signals: [
        { address: '/x/1', type: 'param' },
        { address: 'x', type: 'param' },
      ],
    });
    expect(peer.read()).toMatchObject([{ type: 'error', code: 200, address: 'x' }]);
    expect(harness.core.signalCount).toBe(0);
  });

  it.each([
    { type: 'replay', pattern: '/a' },
    { type: 'federationSync', op: 'requestSync', patterns: [], revisions: new Map<string, number>() },
  ] as const)('replies that $type is not supported', (message) => {
    const peer = new CoreHarness().join();
    peer.send(message);
    expect(peer.read()).toMatchObject([{ type: 'error', code: 501 }]);
  });

  it.each([
    { type: 'welcome', version: 1, session: 's', name: 'n', features: [], time: 0 },
    { type: 'snapshot', params: [] },
    { type: 'pong' },
    { type: 'ack' },
    { type: 'error', code: 100, message: '' },
    { type: 'result', signals: [] },
  ] as const satisfies readonly Message[])('ignores $type from a client', (message) => {
    const peer = new CoreHarness().join();
    peer.send(message);
    expect(peer.read()).toEqual([]);
    expect(peer.session.phase).toBe('active');
  });
});

describe('a close message', () => {
  const close: Message = { type: 'error', code: ErrorCode.Closed, message: '' };

  it('ends its sender’s session, and no message after it is handled', () => {
    const harness = new CoreHarness();
    const [peer, other] = [harness.join(), harness.join()];
    peer.send(close);
    peer.send({ type: 'set', address: '/a', value: encodeValue(1) });
    expect(peer.events.slice(-1)).toEqual([{ type: 'end.closeReceived' }]);
    expect(peer.session.phase).toBe('draining');
    expect(other.session.phase).toBe('active');
    expect(harness.core.paramCount).toBe(0);
  });

  it('has no effect if it has an address', () => {
    const peer = new CoreHarness().join();
    peer.send({ ...close, address: '/a' });
    expect(peer.session.phase).toBe('active');
  });
});

describe('a peer that sends undecodable frames', () => {
  const garbage = { type: 'malformed', error: new DecodeError('BadMagic', 'a frame starts with 0x53') } as const;

  it('gets one ERROR per second, stays, and is closed after a hundred per minute', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    for (let i = 0; i < 50; i++) peer.send(garbage);
    expect(peer.read()).toEqual([{ type: 'error', code: 100, message: 'a frame starts with 0x53' }]);
    harness.nowMicros += 1_000_000;
    for (let i = 0; i < 50; i++) peer.send(garbage);
    expect(peer.read()).toHaveLength(1);
    expect(peer.session.phase).toBe('active');
    peer.send(garbage);
    expect(peer.events.at(-1)).toMatchObject({ type: 'end.protocolViolated', error: { code: 100 } });
  });

  it('can send a hundred per minute indefinitely', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    for (let minute = 0; minute < 5; minute++) {
      for (let i = 0; i < 100; i++) peer.send(garbage);
      harness.nowMicros += 61_000_000;
    }
    expect(peer.session.phase).toBe('active');
  });

  it('is refused if the first frame is one', () => {
    const peer = new CoreHarness().connect();
    peer.send(garbage);
    expect(peer.events).toMatchObject([{ type: 'hello.refused', error: { code: 101 } }]);
  });

  it('over its rate gets an ERROR', () => {
    const peer = new CoreHarness().join();
    peer.send({ type: 'rateLimited', messagesPerSecond: 30, dropped: 12 });
    expect(peer.read()).toMatchObject([
      {
        type: 'error',
        code: 429,
        message:
          'Rate limit exceeded: 30 messages/second; 12 messages were dropped; ' +
          'the limit is the option maxMessagesPerSecond',
      },
    ]);
  });
});

describe('order', () => {
  it.each([1, 10, 100])('is preserved from each publisher to each of %i subscribers', (count) => {
    const harness = new CoreHarness();
    const publishers = [harness.join(), harness.join(), harness.join()];
    const readers = Array.from({ length: count }, () => harness.join());
    for (const reader of readers) reader.subscribe(1, '/**');
    for (let i = 0; i < 200; i++) {
      for (const [p, publisher] of publishers.entries()) {
        if (i % 2 === 0)
          publisher.send({ type: 'publish', address: `/from/${p}`, signal: 'event', value: encodeValue(BigInt(i)) });
        else publisher.set(`/from/${p}`, BigInt(i));
      }
    }
    for (const reader of readers) {
      const seen = plain(reader.read()) as { address: string; value: bigint; revision?: number }[];
      for (const p of publishers.keys()) {
        const own = seen.filter(({ address }) => address === `/from/${p}`);
        expect(own.map(({ value }) => Number(value))).toEqual(Array.from({ length: 200 }, (_, i) => i));
        const revisions = own.flatMap(({ revision }) => revision ?? []);
        expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
      }
    }
  });
});
