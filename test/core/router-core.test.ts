import { describe, expect, it } from '@jest/globals';
import { DecodeError, ErrorCode } from '../../src/protocol/errors.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { CoreHarness, plain, START_MICROS } from '../support/core-harness.js';

const hello = { type: 'hello', version: 1, name: 'probe', features: ['param', 'event'] } as const;

describe('HELLO', () => {
  it('is answered by WELCOME with the router’s clock, then by a SNAPSHOT even if it is empty', () => {
    const harness = new CoreHarness();
    const peer = harness.connect();
    peer.send(hello);
    expect(plain(peer.read())).toEqual([
      {
        type: 'welcome',
        version: 1,
        session: peer.id,
        name: 'Test Router',
        features: ['param', 'event', 'stream', 'gesture', 'timeline'],
        time: START_MICROS,
      },
      { type: 'snapshot', params: [] },
    ]);
    expect(peer.events).toEqual([{ type: 'hello.accepted', name: 'probe', features: ['param', 'event'] }]);
  });

  it.each([0, 1, 2, 99])('is accepted with any claimed version (%i)', (version) => {
    const peer = new CoreHarness().connect();
    peer.send({ ...hello, version });
    expect(peer.read()[0]?.type).toBe('welcome');
  });

  it('ignores any token in open mode', () => {
    const peer = new CoreHarness().connect();
    peer.send({ ...hello, token: 'garbage' });
    expect(peer.read()[0]?.type).toBe('welcome');
  });

  it.each([undefined, ''])('is refused on a router with authentication with the token %p', (token) => {
    const peer = new CoreHarness({ securityMode: 'authenticated' }).connect();
    peer.send({ ...hello, token });
    expect(peer.read()).toEqual([]);
    const error = { code: ErrorCode.Unauthorized, message: 'Authentication required' };
    expect(peer.events).toMatchObject([{ type: 'hello.refused', error }]);
  });

  it('a second time is ERROR 101, and the session is unchanged', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    peer.subscribe(1, '/a');
    peer.send({ ...hello, name: 'other' });
    peer.set('/a', 1);
    expect(plain(peer.read())).toEqual([
      { type: 'error', code: 101, message: 'Duplicate HELLO' },
      { type: 'set', address: '/a', value: 1, revision: 1 },
      { type: 'ack', address: '/a', revision: 1 },
    ]);
    expect(peer.session.name).toBe('peer');
  });

  it('must come first: any other message is refused without effect', () => {
    const harness = new CoreHarness();
    const peer = harness.connect();
    peer.set('/a', 1);
    expect(peer.events).toMatchObject([
      { type: 'hello.refused', error: { code: 101, message: 'The first message must be HELLO, not set' } },
    ]);
    expect(harness.core.paramCount).toBe(0);
    peer.send(hello); // too late
    expect(peer.read()).toEqual([]);
  });
});

describe('SET', () => {
  it('reaches its subscribers with the new revision, then its writer gets the ACK', () => {
    const harness = new CoreHarness();
    const [writer, reader] = [harness.join(), harness.join()];
    reader.subscribe(7, '/lights/**');
    writer.set('/lights/1', 0.5);
    writer.set('/lights/1', 0.75);
    expect(plain(reader.read())).toEqual([
      { type: 'set', address: '/lights/1', value: 0.5, revision: 1 },
      { type: 'set', address: '/lights/1', value: 0.75, revision: 2 },
    ]);
    expect(plain(writer.read())).toEqual([
      { type: 'ack', address: '/lights/1', revision: 1 },
      { type: 'ack', address: '/lights/1', revision: 2 },
    ]);
  });

  it('is echoed to a subscribed writer before its ACK', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    peer.subscribe(1, '/**');
    peer.set('/a', true);
    expect(peer.read().map(({ type }) => type)).toEqual(['set', 'ack']);
  });

  it('is acknowledged for QoS 1 and 2 only, unless the router always acknowledges', () => {
    for (const acks of ['requested', 'always'] as const) {
      const peer = new CoreHarness({ acks }).join();
      for (const qos of [0, 1, 2] as const) peer.set(`/q/${qos}`, null, { qos });
      const acked = peer.read().map((message) => (message as { address?: string }).address);
      expect(acked).toEqual(acks === 'always' ? ['/q/0', '/q/1', '/q/2'] : ['/q/1', '/q/2']);
    }
  });

  it('forwards lock, unlock and ttl unchanged', () => {
    const harness = new CoreHarness();
    const [writer, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/a');
    writer.send({
      type: 'set',
      address: '/a',
      value: encodeValue(1n),
      lock: true,
      unlock: true,
      ttl: 60,
      absolute: true,
    });
    expect(plain(reader.read())).toEqual([
      { type: 'set', address: '/a', value: 1n, revision: 1, lock: true, unlock: true, ttl: 60, absolute: true },
    ]);
  });

  it('with the expected revision is accepted; with another one it is ERROR 400 with both numbers', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    peer.set('/a', 1, { revision: 5 }); // a new address: the expected revision is ignored
    peer.set('/a', 2, { revision: 1 });
    peer.set('/a', 3, { revision: 1 });
    peer.set('/a', 4, { revision: 2 });
    expect(plain(peer.read())).toEqual([
      { type: 'ack', address: '/a', revision: 1 },
      { type: 'ack', address: '/a', revision: 2 },
      { type: 'error', code: 400, message: 'Revision conflict: expected 1, got 2', address: '/a' },
      { type: 'ack', address: '/a', revision: 3 },
    ]);
  });

  it.each(['', 'a', '/a//b', '/a/*', '/**', '//'])('to the address %j is ERROR 200 and stores nothing', (address) => {
    const harness = new CoreHarness();
    const peer = harness.join();
    peer.set(address, 1);
    expect(peer.read()).toMatchObject([{ type: 'error', code: 200, address }]);
    expect(harness.core.paramCount).toBe(0);
  });

  it.each(['/', '/a/', '/é/日本', '/😀', '/a b', '/..'])('accepts the address %j', (address) => {
    const peer = new CoreHarness().join();
    peer.set(address, 1);
    expect(peer.read()).toMatchObject([{ type: 'ack', address }]);
  });

  it('with a value that fits inbound but not outbound is refused with 402, and neither stored nor acknowledged', () => {
    const harness = new CoreHarness();
    const [writer, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    const limit = 65_474 - '/a'.length - 2;
    writer.set('/a', 'x'.repeat(limit + 1));
    expect(writer.read()).toMatchObject([{ type: 'error', code: 402, address: '/a' }]);
    expect(harness.core.paramCount).toBe(0);
    writer.set('/a', 'x'.repeat(limit));
    expect(writer.read()).toMatchObject([{ type: 'ack', revision: 1 }]);
    expect(reader.read()).toMatchObject([{ type: 'set', revision: 1 }]);
    writer.send({ type: 'get', address: '/a' });
    expect(writer.read()).toMatchObject([{ type: 'snapshot', params: [{ address: '/a', revision: 1 }] }]);
  });

  it('preserves Int and Float', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    peer.set('/i', 2n ** 63n - 1n);
    peer.set('/f', 5);
    peer.read();
    peer.subscribe(1, '/**');
    expect(plain(peer.read())).toMatchObject([
      {
        params: [
          { address: '/i', value: 2n ** 63n - 1n },
          { address: '/f', value: 5 },
        ],
      },
    ]);
  });
});

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

describe('SUBSCRIBE', () => {
  it('returns the current matches in a SNAPSHOT with writer and time, and nothing without matches', () => {
    const harness = new CoreHarness();
    const [writer, reader] = [harness.join(), harness.join()];
    writer.set('/a/x', 1);
    writer.set('/b', 2);
    reader.subscribe(1, '/a/*');
    reader.subscribe(2, '/c/**');
    expect(plain(reader.read())).toEqual([
      {
        type: 'snapshot',
        params: [{ address: '/a/x', value: 1, revision: 1, writer: writer.id, timestamp: START_MICROS }],
      },
    ]);
  });

  it('returns no SNAPSHOT if its types exclude params', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    peer.set('/a', 1);
    peer.read();
    peer.send({ type: 'subscribe', id: 1, pattern: '/**', types: ['event'] });
    expect(peer.read()).toEqual([]);
  });

  it('delivers one copy of each message, however many of its patterns match', () => {
    const harness = new CoreHarness();
    const [writer, reader] = [harness.join(), harness.join()];
    for (const [id, pattern] of ['/a/b', '/a/*', '/**', '/*/b', '/a/b*'].entries()) reader.subscribe(id, pattern);
    writer.set('/a/b', 1);
    expect(reader.read()).toHaveLength(1);
  });

  it('with an ID in use replaces: the old pattern delivers no more, and the limit counts IDs', () => {
    const harness = new CoreHarness({ maxSubscriptionsPerSession: 1 });
    const [writer, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/old/**');
    reader.subscribe(1, '/new/**');
    writer.set('/old/x', 1);
    writer.set('/new/x', 2);
    expect(reader.read()).toMatchObject([{ type: 'set', address: '/new/x' }]);
    reader.subscribe(2, '/more');
    expect(reader.read()).toEqual([
      { type: 'error', code: 429, message: 'Subscription limit reached (max 1)', address: '/more' },
    ]);
    expect(harness.core.subscriptionCount).toBe(1);
  });

  it.each(['', 'a', '**', '/a//b', '!/a'])('with the pattern %j is ERROR 202', (pattern) => {
    const harness = new CoreHarness();
    const peer = harness.join();
    peer.subscribe(1, pattern);
    expect(peer.read()).toMatchObject([{ type: 'error', code: 202, address: pattern }]);
    expect(harness.core.subscriptionCount).toBe(0);
  });

  it('ends with UNSUBSCRIBE; an unknown ID is no error', () => {
    const harness = new CoreHarness();
    const [writer, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    reader.send({ type: 'unsubscribe', id: 1 });
    reader.send({ type: 'unsubscribe', id: 99 });
    writer.set('/a', 1);
    expect(reader.read()).toEqual([]);
  });

  it('ends with its session', () => {
    const harness = new CoreHarness();
    const [writer, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    reader.leave();
    writer.set('/a', 1);
    expect(harness.core.subscriptionCount).toBe(0);
    expect(reader.read()).toEqual([]);
  });
});

describe('the SNAPSHOT of many params', () => {
  it.each(['binary', 'cbor'] as const)(
    'in %s sends about 2,000 at once and about 500 per turn after that',
    (encoding) => {
      const harness = new CoreHarness();
      const writer = harness.join();
      for (let i = 0; i < 5_000; i++) writer.set(`/many/${i}`, i);
      const late = harness.join('late', encoding);
      const message: Message = { type: 'subscribe', id: 1, pattern: '/many/*' };
      harness.core.handle(late.session, { message, qos: 1, encoding }, harness.nowMicros);
      const received = (): number =>
        late.read().reduce((sum, read) => sum + (read.type === 'snapshot' ? read.params.length : 0), 0);
      const counts = [received()];
      for (let hasMore = true; hasMore;) {
        hasMore = harness.core.advanceTasks();
        counts.push(received());
      }
      const [first, ...others] = counts.filter((count) => count > 0);
      // 64,000 steps and 16,384 per turn; a param takes 32, and 1 for its comparison with the pattern.
      expect(first).toBe(Math.ceil(64_000 / 33));
      expect(Math.max(...others)).toBe(Math.ceil(16_384 / 33));
      expect(counts.reduce((sum, count) => sum + count)).toBe(5_000);
    },
  );
});

describe('GET', () => {
  it('returns a param in a SNAPSHOT of one', () => {
    const peer = new CoreHarness().join();
    peer.set('/a', 1);
    peer.send({ type: 'get', address: '/a' });
    expect(plain(peer.read()).at(-1)).toEqual({
      type: 'snapshot',
      params: [{ address: '/a', value: 1, revision: 1, writer: peer.id, timestamp: START_MICROS }],
    });
  });

  it('of an unknown address is ERROR 201, or gets no reply if the router is configured so', () => {
    for (const unknownAddress of ['error', 'silent'] as const) {
      const peer = new CoreHarness({ unknownAddress }).join();
      peer.send({ type: 'get', address: '/none' });
      const error = { type: 'error', code: 201, message: 'Address not found', address: '/none' };
      expect(peer.read()).toEqual(unknownAddress === 'error' ? [error] : []);
    }
  });

  it('does not expand wildcards', () => {
    const peer = new CoreHarness().join();
    peer.set('/a', 1);
    peer.read();
    peer.send({ type: 'get', address: '/*' });
    expect(peer.read()).toMatchObject([{ type: 'error', code: 200 }]);
  });
});

describe('BUNDLE', () => {
  const set = (address: string, value: number, revision?: number): Message => ({
    type: 'set',
    address,
    value: encodeValue(value),
    revision,
  });
  const event = (address: string): Message => ({ type: 'publish', address, signal: 'event', phase: 'start' });

  it('takes effect in its own order, unbundled, with one ACK for the last revision', () => {
    const harness = new CoreHarness();
    const [sender, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    sender.send({ type: 'bundle', messages: [set('/a', 1), event('/e'), set('/a', 2), set('/b', 3)] });
    expect(plain(reader.read())).toEqual([
      { type: 'set', address: '/a', value: 1, revision: 1 },
      { type: 'publish', address: '/e', signal: 'event', phase: 'start' },
      { type: 'set', address: '/a', value: 2, revision: 2 },
      { type: 'set', address: '/b', value: 3, revision: 1 },
    ]);
    expect(sender.read()).toEqual([{ type: 'ack', revision: 1 }]);
  });

  it('checks revisions against the results of earlier messages in the bundle', () => {
    const peer = new CoreHarness().join();
    peer.set('/a', 0);
    peer.read();
    peer.send({ type: 'bundle', messages: [set('/a', 1, 1), set('/a', 2, 2)] });
    expect(peer.read()).toEqual([{ type: 'ack', revision: 3 }]);
  });

  it.each([
    ['a stale revision', set('/known', 1, 9), 400, 'Bundle rejected: Revision conflict: expected 9, got 1'],
    ['a bad address', event('nowhere'), 200, 'Bundle rejected: invalid address: it does not start with "/"'],
    [
      'a message that is no write',
      { type: 'get', address: '/a' } as const,
      101,
      'Bundle rejected: only SET and PUBLISH can be bundled, not get',
    ],
  ])('with %s is refused entirely: nothing of it is stored or sent', (_, bad, code, message) => {
    const harness = new CoreHarness();
    const [sender, reader] = [harness.join(), harness.join()];
    sender.set('/known', 0);
    sender.read();
    reader.subscribe(1, '/fresh/**');
    sender.send({ type: 'bundle', messages: [set('/fresh/1', 1), event('/fresh/2'), bad] });
    expect(sender.read()).toMatchObject([{ type: 'error', code, message }]);
    expect(reader.read()).toEqual([]);
    expect(harness.core.paramCount).toBe(1);
  });

  it('is not acknowledged when its frame has QoS 0', () => {
    const harness = new CoreHarness();
    const sender = harness.join();
    sender.send({ type: 'bundle', messages: [set('/a', 1)] }, { qos: 0 });
    expect(sender.read()).toEqual([]);
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
