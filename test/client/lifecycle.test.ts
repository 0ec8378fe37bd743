import { describe, expect, it } from '@jest/globals';
import { ClientError } from '../../src/client/client-error.js';
import { ClaspError } from '../../src/protocol/errors.js';
import { turns } from '../support/inbox.js';
import { ack, failure, kept, outcome, setTo, snapshot } from './scripted-router.js';
import { router, connect, breakOff } from './watched-clients.js';

describe('connecting', () => {
  it('rejects without a router, and does not retry by itself', async () => {
    router.isReachable = false;
    await expect(router.connect()).rejects.toMatchObject({
      kind: 'unreachable',
      message: 'cannot connect to memory:: the cable is out',
    });
    router.isReachable = true;
    await router.advance(60_000);
    expect(router.sessions).toHaveLength(0);
  });

  it('rejects with the router’s ERROR in place of WELCOME', async () => {
    router.answers = () => [failure(300, 'Authentication required')];
    const attempt = router.connect();
    await expect(attempt).rejects.toBeInstanceOf(ClaspError);
    await expect(attempt).rejects.toMatchObject({ code: 300, message: 'Authentication required' });
    await turns();
    expect(router.latest.isOver).toBe(true);
  });

  it.each([
    ['sends nothing', () => []],
    ['answers no SYNC', undefined],
  ])('rejects with a router that %s', async (_, answers) => {
    if (answers === undefined) router.answersSyncs = false;
    else router.answers = answers;
    const attempt = kept(router.connect({ connectTimeoutMs: 3_000 }));
    await router.advance(2_999);
    expect(await outcome(attempt)).toBe('waiting');
    router.clock.increment(1);
    await expect(attempt).rejects.toMatchObject({
      kind: 'unreachable',
      message: 'no router at memory: has accepted this client within 3000 ms',
    });
    await turns();
    expect(router.latest.isOver).toBe(true);
  });

  it('rejects if the router disconnects instead', async () => {
    router.answers = (_, session) => {
      session.connection.close({ kind: 'overloaded', text: 'no room' });
      return [];
    };
    await expect(router.connect()).rejects.toMatchObject({
      message: 'cannot connect to memory:: it disconnected without a WELCOME',
    });
  });

  it('in JSON is rejected over links without JSON', async () => {
    const attempt = router.connect({ encoding: 'json' }, router.link({ carriesText: false }));
    await expect(attempt).rejects.toThrow('this link does not carry JSON; choose binary or cbor');
  });
});

describe('a lost connection', () => {
  it('is established again after the first delay, and reports it', async () => {
    const { client, changes } = await connect();
    await breakOff();
    expect(client.state).toBe('reconnecting');
    expect(client.session).toBeUndefined();
    await router.advance(124);
    expect(router.sessions).toHaveLength(1);
    await router.advance(1); // 250 ms, minus its random half
    expect(client.state).toBe('open');
    expect(client.session).toBe('session-2');
    expect(changes).toEqual([
      { state: 'reconnecting', reason: expect.objectContaining({ kind: 'lost' }) },
      { state: 'open' },
    ]);
  });

  it('rejects unanswered requests, and never sends them again', async () => {
    const { client } = await connect();
    const [set, get] = [kept(client.set('/a', 1)), kept(client.get('/a'))];
    await turns();
    await breakOff();
    await expect(set).rejects.toMatchObject({
      kind: 'lost',
      message: expect.stringContaining('the connection was lost before the answer arrived'),
    });
    await expect(get).rejects.toBeInstanceOf(ClientError);
    await router.advance(1_000);
    expect(router.latest.all('set')).toEqual([]);
    const again = kept(client.set('/a', 2));
    await turns();
    await router.latest.say(ack('/a', 1));
    expect(await again).toEqual({ revision: 1 });
  });

  it('rejects requests and drops other signals meanwhile', async () => {
    const { client } = await connect();
    await breakOff();
    for (const request of [client.set('/a', 1), client.set('/a', 1, { qos: 0 }), client.ping(), client.sync()]) {
      await expect(request).rejects.toMatchObject({
        kind: 'offline',
        message: 'not connected to memory:; nothing was sent or queued',
      });
    }
    expect(client.emit('/go')).toBe(false);
    expect(client.stream('/fader', 1)).toBe(false);
    await router.advance(1_000);
    expect(router.latest.types).toEqual(['sync']);
  });

  it('restores all subscriptions with their ids before it is open', async () => {
    const { client } = await connect();
    const heard: string[] = [];
    client.on('/a/**', (signal) => heard.push(`a ${signal.address}`), { maxRate: 5, history: 10 });
    client.on('/b', () => undefined)();
    client.on('/c', (signal) => heard.push(`c ${signal.address}`));
    await turns(2);
    await breakOff();
    const whileAway = client.on('/d', (signal) => heard.push(`d ${signal.address}`));
    await router.advance(1_000);
    await whileAway.ready;
    expect(router.latest.types).toEqual(['subscribe', 'subscribe', 'subscribe', 'sync']);
    expect(router.latest.all('subscribe').map(({ id, pattern, options }) => ({ id, pattern, options }))).toEqual([
      { id: 1, pattern: '/a/**', options: { maxRate: 5 } }, // the past was already delivered
      { id: 3, pattern: '/c', options: undefined },
      { id: 4, pattern: '/d', options: undefined },
    ]);
    await router.latest.say(setTo('/a/x', 1, 1), setTo('/b', 1, 1), setTo('/c', 1, 1), setTo('/d', 1, 1));
    expect(heard).toEqual(['a /a/x', 'c /c', 'd /d']);
  });

  it('is followed by exactly the changes that happened meanwhile', async () => {
    const { client } = await connect();
    const heard: unknown[] = [];
    client.on('/**', (signal) => signal.kind === 'param' && heard.push([signal.address, signal.value]));
    await turns();
    await router.latest.say(setTo('/same', 1, 5), setTo('/changed', 1, 5), setTo('/begun-anew', 1, 5));
    heard.length = 0;
    await breakOff();
    await router.advance(1_000);
    await router.latest.say(snapshot(['/same', 1, 5], ['/changed', 2, 6], ['/begun-anew', 9, 5], ['/new', 1, 1]));
    await router.latest.say(snapshot(['/same', 1, 5], ['/changed', 2, 6])); // an overlapping one
    await router.latest.say(snapshot(['/same', 0, 4])); // past values for another subscription
    expect(heard).toEqual([
      ['/changed', 2],
      ['/begun-anew', 9],
      ['/new', 1],
    ]);
    await router.latest.say(setTo('/same', 1, 1)); // a router that restarts its revisions
    expect(heard.at(-1)).toEqual(['/same', 1]);
    expect(client.cached('/same')).toMatchObject({ revision: 5 });
  });

  it('is retried with increasing delays, up to the longest delay', async () => {
    const { client, changes } = await connect({ reconnect: { maxDelayMs: 1_000 } });
    router.isReachable = false;
    await breakOff();
    const delays: number[] = [];
    let before = router.clock.now();
    while (delays.length < 6) {
      const seen = changes.length;
      while (changes.length === seen) await router.advance(1);
      delays.push(router.clock.now() - before);
      before = router.clock.now();
    }
    expect(delays).toEqual([125, 250, 500, 500, 500, 500]); // half of 250, 500, 1,000, ... with a random of 0
    expect(changes.at(-1)).toMatchObject({ state: 'reconnecting', reason: { kind: 'unreachable' } });
    router.isReachable = true;
    await router.advance(1_000);
    expect(client.state).toBe('open');
  });

  it('restarts with the first delay only if it had lasted', async () => {
    const { client } = await connect({ reconnect: { maxDelayMs: 2_000 } });
    await breakOff();
    await router.advance(125);
    expect(client.state).toBe('open');
    await breakOff(); // immediately
    await router.advance(249);
    expect(client.state).toBe('reconnecting');
    await router.advance(1);
    expect(client.state).toBe('open');
    await router.advance(2_000);
    await breakOff();
    await router.advance(125);
    expect(client.state).toBe('open');
  });

  it('is not retried after the maximum number of attempts', async () => {
    const { client, changes } = await connect({ reconnect: { maxAttempts: 2 } });
    router.isReachable = false;
    await breakOff();
    await router.advance(5_000);
    expect(client.state).toBe('closed');
    expect(changes.at(-1)!.reason!.message).toMatch(/^stopped after 2 attempts to reconnect: cannot connect/);
  });

  it('stays lost if the program disabled reconnection', async () => {
    const { client, changes } = await connect({ reconnect: false });
    await breakOff();
    expect(changes).toEqual([{ state: 'closed', reason: expect.objectContaining({ kind: 'lost' }) }]);
    await router.advance(60_000);
    expect(router.sessions).toHaveLength(1);
    await expect(client.set('/a', 1)).rejects.toHaveProperty('kind', 'closed');
  });

  it('is not retried if the token is no longer valid', async () => {
    const { client, changes } = await connect();
    router.answers = () => [failure(302, 'Token expired')];
    await breakOff();
    await router.advance(60_000);
    expect(client.state).toBe('closed');
    expect(changes.at(-1)).toEqual({ state: 'closed', reason: expect.objectContaining({ code: 302 }) });
    expect(router.sessions).toHaveLength(2);
  });

  it('has the reason that the router has just sent', async () => {
    const { changes } = await connect();
    await router.latest.say(failure(503, 'Queue overflow'));
    router.latest.connection.close({ kind: 'overloaded', text: '' });
    await turns();
    expect(changes[0]!.reason).toMatchObject({ code: 503, message: 'Queue overflow' });
  });

  it('does not have a reason from long ago', async () => {
    const { changes } = await connect();
    await router.latest.say(failure(503, '3 messages were dropped'));
    await router.advance(2_000);
    router.latest.connection.close({ kind: 'goingAway', text: '' });
    await turns();
    expect(changes[0]!.reason!.message).toBe('the router closed the connection');
  });
});

describe('a silent router', () => {
  it('is lost after three keep-alives', async () => {
    const { client, changes } = await connect();
    router.answersSyncs = false;
    await router.advance(29_999);
    expect(client.state).toBe('open');
    await router.advance(1);
    expect(changes[0]!.reason!.message).toBe('the router has been silent for 30 s');
  });

  it('is not lost while it sends anything', async () => {
    const { client } = await connect({ keepAliveMs: 1_000 });
    router.answersSyncs = false;
    for (let i = 0; i < 20; i++) {
      await router.advance(1_000);
      await router.latest.say({ type: 'pong' });
    }
    expect(client.state).toBe('open');
  });
});
