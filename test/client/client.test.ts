import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '../../src/client/client.js';
import { ClientError } from '../../src/client/client-error.js';
import { ClaspError } from '../../src/protocol/errors.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { turns } from '../support/inbox.js';
import { ack, failure, kept, outcome, ScriptedRouter, setTo, snapshot } from './scripted-router.js';

let router: ScriptedRouter;
let client: Client;

beforeEach(async () => {
  router = new ScriptedRouter();
  client = await router.connect();
});

afterEach(() => client.close());

const refusal = (code: number, message: string): unknown =>
  expect.objectContaining({ name: 'ClaspError', code, message });

describe('a session', () => {
  it('is open after WELCOME and the answer to a SYNC', () => {
    expect(client.state).toBe('open');
    expect(client.session).toBe('session-1');
    expect(client.routerName).toBe('scripted');
    expect(router.latest.received.map(({ message }) => message.type)).toEqual(['hello', 'sync']);
  });

  it('sends its name and capabilities', async () => {
    const other = await router.connect({ name: 'desk', token: 'secret', features: ['param', 'event'] });
    expect(router.latest.all('hello')).toEqual([
      { type: 'hello', version: 1, name: 'desk', token: 'secret', features: ['param', 'event'] },
    ]);
    await other.close();
  });

  it('answers the PING of a router', async () => {
    await router.latest.say({ type: 'ping' });
    expect(router.latest.all('pong')).toHaveLength(1);
  });

  it('ignores messages that no router sends', async () => {
    await router.latest.say({ type: 'hello', version: 1, name: 'x', features: [] }, { type: 'get', address: '/a' });
    expect(client.state).toBe('open');
  });
});

describe('set', () => {
  it('sends SET with QoS 1 and resolves with the revision of the ACK', async () => {
    const result = kept(client.set('/a', 0.5));
    await turns();
    expect(router.latest.received.at(-1)).toMatchObject({ qos: 1, message: { type: 'set', address: '/a' } });
    await router.latest.say(ack('/a', 7));
    expect(await result).toEqual({ revision: 7 });
  });

  it('carries every option', async () => {
    void kept(client.set('/a', 1, { revision: 4, lock: true, unlock: false, ttlSeconds: 60, absolute: true, qos: 2 }));
    await turns();
    const { message, qos } = router.latest.received.at(-1)!;
    expect(qos).toBe(2);
    expect(message).toMatchObject({ type: 'set', revision: 4, lock: true, ttl: 60, absolute: true });
    expect(message).not.toHaveProperty('unlock', true);
  });

  it('reports the state of the lock', async () => {
    const result = kept(client.set('/a', 1, { lock: true }));
    await turns();
    await router.latest.say({ type: 'ack', address: '/a', revision: 2, locked: true, holder: 'session-1' });
    expect(await result).toEqual({ revision: 2, locked: true, holder: 'session-1' });
  });

  it('with QoS 0 resolves immediately, without an answer', async () => {
    await expect(client.set('/a', 1, { qos: 0 })).resolves.toBeUndefined();
    await turns();
    expect(router.latest.received.at(-1)!.qos).toBe(0);
    const errors: Error[] = [];
    client.onError((error) => errors.push(error));
    await router.advance(6_000);
    expect(errors).toEqual([]);
    expect(router.latest.types).toEqual(['sync', 'set']); // an expired request would have been followed by a SYNC
  });

  it.each([
    [400, 'Revision conflict'],
    [401, 'Parameter is locked'],
    [301, 'Forbidden'],
  ])('rejects with the ERROR %s about its address', async (code, text) => {
    const result = kept(client.set('/a', 1));
    await turns();
    await router.latest.say(failure(code, text, '/a'));
    await expect(result).rejects.toEqual(refusal(code, text));
    await expect(result).rejects.toHaveProperty('address', '/a');
    await expect(result).rejects.toBeInstanceOf(ClaspError);
  });

  it('reports an unknown code as 500 and includes the number', async () => {
    const result = kept(client.set('/a', 1));
    await turns();
    await router.latest.say(failure(999, 'Too Tuesday', '/a'));
    await expect(result).rejects.toEqual(refusal(500, 'Too Tuesday (error 999)'));
  });

  it('assigns answers in the order of the requests, per address', async () => {
    const first = kept(client.set('/a', 1));
    const other = kept(client.set('/b', 1));
    const second = kept(client.set('/a', 2));
    await turns();
    await router.latest.say(ack('/b', 9), failure(401, 'Parameter is locked', '/a'), ack('/a', 3));
    await expect(first).rejects.toEqual(refusal(401, 'Parameter is locked'));
    expect(await other).toEqual({ revision: 9 });
    expect(await second).toEqual({ revision: 3 });
  });

  it('is rejected immediately for an invalid address or value, and nothing is sent', async () => {
    await expect(client.set('no/slash', 1)).rejects.toHaveProperty('code', 200);
    await expect(client.set('/a', new Date() as never)).rejects.toHaveProperty('name', 'EncodeError');
    await expect(client.set('/a', 'x'.repeat(65_536))).rejects.toHaveProperty('name', 'EncodeError');
    await expect(client.set('/a', 1, { ttlSeconds: -1 })).rejects.toBeInstanceOf(RangeError);
    await turns();
    expect(router.latest.types).toEqual(['sync']);
  });
});

describe('without an answer', () => {
  it('a request expires after its time', async () => {
    const result = kept(client.set('/a', 1));
    await turns();
    router.clock.increment(4_999);
    expect(await outcome(result)).toBe('waiting');
    router.clock.increment(1);
    await expect(result).rejects.toMatchObject({
      kind: 'timeout',
      message: 'the router did not answer SET /a within 5000 ms',
    });
    await expect(result).rejects.toBeInstanceOf(ClientError);
  });

  it('each request has its own time', async () => {
    router.answersSyncs = false;
    const first = kept(client.set('/a', 1));
    router.clock.increment(3_000);
    const second = kept(client.set('/b', 1));
    router.clock.increment(2_000);
    await expect(first).rejects.toHaveProperty('kind', 'timeout');
    expect(await outcome(second)).toBe('waiting');
    router.clock.increment(3_000);
    await expect(second).rejects.toHaveProperty('kind', 'timeout');
  });

  it('a late answer is not assigned to the next request', async () => {
    router.answersSyncs = false;
    const first = kept(client.set('/a', 1));
    router.clock.increment(5_000);
    await expect(first).rejects.toHaveProperty('kind', 'timeout');
    const second = kept(client.set('/a', 2));
    await router.latest.say(ack('/a', 1));
    expect(await outcome(second)).toBe('waiting');
    await router.latest.say(ack('/a', 2));
    expect(await second).toEqual({ revision: 2 });
  });

  it('an answer that never arrives does not block the next request permanently', async () => {
    const first = kept(client.set('/a', 1));
    router.clock.increment(5_000); // a SYNC is sent, and its answer shows that this request gets none
    await expect(first).rejects.toHaveProperty('kind', 'timeout');
    await turns(2);
    const second = kept(client.set('/a', 2));
    await turns();
    await router.latest.say(ack('/a', 1));
    expect(await second).toEqual({ revision: 1 });
  });

  it('a request that the router skips expires after the answer to a later SYNC', async () => {
    const result = kept(client.set('/a', 1));
    await client.sync();
    await expect(result).rejects.toMatchObject({
      kind: 'unanswered',
      message: 'the router went on without answering SET /a; it may have dropped it',
    });
  });
});

describe('get', () => {
  it('resolves with the param', async () => {
    const result = kept(client.get('/a'));
    await turns();
    await router.latest.say({
      type: 'snapshot',
      params: [{ address: '/a', value: encodeValue(5n), revision: 3, writer: 'w', timestamp: 9 }],
    });
    expect(await result).toEqual({ address: '/a', value: 5n, revision: 3, writer: 'w', timestamp: 9 });
    expect(client.cached('/a')).toEqual(await result);
  });

  it('resolves with undefined for a missing param, and rejects for any other reason', async () => {
    const missing = kept(client.get('/a'));
    const forbidden = kept(client.get('/b'));
    await turns();
    await router.latest.say(failure(201, 'Address not found', '/a'), failure(301, 'Forbidden', '/b'));
    expect(await missing).toBeUndefined();
    await expect(forbidden).rejects.toEqual(refusal(301, 'Forbidden'));
  });

  it('does not accept the snapshot of a subscription as its answer, even in the same packet', async () => {
    router.answersSyncs = false;
    client.on('/a', () => undefined);
    void client.set('/a', 1, { qos: 0 });
    const result = kept(client.get('/a'));
    await turns();
    expect(router.latest.types).toEqual(['sync', 'subscribe', 'sync', 'set', 'get']);
    const fence = router.latest.syncAnswer(router.latest.all('sync').at(-1)!);
    await router.latest.say(snapshot(['/a', 0, 1]), fence, setTo('/a', 1, 2), snapshot(['/a', 1, 2]));
    expect(await result).toMatchObject({ value: 1, revision: 2 });
  });

  it('does not accept a snapshot of several params as its answer', async () => {
    const result = kept(client.get('/a'));
    await turns();
    await router.latest.say(snapshot(['/a', 0, 1], ['/b', 0, 1]));
    expect(await outcome(result)).toBe('waiting');
    await router.latest.say(snapshot(['/a', 1, 2]));
    expect(await result).toMatchObject({ value: 1 });
  });

  it('is not rejected by an ERROR for a subscription, and vice versa', async () => {
    router.answersSyncs = false;
    const { ready } = client.on('/a', () => undefined);
    const result = kept(client.get('/a'));
    await turns();
    await router.latest.answerSyncs(failure(201, 'Address not found', '/a'));
    expect(await result).toBeUndefined();
    await ready;
  });
});

describe('bundle', () => {
  it('sends its items as one message, and resolves with the ACK without address', async () => {
    const result = kept(
      client.bundle(
        [
          { kind: 'param', address: '/a', value: 1, lock: true },
          { kind: 'event', address: '/go' },
        ],
        { at: 1_000.6 },
      ),
    );
    await turns();
    expect(router.latest.received.at(-1)).toMatchObject({
      qos: 2,
      message: {
        type: 'bundle',
        timestamp: 1_001,
        messages: [
          { type: 'set', address: '/a', lock: true },
          { type: 'publish', signal: 'event', address: '/go' },
        ],
      },
    });
    await router.latest.say({ type: 'ack', revision: 12 });
    expect(await result).toEqual({ revision: 12 });
  });

  it.each([
    ['about one of its addresses', '/b'],
    ['without an address', undefined],
  ])('rejects with an ERROR %s', async (_, address) => {
    const result = kept(client.bundle([{ kind: 'param', address: '/b', value: 1 }]));
    await turns();
    await router.latest.say(failure(400, 'Bundle rejected: no', address));
    await expect(result).rejects.toEqual(refusal(400, 'Bundle rejected: no'));
  });

  it('does not reject for an ERROR about the whole session', async () => {
    const errors: Error[] = [];
    client.onError((error) => errors.push(error));
    const result = kept(client.bundle([{ kind: 'param', address: '/b', value: 1 }]));
    await turns();
    await router.latest.say(failure(429, 'Rate limit exceeded'), failure(401, 'Parameter is locked', '/other'));
    expect(await outcome(result)).toBe('waiting');
    expect(errors).toEqual([refusal(429, 'Rate limit exceeded'), refusal(401, 'Parameter is locked')]);
    await router.latest.say({ type: 'ack' });
    expect(await result).toEqual({});
  });
});

describe('announce and query', () => {
  it('announce resolves with the ACK of its namespace, not with that of a SET to the same string', async () => {
    const set = kept(client.set('/lights', 1));
    const announced = kept(
      client.announce('/lights', [
        { address: '/lights/1', type: 'param', meta: { unit: '%', default: 50 } },
        { address: '/lights/2', type: 'param' },
      ]),
    );
    await turns();
    expect(router.latest.all('announce')[0]!.signals[0]!.meta!.default!.decode()).toBe(50);
    await router.latest.say({ type: 'ack', address: '/lights' });
    await announced;
    expect(await outcome(set)).toBe('waiting');
    await router.latest.say(ack('/lights', 1));
    await set;
  });

  it('query collects its own RESULTs until the SYNC after it is answered', async () => {
    router.answersSyncs = false;
    const lights = kept(client.query('/lights/**'));
    const sounds = kept(client.query('/sounds/**'));
    await turns();
    expect(router.latest.types).toEqual(['sync', 'query', 'sync', 'query', 'sync']);
    const [, first, second] = router.latest.all('sync').map((sync) => router.latest.syncAnswer(sync));
    const result = (address: string) => ({ type: 'result', signals: [{ address, type: 'param' }] }) as const;
    await router.latest.say(result('/lights/1'), result('/lights/2'), first!, result('/sounds/1'), second!);
    expect((await lights).map(({ address }) => address)).toEqual(['/lights/1', '/lights/2']);
    expect((await sounds).map(({ address }) => address)).toEqual(['/sounds/1']);
  });

  it('query rejects if it is rejected, or its pattern is invalid', async () => {
    router.answersSyncs = false;
    const result = kept(client.query('/a/**'));
    await turns();
    await router.latest.say(failure(202, 'No such pattern', '/a/**'));
    await expect(result).rejects.toEqual(refusal(202, 'No such pattern'));
    await expect(client.query('lights')).rejects.toHaveProperty('code', 202);
  });
});

describe('signals that are not stored', () => {
  it('are sent unchanged', async () => {
    expect(client.emit('/go')).toBe(true);
    client.emit('/go', { cue: 4n }, { timestamp: 5 });
    client.stream('/fader', 0.5);
    client.stream('/mic', Float32Array.of(0.25, -1), { rate: 48_000 });
    client.gesture('/pad', 2, 'start', [0.1, 0.2]);
    client.timeline('/dim', { keyframes: [{ time: 0, value: 0, easing: 'linear' }], loop: true });
    await turns();
    const sent = router.latest.all('publish');
    expect(sent.map(({ signal, address, id }) => [signal, address, id])).toEqual([
      ['event', '/go', undefined],
      ['event', '/go', undefined],
      ['stream', '/fader', undefined],
      ['stream', '/mic', undefined],
      ['gesture', '/pad', 2],
      ['timeline', '/dim', undefined],
    ]);
    expect(sent.map(({ value }) => value?.decode())).toEqual([
      undefined,
      new Map([['cue', 4n]]),
      0.5,
      undefined,
      [0.1, 0.2],
      new Map<string, unknown>([
        ['keyframes', [new Map<string, unknown>([['time', 0], ['value', 0], ['easing', 'linear']])]], // prettier-ignore
        ['loop', true],
      ]),
    ]);
    expect(sent[1]!.timestamp).toBe(5);
    expect(sent[3]).toMatchObject({ samples: [0.25, -1], rate: 48_000 });
    expect(sent[4]!.phase).toBe('start');
  });

  it('throw for a mistake of the program', () => {
    expect(() => client.emit('go')).toThrow(ClaspError);
    expect(() => client.gesture('/pad', -1, 'start')).toThrow(RangeError);
  });

  it('are dropped while the network is congested, and requests are rejected', async () => {
    const other = await router.connect({ maxBufferedBytes: 100 });
    router.latest.connection.stall();
    while (other.stream('/fader', 0.5)) expect(other.bufferedBytes).toBeLessThan(200);
    expect(other.bufferedBytes).toBeGreaterThan(100);
    await expect(other.set('/a', 1)).rejects.toHaveProperty('kind', 'overloaded');
    router.latest.connection.resume();
    await turns();
    expect(other.emit('/go')).toBe(true);
    await other.close();
  });
});

describe('time', () => {
  it('ping measures the round trip', async () => {
    const result = kept(client.ping());
    await turns();
    router.clock.increment(40);
    await router.latest.say({ type: 'pong' });
    expect(await result).toBe(40);
  });

  it('serverTime follows the router, whose answer counts as given at half of the round trip', async () => {
    router.answersSyncs = false;
    router.clock.increment(1);
    const result = kept(client.sync());
    await turns();
    const { t1 } = router.latest.all('sync').at(-1)!;
    router.clock.increment(10);
    await router.latest.say({ type: 'sync', t1, t2: 6_000, t3: 8_000 });
    expect(await result).toEqual({ offsetMicros: 1_000, roundTripMicros: 8_000 });
    // Slower than the first SYNC, which took no time: the first one is still used.
    expect(client.serverTime()).toBe(11_000);
  });

  it('is compared again with each keep-alive', async () => {
    router.clock.increment(10_000);
    await turns(2);
    expect(router.latest.all('sync')).toHaveLength(2);
  });
});

describe('errors without a request', () => {
  it('are reported to onError, until the listener is removed', async () => {
    const errors: Error[] = [];
    const off = client.onError((error) => errors.push(error));
    await router.latest.say(failure(503, 'Buffer overflow: 3 messages were dropped'));
    expect(errors).toEqual([refusal(503, 'Buffer overflow: 3 messages were dropped')]);
    off();
    await router.latest.say(failure(503, 'again'));
    expect(errors).toHaveLength(1);
  });

  it('unreadable frames are reported once per second, and change nothing', async () => {
    const errors: Error[] = [];
    client.onError((error) => errors.push(error));
    const malformed = Buffer.from('5301000177', 'hex'); // message type 0x77
    for (let i = 0; i < 50; i++) await router.latest.sayBytes(malformed);
    expect(errors).toEqual([expect.objectContaining({ name: 'DecodeError', fault: 'UnknownMessageType' })]);
    router.clock.increment(1_000);
    await router.latest.sayBytes(malformed);
    expect(errors).toHaveLength(2);
    expect(client.state).toBe('open');
  });
});
