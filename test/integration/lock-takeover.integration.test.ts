import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Authenticator } from '../../src/core/ports.js';
import { createRouter, type RouterOptions, webSocket } from '../../src/index.js';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { parsePattern } from '../../src/protocol/pattern.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { type ChaosProxy, tcpChaosProxy } from '../support/chaos-proxy.js';
import { until } from '../support/inbox.js';
import { inputRead, SteadyClock } from '../support/steady-clock.js';
import { WebSocketClient } from '../support/websocket-client.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Accepts every token, with the right to write everything. */
const authenticator: Authenticator = {
  authenticate: (tokenId) =>
    Promise.resolve({
      tokenId,
      subject: undefined,
      scopes: [{ action: 'write', pattern: parsePattern('/**') }],
      constraints: [],
      expiresAtSeconds: undefined,
    }),
  onRevoked: () => () => undefined,
};

const lock: Message = { type: 'set', address: '/desk', value: encodeValue(1), lock: true };

interface Venue {
  readonly clock: SteadyClock;
  readonly url: string;
  readonly accessPoint: ChaosProxy;
  readonly accessPointUrl: string;
}

async function open(options: RouterOptions): Promise<Venue> {
  const clock = new SteadyClock();
  const router = createRouter({ clock, drainTimeoutSeconds: 0, ...options });
  cleanUps.push(() => router.stop());
  const [address] = await router.listen(webSocket({ host: '127.0.0.1', port: 0, pingIntervalMs: 0 }));
  const accessPoint = await tcpChaosProxy(address!.port, { seed: 1 });
  cleanUps.push(() => accessPoint.close());
  return { clock, url: address!.url, accessPoint, accessPointUrl: `ws://127.0.0.1:${accessPoint.port}` };
}

async function join(url: string, name: string): Promise<WebSocketClient> {
  const client = await WebSocketClient.connect(url);
  cleanUps.push(() => {
    client.destroy();
  });
  client.send(encodeFrame({ type: 'hello', version: 1, name, features: [], token: 'token-1' }));
  await client.receive(2); // WELCOME and SNAPSHOT
  return client;
}

/** Sends a message. @returns the next answer, except updates of params */
async function answerTo(client: WebSocketClient, message: Message): Promise<Message> {
  const count = client.frames.length;
  client.send(encodeFrame(message, { qos: 1 }));
  const received = (): readonly Message[] =>
    client.frames.slice(count).map((frame) => decodeFrame(frame as Uint8Array).message);
  await until(() => received().some(({ type }) => type === 'ack' || type === 'error'));
  return received().find(({ type }) => type === 'ack' || type === 'error')!;
}

async function pass(clock: SteadyClock, milliseconds: number): Promise<void> {
  for (let left = milliseconds; left > 0; left -= 50) {
    clock.increment(50);
    await inputRead();
  }
}

describe('the lock of a client whose connection is dead', () => {
  it('moves to the same client 2 s after it has reconnected', async () => {
    const { clock, url, accessPoint, accessPointUrl } = await open({ authenticator });
    const first = await join(accessPointUrl, 'desk');
    expect(await answerTo(first, lock)).toMatchObject({ type: 'ack', locked: true });
    for (const connection of accessPoint.connections) connection.stall();
    await pass(clock, 3_000);
    const again = await join(url, 'desk');
    expect(await answerTo(again, lock)).toMatchObject({ type: 'error', code: 401 });
    await pass(clock, 2_050);
    expect(await answerTo(again, lock)).toMatchObject({ type: 'ack', locked: true });
  });

  it('stays with its holder while that answers', async () => {
    const { clock, url } = await open({ authenticator });
    const holder = await join(url, 'desk');
    expect(await answerTo(holder, lock)).toMatchObject({ type: 'ack', locked: true });
    await pass(clock, 3_000);
    const probed = once(holder.socket, 'ping');
    const other = await join(url, 'desk');
    await probed;
    expect(await answerTo(holder, { type: 'set', address: '/desk', value: encodeValue(2) })).toMatchObject({
      type: 'ack',
    });
    await pass(clock, 2_050);
    expect(await answerTo(other, lock)).toMatchObject({ type: 'error', code: 401 });
  });

  it('stays with its holder on an open router, whatever name another client uses', async () => {
    const { clock, url, accessPoint, accessPointUrl } = await open({});
    const first = await join(accessPointUrl, 'desk');
    expect(await answerTo(first, lock)).toMatchObject({ type: 'ack', locked: true });
    for (const connection of accessPoint.connections) connection.stall();
    await pass(clock, 3_000);
    const other = await join(url, 'desk');
    await pass(clock, 15_000);
    expect(await answerTo(other, lock)).toMatchObject({ type: 'error', code: 401 });
  });
});
