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

/** More than the sockets of both sides can hold, so that the router itself has to keep it. */
const FILLER = 'x'.repeat(60_000);
const FILLERS = 300;

describe('a peer that stops reading', () => {
  it('stalls nobody, and when it reads again ends on the latest value of every param', async () => {
    const url = await start();
    const [publisher, frozen, well] = [await join(url), await join(url), await join(url)];
    frozen.socket.pause();
    // The well one is asked after each step: everything runs in this one process, so without waiting for it, it would fall
    // behind on a busy machine and be conflated too, as it should.
    const before = well.frames.length;
    let sent = 0;
    const step = async (...all: Message[]): Promise<void> => {
      send(publisher, ...all);
      sent += all.length;
      await until(() => well.frames.length === before + sent, 'the well one hears all');
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
      'the frozen one hears the end',
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

  it('is given up past the hard limit, with ERROR 503 behind what it had, and nobody else is', async () => {
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
      'the well one hears all',
    );
  });
});
