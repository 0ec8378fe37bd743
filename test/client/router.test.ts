import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Client, connect, connectionLink, timelinePlayer } from '../../src/client/index.js';
import type { ClientOptions } from '../../src/client/options.js';
import type { Signal } from '../../src/client/signal.js';
import { createRouter, type Router } from '../../src/index.js';
import { memory, type MemoryTransport } from '../../src/transports/index.js';
import { turns, until } from '../support/inbox.js';
import { SteadyClock } from '../support/steady-clock.js';

let clock: SteadyClock;
let router: Router;
let transport: MemoryTransport;
let clients: Client[];

beforeEach(async () => {
  clock = new SteadyClock();
  router = createRouter({ clock, name: 'Stage left' });
  transport = memory({ clock });
  clients = [];
  await router.listen(transport);
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await router.stop();
});

async function join(options: ClientOptions = {}): Promise<Client> {
  const client = await connect(
    connectionLink(() => transport.connect()),
    { clock, random: () => 0, ...options },
  );
  clients.push(client);
  return client;
}

describe.each(['binary', 'cbor', 'json'] as const)('with the router, in %s', (encoding) => {
  it('a param makes a round trip, with its revisions', async () => {
    const [desk, lamp] = [await join({ encoding }), await join({ encoding })];
    expect(desk.routerName).toBe('Stage left');
    const heard: Signal<'param'>[] = [];
    await lamp.on('/lights/*', (signal) => heard.push(signal), { types: ['param'] }).ready;
    expect(await desk.set('/lights/1', { level: 0.5, id: 7n })).toEqual({ revision: 1 });
    expect(await desk.set('/lights/1', Uint8Array.of(1, 2), { revision: 1 })).toEqual({ revision: 2 });
    await expect(desk.set('/lights/1', 0, { revision: 1 })).rejects.toMatchObject({ code: 400, address: '/lights/1' });
    await until(() => heard.length === 2);
    expect(heard).toMatchObject([
      { value: new Map<string, unknown>([['level', 0.5], ['id', 7n]]), revision: 1 }, // prettier-ignore
      { value: Uint8Array.of(1, 2), revision: 2 },
    ]);
    expect(await lamp.get('/lights/1')).toMatchObject({ revision: 2, writer: desk.session });
    expect(await lamp.get('/nowhere')).toBeUndefined();
  });

  it('a query that is answered over several turns of the event loop returns all signals, in the order of their announcement', async () => {
    const [desk, tool] = [await join({ encoding }), await join({ encoding })];
    const definitions = Array.from({ length: 4_000 }, (_, i) => ({ address: `/signal/${i}`, type: 'param' as const }));
    for (let i = 0; i < 4_000; i += 1_000) await desk.announce('/desk', definitions.slice(i, i + 1_000));
    const [all, one] = await Promise.all([tool.query('/**'), tool.query('/signal/7')]);
    expect(all.map(({ address }) => address)).toEqual(definitions.map(({ address }) => address));
    expect(one.map(({ address }) => address)).toEqual(['/signal/7']);
  });

  it('a QoS of 0 gets no answer, and the write still takes effect', async () => {
    const errors: Error[] = [];
    const client = await join({ encoding });
    client.onError((error) => errors.push(error));
    await client.set('/a', 1, { qos: 0 });
    expect(await client.get('/a')).toMatchObject({ value: 1, revision: 1 });
    expect(await client.set('/a', 2)).toEqual({ revision: 2 });
    expect(errors).toEqual([]);
  });

  it('a lock is held, and released', async () => {
    const [one, two] = [await join({ encoding }), await join({ encoding })];
    expect(await one.set('/a', 1, { lock: true })).toEqual({ revision: 1, locked: true, holder: one.session });
    await expect(two.set('/a', 2)).rejects.toMatchObject({ code: 401, message: 'Parameter is locked' });
    expect(await one.set('/a', 3, { unlock: true })).toMatchObject({ revision: 2, locked: false });
    expect(await two.set('/a', 4)).toMatchObject({ revision: 3 });
  });

  it('a param expires', async () => {
    const client = await join({ encoding });
    await client.set('/a', 1, { ttlSeconds: 2, absolute: true });
    clock.increment(1_999);
    expect(await client.get('/a')).toBeDefined();
    clock.increment(1);
    expect(await client.get('/a')).toBeUndefined();
  });

  it('events, streams, gestures and timelines are forwarded', async () => {
    const [hand, eye] = [await join({ encoding }), await join({ encoding })];
    const heard: Signal[] = [];
    await eye.on('/**', (signal) => heard.push(signal)).ready;
    hand.emit('/go', 4n);
    hand.stream('/mic', Float64Array.of(0.1, 0.2), { rate: 48_000 });
    hand.gesture('/pad', 1, 'start', [0, 0]);
    hand.timeline('/dim', { keyframes: [{ time: 0, value: 0 }, { time: 1_000_000, value: 1 }] }); // prettier-ignore
    await until(() => heard.length === 4);
    expect(heard).toMatchObject([
      { kind: 'event', address: '/go', value: 4n },
      { kind: 'stream', samples: [0.1, 0.2], rate: 48_000 },
      { kind: 'gesture', id: 1, phase: 'start', value: [0, 0] },
      { kind: 'timeline', address: '/dim' },
    ]);
    const automation = heard[3] as Signal<'timeline'>; // invariant: checked by the line above
    expect(timelinePlayer(automation.timeline!)(250_000)).toBe(0.25);
  });

  it('a bundle takes effect completely or not at all', async () => {
    const client = await join({ encoding });
    await client.set('/locked', 1);
    const attempt = client.bundle([
      { kind: 'param', address: '/a', value: 1 },
      { kind: 'param', address: '/locked', value: 2, revision: 9 },
    ]);
    await expect(attempt).rejects.toMatchObject({ code: 400, address: '/locked' });
    expect(await client.get('/a')).toBeUndefined();
    expect(await client.bundle([{ kind: 'param', address: '/locked', value: 3 }])).toEqual({ revision: 2 });
  });

  it('announced signals are found', async () => {
    const client = await join({ encoding });
    await client.announce('/lights', [
      { address: '/lights/*/dim', type: 'param', datatype: 'float' },
      { address: '/lights/go', type: 'event' },
    ]);
    await client.announce('', [{ address: '/x', type: 'stream' }]);
    expect(await client.query('/lights/go')).toMatchObject([{ address: '/lights/go', type: 'event' }]);
    expect(await client.query('/sounds/**')).toEqual([]);
    expect(await client.query('/x')).toMatchObject([{ address: '/x', type: 'stream' }]);
  });
});

describe('with the router', () => {
  it('a bundle for later is accepted immediately and executed by the router’s clock', async () => {
    const [desk, lamp] = [await join(), await join()];
    const heard: Signal[] = [];
    await lamp.on('/a', (signal) => heard.push(signal)).ready;
    await desk.bundle([{ kind: 'param', address: '/a', value: 1 }], { at: desk.serverTime() + 500_000 });
    expect(heard).toEqual([]);
    clock.increment(500);
    await until(() => heard.length === 1);
  });

  it('a bundle too far in the future is rejected, with an ERROR without address', async () => {
    const client = await join();
    const attempt = client.bundle([{ kind: 'event', address: '/a' }], { at: client.serverTime() + 90_000_000_000 });
    await expect(attempt).rejects.toMatchObject({ code: 400 });
  });

  it('a late client has the params when connect() resolves', async () => {
    const early = await join();
    await Promise.all(Array.from({ length: 1_000 }, (_, i) => early.set(`/many/${i}`, i)));
    const late = await join();
    expect(late.cached('/many/999')).toMatchObject({ value: 999, revision: 1 });
    const heard: number[] = [];
    await late.on('/many/*', (signal) => heard.push((signal as Signal<'param'>).value as number)).ready;
    expect(heard.length).toBe(1_000);
  });

  it('overlapping subscriptions receive each signal once each', async () => {
    const [desk, lamp] = [await join(), await join()];
    const heard: string[] = [];
    for (const pattern of ['/**', '/lights/*', '/lights/1']) {
      await lamp.on(pattern, ({ kind }) => heard.push(`${pattern} ${kind}`)).ready;
    }
    await desk.set('/lights/1', 1);
    desk.emit('/lights/1');
    await until(() => heard.length >= 6);
    expect(heard).toEqual([
      ...['/** param', '/lights/* param', '/lights/1 param'],
      ...['/** event', '/lights/* event', '/lights/1 event'],
    ]);
  });

  it('a writer that subscribes receives its own write before its ACK', async () => {
    const client = await join();
    const order: string[] = [];
    await client.on('/a', () => order.push('signal')).ready;
    await client.set('/a', 1);
    order.push('ack');
    expect(order).toEqual(['signal', 'ack']);
  });

  it('a client that leaves releases its locks and is removed', async () => {
    const [one, two] = [await join(), await join()];
    await one.set('/a', 1, { lock: true });
    await one.close();
    await until(() => router.sessionCount === 1);
    expect(await two.set('/a', 2)).toMatchObject({ revision: 2 });
  });

  it('after a restart subscriptions continue, and the clock is synchronized again', async () => {
    const client = await join();
    const heard: unknown[] = [];
    await client.on('/a', (signal) => signal.kind === 'param' && heard.push(signal.value)).ready;
    await client.set('/a', 1);
    await router.stop();
    await turns();
    expect(client.state).toBe('reconnecting');
    router = createRouter({ clock, name: 'Stage right' });
    await router.listen(transport);
    clock.increment(1_000);
    await until(() => client.state === 'open');
    expect(client.routerName).toBe('Stage right');
    await client.set('/a', 2);
    expect(heard).toEqual([1, 2]);
  });

  it('an exceeded limit is reported to the client concerned', async () => {
    await router.stop();
    router = createRouter({ clock, maxSubscriptionsPerSession: 1 });
    await router.listen(transport);
    const client = await join();
    await client.on('/a', () => undefined).ready;
    await expect(client.on('/b', () => undefined).ready).rejects.toMatchObject({ code: 429, address: '/b' });
    expect(await client.set('/b', 1)).toEqual({ revision: 1 });
  });

  it('a session above the limit is rejected with the reason', async () => {
    await router.stop();
    router = createRouter({ clock, maxSessions: 1 });
    await router.listen(transport);
    await join();
    await expect(join()).rejects.toMatchObject({ code: 503 });
  });
});
