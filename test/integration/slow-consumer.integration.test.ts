import { afterEach, describe, expect, it } from '@jest/globals';
import { createRouter, type Router, type RouterOptions, webSocket } from '../../src/index.js';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { until } from '../support/official-client.js';
import { WebSocketClient } from '../support/websocket-client.js';

let router: Router;
const clients: WebSocketClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.terminate();
  await router.stop();
});

async function start(options: RouterOptions = {}): Promise<string> {
  router = createRouter({ highWaterBytes: 64 * 1024, drainTimeoutSeconds: 1, ...options });
  const [address] = await router.listen(webSocket({ port: 0, host: '127.0.0.1' }));
  return address!.url;
}

async function join(url: string): Promise<WebSocketClient> {
  const client = await WebSocketClient.connect(url);
  clients.push(client);
  send(
    client,
    { type: 'hello', version: 1, name: 'c', features: [] },
    { type: 'subscribe', id: 1, pattern: '/**' },
    { type: 'ping' },
  );
  await until(() => messages(client).some(({ type }) => type === 'pong'));
  return client;
}

function send(client: WebSocketClient, ...all: Message[]): void {
  for (const message of all) client.socket.send(encodeFrame(message));
}

function messages(client: WebSocketClient): Message[] {
  return client.frames.map((frame) => decodeFrame(frame as Uint8Array).message);
}

const set = (address: string, value: number | string): Message => ({ type: 'set', address, value: encodeValue(value) });

/** More than the sockets of both sides can hold, so that the router must queue it. */
const FILLER = 'x'.repeat(60_000);
const FILLERS = 300;

describe('a peer that stops reading', () => {
  it('delays no other peer, and gets the latest value of every param when it reads again', async () => {
    const url = await start();
    const [publisher, frozen, well] = [await join(url), await join(url), await join(url)];
    frozen.socket.pause();
    // The test waits for the fast peer after each step: all run in one process, and on a busy machine the fast one
    // would fall behind and be conflated, too.
    const before = well.frames.length;
    let sent = 0;
    const step = async (...all: Message[]): Promise<void> => {
      send(publisher, ...all);
      sent += all.length;
      await until(() => well.frames.length === before + sent, 'the fast one to receive everything');
    };
    for (let i = 0; i < FILLERS; i++) await step(set('/filler', FILLER));
    for (let i = 0; i < 1_000; i += 10) {
      await step(...Array.from({ length: 10 }, (_, p) => set(`/p/${p}`, i + p)));
    }
    await step(set('/end', 1));
    const toWell = messages(well).filter(({ type }) => type === 'set');
    expect(toWell).toHaveLength(FILLERS + 1_001);
    frozen.socket.resume();
    await until(
      () => messages(frozen).some((message) => message.type === 'set' && message.address === '/end'),
      'the stalled one to receive the close',
    );
    const heard = messages(frozen).filter((message) => message.type === 'set');
    expect(heard.length).toBeLessThan(toWell.length); // conflated
    for (let p = 0; p < 10; p++) {
      const own = heard.filter(({ address }) => address === `/p/${p}`);
      expect(own.at(-1)).toMatchObject({ revision: 100 });
      const revisions = own.map(({ revision }) => Number(revision));
      expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    }
  });

  it('loses no event below the hard limit', async () => {
    const url = await start({ maxQueueBytes: 64 * 1024 * 1024 });
    const [publisher, slow] = [await join(url), await join(url)];
    slow.socket.pause();
    for (let i = 0; i < FILLERS; i++) {
      send(publisher, {
        type: 'publish',
        address: `/e/${i}`,
        signal: 'event',
        phase: 'start',
        value: encodeValue(FILLER),
      });
    }
    send(publisher, { type: 'ping' });
    await until(() => messages(publisher).filter(({ type }) => type === 'pong').length === 2);
    slow.socket.resume();
    await until(() => messages(slow).filter(({ type }) => type === 'publish').length === FILLERS, 'every event');
    const order = messages(slow).flatMap((message) => (message.type === 'publish' ? message.address : []));
    expect(order).toEqual(Array.from({ length: FILLERS }, (_, i) => `/e/${i}`));
  });

  it('is closed above the hard limit, with ERROR 503 after its queue, and no other peer is', async () => {
    const url = await start({ maxQueueBytes: 200_000 });
    const [publisher, frozen, well] = [await join(url), await join(url), await join(url)];
    frozen.socket.pause();
    let count = 0;
    while (router.sessionCount === 3 && count < 2_000) {
      send(
        publisher,
        { type: 'publish', address: '/e', signal: 'event', phase: 'start', value: encodeValue(FILLER) },
        { type: 'ping' },
      );
      count++;
      await until(() => messages(publisher).filter(({ type }) => type === 'pong').length === count + 1);
    }
    expect(router.sessionCount).toBe(2);
    await until(
      () => messages(well).filter(({ type }) => type === 'publish').length === count,
      'the fast one to receive everything',
    );
  });
});

describe('one stalled and one slow session among twenty', () => {
  const MAX_QUEUE_BYTES = 524_288;
  const PARAMS = 20;
  const PARAM = 'p'.repeat(2_000);
  const EVENT = 'e'.repeat(30_000);

  /** Counters of a session's messages. The messages themselves would take hundreds of megabytes. */
  class Listener {
    readonly client: WebSocketClient;
    readonly values = new Map<string, number>();
    readonly events: string[] = [];
    readonly errors: number[] = [];
    sets = 0;

    constructor(client: WebSocketClient) {
      this.client = client;
    }

    /** @throws Error if a revision decreases */
    listen(): this {
      for (const message of messages(this.client)) {
        if (message.type === 'set') {
          const [before, revision] = [this.values.get(message.address) ?? 0, Number(message.revision)];
          if (revision <= before) throw new Error(`${message.address} went from revision ${before} to ${revision}`);
          this.values.set(message.address, revision);
          this.sets++;
        } else if (message.type === 'publish') {
          this.events.push(message.address);
        } else if (message.type === 'error') {
          this.errors.push(message.code);
        }
      }
      this.client.frames.length = 0;
      return this;
    }
  }

  it('get what the policy states: the others everything, the slow one the latest values, the stalled one its limit', async () => {
    const url = await start({ maxQueueBytes: MAX_QUEUE_BYTES });
    const publisher = new Listener(await join(url));
    const listeners: Listener[] = [];
    for (let i = 0; i < 20; i++) listeners.push(new Listener(await join(url)));
    const [frozen, slow, ...well] = listeners as [Listener, Listener, ...Listener[]]; // there are twenty
    for (const { client } of [frozen, slow]) client.stall();

    let rounds = 0;
    let mostQueued = 0;
    /** One write per param and an event, and a wait for all fast sessions, so that they never fall behind. */
    const round = async (): Promise<void> => {
      rounds++;
      send(publisher.client, ...Array.from({ length: PARAMS }, (_, p) => set(`/p/${p}`, PARAM)));
      const value = encodeValue(EVENT);
      send(publisher.client, { type: 'publish', address: `/e/${rounds}`, signal: 'event', phase: 'start', value });
      await until(() => well.every((one) => one.listen().events.length === rounds), 'the fast ones to receive a round');
      publisher.listen();
      mostQueued = Math.max(mostQueued, router.statistics().counts.queuedBytes);
    };

    while (router.statistics().counts.congested < 2) await round();
    for (let i = 0; i < 5; i++) await round(); // 150 KB of events: below the limit
    expect(router.statistics().drops.conflated).toBeGreaterThan(0);
    slow.client.resume();
    await until(() => slow.listen().events.length === rounds, 'the slow one to catch up');
    await until(() => router.statistics().counts.congested === 1, 'the slow one to leave congestion');
    while (router.statistics().drops.overflows === 0) {
      await round();
      await until(() => slow.listen().events.length === rounds, 'the slow one to receive a round');
    }

    const events = Array.from({ length: rounds }, (_, i) => `/e/${i + 1}`);
    const latest = new Map(Array.from({ length: PARAMS }, (_, p) => [`/p/${p}`, rounds]));
    for (const one of well) {
      expect([one.events, one.sets, one.errors]).toEqual([events, rounds * PARAMS, []]);
      expect(one.values).toEqual(latest);
    }
    expect(slow.events).toEqual(events);
    expect(slow.values).toEqual(latest);
    expect(slow.sets).toBeLessThan(rounds * PARAMS); // conflated
    expect(slow.errors).toEqual([]); // replaced values do not count as lost
    expect(mostQueued).toBeGreaterThan(MAX_QUEUE_BYTES / 2);
    expect(mostQueued).toBeLessThanOrEqual(2 * MAX_QUEUE_BYTES);
    expect(router.statistics().counts).toMatchObject({ sessions: 21, queuedBytes: 0 }); // it closes
    frozen.client.resume();
    expect((await frozen.client.ended).code).toBe(1013);
    frozen.listen();
    expect(frozen.errors).toEqual([503]);
    expect(frozen.events).toEqual(events.slice(0, frozen.events.length)); // in order, up to the limit
    await until(() => router.sessionCount === 20, 'its session to end');
  });
});
