import { describe, expect, it } from '@jest/globals';
import { ClientError } from '../../src/client/client-error.js';
import { ClaspError } from '../../src/protocol/errors.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { turns } from '../support/inbox.js';
import { ack, failure, kept, outcome, setTo, snapshot } from './scripted-router.js';
import { router, client, refusal } from './connected-client.js';

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
