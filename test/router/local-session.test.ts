import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { firstValueFrom, lastValueFrom, map, take, toArray } from 'rxjs';
import { authenticator, type Validation } from '../../src/auth/index.js';
import { connect } from '../../src/client/index.js';
import { connectionLink } from '../../src/client/connection-link.js';
import { ErrorCode } from '../../src/protocol/errors.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { parseScopes } from '../../src/protocol/scope.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { createRouter } from '../../src/router/create-router.js';
import type { Router } from '../../src/router/router.js';
import { memory } from '../../src/transports/memory/index.js';
import { SteadyClock } from '../support/steady-clock.js';

let router: Router;

afterEach(() => router.stop());

describe('a session in the process', () => {
  it('sets, gets and receives params, with revisions and its own copy of bytes', async () => {
    router = createRouter();
    const one = await router.connect({ name: 'one' });
    const two = await router.connect({ name: 'two' });
    const heard: unknown[] = [];
    const { ready } = two.on('/lights/**', (signal) => heard.push(signal));
    await ready;
    const bytes = Uint8Array.of(1, 2, 3);
    await expect(one.set('/lights/1/dim', 0.5)).resolves.toMatchObject({ revision: 1 });
    await expect(one.set('/lights/1/dim', { a: [1n, 'x', bytes] })).resolves.toMatchObject({ revision: 2 });
    bytes.fill(9); // sent data no longer changes
    await two.ping();
    const value = new Map([['a', [1n, 'x', Uint8Array.of(1, 2, 3)]]]);
    expect(heard).toMatchObject([
      { kind: 'param', address: '/lights/1/dim', value: 0.5, revision: 1 },
      { kind: 'param', address: '/lights/1/dim', value, revision: 2 },
    ]);
    await expect(two.get('/lights/1/dim')).resolves.toMatchObject({ value, revision: 2, writer: one.session });
    await expect(two.get('/none')).resolves.toBeUndefined();
  });

  it('can be read by hooks and listeners while the router handles its message: statistics and history', async () => {
    const seen: unknown[] = [];
    const look = (): void => {
      seen.push([router.statistics().counts.params, router.history('/cues/1').map(({ revision }) => revision)]);
    };
    router = createRouter({
      writeHistory: [{ pattern: '/cues/**', depth: 2 }],
      validateWrite: () => {
        look();
        return undefined;
      },
    });
    router.on('session.opened', look);
    const session = await router.connect();
    await session.set('/cues/1', 'one');
    await session.set('/cues/1', 'two');
    expect(seen).toEqual([
      [0, []],
      [0, []],
      [1, [1]],
    ]);
  });

  it('leaves its writes in the history of the router, if a rule keeps them', async () => {
    router = createRouter({ writeHistory: [{ pattern: '/cues/**', depth: 20 }] });
    const client = await router.connect({ name: 'desk' });
    for (let i = 1; i <= 25; i++) await client.set('/cues/1', i);
    const writes = router.history('/cues/1');
    expect(writes.map(({ value }) => value)).toEqual(Array.from({ length: 20 }, (_, i) => i + 6));
    expect(writes[0]).toMatchObject({ revision: 6, session: client.session, name: 'desk' });
    expect(() => router.history('cues')).toThrow(expect.objectContaining({ code: ErrorCode.InvalidAddress }));
    await router.stop();
    expect(() => router.history('/cues/1')).toThrow(expect.objectContaining({ code: 'CLASP_ERR_ROUTER_STOPPED' }));
  });

  it('is limited to its given scopes, on an open router and on one with tokens', async () => {
    for (const options of [{}, { authenticator: authenticator([]) }]) {
      router = createRouter(options);
      const all = await router.connect();
      await all.set('/show/1', 1);
      const client = await router.connect({ scopes: ['write:/osc/**', 'read:/show/**'] });
      await client.set('/osc/1', 2);
      await expect(client.set('/show/1', 2)).rejects.toMatchObject({ code: ErrorCode.Forbidden });
      await expect(client.get('/show/1')).resolves.toMatchObject({ value: 1 });
      await expect(client.get('/other')).rejects.toMatchObject({ code: ErrorCode.Forbidden });
      await router.stop();
    }
  });

  it.each([
    [{ scopes: ['write'] }, 'invalid'],
    [{ scopes: 'write:/osc/**' as never }, 'scopes must be a list of scopes'],
    [{ scopes: [], token: 'x' }, 'scopes must not be combined with token'],
    [{ snapshot: 1 as never }, 'snapshot must be true or false'],
  ])('refuses wrong rights: %j', async (options, text) => {
    router = createRouter();
    await expect(router.connect(options)).rejects.toMatchObject({
      code: 'CLASP_ERR_ARGUMENT',
      message: expect.stringContaining(text),
    });
  });

  it('exchanges messages with sessions over a network, in both directions', async () => {
    const transport = memory();
    router = createRouter({ transports: [transport] });
    await router.start();
    const remote = await connect(connectionLink(() => transport.connect()));
    const local = await router.connect();
    await remote.set('/from/remote', 1);
    await local.set('/from/local', 2n);
    await expect(local.get('/from/remote')).resolves.toMatchObject({ value: 1 });
    await expect(remote.get('/from/local')).resolves.toMatchObject({ value: 2n });
    const heard: unknown[] = [];
    await local.on('/cue/*', (signal) => heard.push(signal)).ready;
    remote.emit('/cue/go', 'now');
    remote.gesture('/cue/pad', 1, 'start', [0, 1]);
    await remote.ping();
    await local.ping();
    expect(heard).toMatchObject([
      { kind: 'event', address: '/cue/go', value: 'now' },
      { kind: 'gesture', address: '/cue/pad', id: 1, phase: 'start', value: [0, 1] },
    ]);
    await remote.close();
  });

  it('gets a snapshot of any size as a late joiner', async () => {
    router = createRouter();
    const writer = await router.connect();
    for (let i = 0; i < 9_999; i++) void writer.set(`/p/${i}`, i, { qos: 0 });
    await writer.set('/p/last', true);
    const late = await router.connect();
    const seen = new Set<string>();
    await late.on('/p/**', ({ address }) => seen.add(address)).ready;
    while (seen.size < 10_000) await late.ping();
    expect(seen.size).toBe(10_000);
  });

  it('receives the errors of the router, with the code', async () => {
    router = createRouter({ validateWrite: ({ address }) => (address === '/no' ? 'not here' : undefined) });
    const local = await router.connect();
    await expect(local.set('/no', 1)).rejects.toMatchObject({ code: ErrorCode.Refused, message: 'not here' });
    const ready = local.on('/**/**/a/**/**/b/**/c/**/d/**', () => undefined).ready;
    await expect(ready).rejects.toMatchObject({ code: ErrorCode.PatternError });
    await local.set('/l', 1, { lock: true });
    const other = await router.connect();
    await expect(other.set('/l', 2)).rejects.toMatchObject({ code: ErrorCode.LockHeld });
  });

  it('applies a bundle entirely or not at all', async () => {
    router = createRouter();
    const local = await router.connect();
    await local.bundle([
      { kind: 'param', address: '/a', value: 1 },
      { kind: 'param', address: '/b', value: 2 },
    ]);
    const refused = local.bundle([
      { kind: 'param', address: '/a', value: 3 },
      { kind: 'param', address: '/b', value: 4, revision: 7 },
    ]);
    await expect(refused).rejects.toMatchObject({ code: ErrorCode.RevisionConflict });
    await expect(local.get('/a')).resolves.toMatchObject({ value: 1 });
  });

  it('ends with the router, and is refused after its stop', async () => {
    router = createRouter();
    const local = await router.connect();
    const closed = new Promise((resolve) => local.onState(({ state }) => state === 'closed' && resolve(state)));
    await router.stop();
    await expect(closed).resolves.toBe('closed');
    await expect(router.connect()).rejects.toThrow('the router was stopped; it opens no session');
  });

  it('does not time out when it is silent', async () => {
    const clock = new SteadyClock();
    router = createRouter({ clock, sessionTimeoutSeconds: 1 });
    const local = await router.connect();
    for (let minute = 0; minute < 10; minute++) clock.increment(60_000);
    await expect(local.set('/a', 1)).resolves.toMatchObject({ revision: 1 });
  });

  it('leaves when it is closed: its locks are free and its session has ended', async () => {
    router = createRouter();
    const one = await router.connect();
    const two = await router.connect();
    await one.set('/l', 1, { lock: true });
    expect(router.sessionCount).toBe(2);
    await one.close();
    await expect(two.set('/l', 2)).resolves.toMatchObject({ revision: 2 });
    expect(router.sessionCount).toBe(1);
  });

  it('needs no token, and is limited by a given token', async () => {
    const scopes = parseScopes('read:/**');
    const grant = { tokenId: 't1', subject: 'page', scopes, constraints: [], expiresAtSeconds: undefined };
    const validate = (token: string): Validation =>
      token === 'good' ? { kind: 'valid', grant } : { kind: 'invalid', reason: 'no' };
    router = createRouter({ authenticator: authenticator([{ validate }]) });
    const owner = await router.connect();
    await expect(owner.set('/a', 1)).resolves.toMatchObject({ revision: 1 });
    const page = await router.connect({ token: 'good' });
    await expect(page.set('/a', 2)).rejects.toMatchObject({ code: ErrorCode.Forbidden });
    await expect(router.connect({ token: 'bad' })).rejects.toMatchObject({ code: ErrorCode.Unauthorized });
  });
});

describe('signals$', () => {
  it('emits existing params and new signals, for all operators', async () => {
    router = createRouter();
    const local = await router.connect();
    await local.set('/lights/1/dim', 0.1);
    const doubled = firstValueFrom(
      router.signals$('/lights/*/dim', { types: ['param'] }).pipe(
        map(({ value }) => Number(value) * 2),
        take(3),
        toArray(),
      ),
    );
    await untilSubscribed(1);
    await local.set('/lights/1/dim', 0.2);
    local.emit('/lights/1/dim');
    await local.set('/lights/2/dim', 0.3);
    await expect(doubled).resolves.toEqual([0.2, 0.4, 0.6]);
    await untilSubscribed(0); // take(3) has unsubscribed
  });

  it('errors for an invalid pattern, and completes when the router stops', async () => {
    router = createRouter();
    await expect(firstValueFrom(router.signals$('no slash'))).rejects.toMatchObject({ code: ErrorCode.PatternError });
    const last = lastValueFrom(router.signals$('/**'), { defaultValue: 'completed' });
    await untilSubscribed(1);
    await router.stop();
    await expect(last).resolves.toBe('completed');
  });
});

describe('the events of a router', () => {
  it('are emitted in order, to listeners of one kind and of all kinds', async () => {
    const transport = memory();
    router = createRouter({ transports: [transport] });
    const all: string[] = [];
    router.events$.subscribe({ next: ({ type }) => all.push(type), complete: () => all.push('complete') });
    const opened = jest.fn();
    const forget = router.on('session.opened', opened);
    await expect(router.start()).resolves.toMatchObject([{ url: 'memory:' }]);
    await router.start(); // not opened twice
    const local = await router.connect({ name: 'kiosk' });
    await local.close();
    forget();
    await router.connect({ name: 'not heard of' });
    await router.stop();
    expect(opened).toHaveBeenCalledTimes(1);
    expect(opened).toHaveBeenCalledWith(
      expect.objectContaining({ type: 'session.opened', name: 'kiosk', transport: 'local', remoteAddress: 'local:1' }),
    );
    expect(all).toEqual([
      'listening',
      'session.opened',
      'session.closed',
      'session.opened',
      'session.closed',
      'stopped',
      'complete',
    ]);
  });
});

async function untilSubscribed(count: number): Promise<void> {
  while (router.statistics().counts.subscriptions !== count) await new Promise(setImmediate);
}

describe('a session at the level of messages', () => {
  function open(rights: Parameters<Router['openPeer']>[1] = {}): {
    readonly peer: ReturnType<Router['openPeer']>;
    readonly next: (count: number) => Promise<readonly Message[]>;
  } {
    const received: Message[] = [];
    let wake = (): void => undefined;
    const peer = router.openPeer(
      {
        received: (messages) => {
          received.push(...messages);
          wake();
        },
        closed: () => undefined,
      },
      rights,
    );
    peer.send({ type: 'hello', version: 1, name: 'bridge', features: [] }, 0);
    const next = async (count: number): Promise<readonly Message[]> => {
      while (received.length < count) await new Promise<void>((resolve) => (wake = resolve));
      return received.splice(0, count);
    };
    return { peer, next };
  }

  it('exchanges attachments with others, and removes a param', async () => {
    router = createRouter();
    const [one, two] = [open(), open({ wantsSnapshot: false })];
    expect(await one.next(2)).toMatchObject([{ type: 'welcome' }, { type: 'snapshot' }]);
    two.peer.send({ type: 'subscribe', id: 1, pattern: '/**' }, 0);
    two.peer.send({ type: 'ping' }, 0);
    expect(await two.next(2)).toMatchObject([{ type: 'welcome' }, { type: 'pong' }]); // no snapshot
    const attachment = { byteLength: 4, raw: '22.50' };
    one.peer.send({ type: 'set', address: '/mqtt/t', value: encodeValue(22.5), attachment }, 1);
    expect(await two.next(1)).toMatchObject([{ type: 'set', address: '/mqtt/t', attachment }]);
    one.peer.send({ type: 'remove', address: '/mqtt/t' }, 1);
    expect(await one.next(2)).toMatchObject([
      { type: 'ack', revision: 1 },
      { type: 'ack', address: '/mqtt/t', revision: 2 },
    ]);
    const [removed] = await two.next(1);
    expect(removed).toMatchObject({ type: 'set', address: '/mqtt/t', revision: 2 });
    expect(removed?.type === 'set' && removed.value.decode()).toBeNull();
    expect(router.state().params).toEqual([]);
  });
});
