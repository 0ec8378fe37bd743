import { describe, expect, it } from '@jest/globals';
import { ClaspError } from '../../src/protocol/errors.js';
import { turns } from '../support/inbox.js';
import { ack, failure, kept, outcome } from './scripted-router.js';
import { router, client, refusal } from './connected-client.js';

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
