import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { SessionView } from '../../src/actors/session/session-view.js';
import { createRouter, type Router, webSocket } from '../../src/index.js';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import { type ChaosProxy, tcpChaosProxy } from '../support/chaos-proxy.js';
import { turns, until } from '../support/inbox.js';
import { inputRead, SteadyClock } from '../support/steady-clock.js';
import { WebSocketClient } from '../support/websocket-client.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Venue {
  readonly router: Router;
  /** The router's clock, which advances only if a test advances it. */
  readonly clock: SteadyClock;
  readonly url: string;
  /** An access point between the clients and the router. */
  readonly accessPoint: ChaosProxy;
  readonly accessPointUrl: string;
  /** The reasons for which sessions ended. */
  readonly ends: string[];
}

async function open(maxSessions: number): Promise<Venue> {
  const clock = new SteadyClock();
  const router = createRouter({ maxSessions, clock, drainTimeoutSeconds: 0 });
  cleanUps.push(() => router.stop());
  const [address] = await router.listen(webSocket({ host: '127.0.0.1', port: 0, pingIntervalMs: 0 }));
  const accessPoint = await tcpChaosProxy(address!.port, { seed: 1 });
  cleanUps.push(() => accessPoint.close());
  const ends: string[] = [];
  router.on('session.closed', ({ end }) => void ends.push(`${end.kind}: ${end.text}`));
  return { router, clock, url: address!.url, accessPoint, accessPointUrl: `ws://127.0.0.1:${accessPoint.port}`, ends };
}

/** A client that sends HELLO once it is connected. */
async function connect(url: string): Promise<WebSocketClient> {
  const client = await WebSocketClient.connect(url);
  cleanUps.push(() => {
    client.destroy();
  });
  client.send(encodeFrame({ type: 'hello', version: 1, name: 'phone', features: [] }));
  return client;
}

async function join(url: string): Promise<WebSocketClient> {
  const client = await connect(url);
  await client.receive(2); // WELCOME and SNAPSHOT
  return client;
}

const several = <T>(count: number, make: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, () => make()));

/** Returns the types of the first answers, for the clients that have one. */
const answers = (clients: readonly WebSocketClient[]): readonly string[] =>
  clients.flatMap(({ frames: [first] }) => (first === undefined ? [] : decodeFrame(first as Uint8Array).message.type));

function sessionsOf(router: Router): readonly SessionView[] {
  let views: readonly SessionView[] = [];
  const answer = (sessions: readonly SessionView[]): void => {
    views = sessions;
  };
  router.actor.getSnapshot().children.sessions?.send({ type: 'sessions.requested', answer });
  return views;
}

describe('after an access point has restarted', () => {
  it('all its clients are connected again within 7 s, although their dead sessions fill the router', async () => {
    const { router, clock, url, accessPoint, accessPointUrl, ends } = await open(21);
    await several(15, () => join(accessPointUrl));
    const quiet = await join(url); // a phone that is connected and sends nothing
    for (const connection of accessPoint.connections) connection.stall();
    clock.increment(15_000);
    const probed = once(quiet.socket, 'ping');
    const back = await several(15, () => connect(url));
    await until(() => answers(back).length === 5);
    await probed;
    const nowMs = clock.now();
    await until(() => sessionsOf(router).filter(({ lastReceivedMs }) => lastReceivedMs >= nowMs).length === 6);
    for (let passedMs = 0; passedMs < 7_000 && answers(back).length < 15; passedMs += 50) {
      clock.increment(50);
      await inputRead();
    }
    await until(() => answers(back).length === 15);
    expect(new Set(answers(back))).toEqual(new Set(['welcome']));
    const text = 'lost: no answer to a probe within 5 s, and another connection waits for its place';
    expect(ends).toEqual(Array.from({ length: 10 }, () => text));
    expect(quiet.socket.readyState).toBe(quiet.socket.OPEN);
    expect(router.sessionCount).toBe(21);
  });
});

describe('a full router', () => {
  it('refuses a connection at once if all its sessions were active within 15 s', async () => {
    const { clock, url, ends } = await open(2);
    await several(2, () => join(url));
    clock.increment(10_000);
    const late = await connect(url);
    await late.receive(1);
    const { message } = decodeFrame(late.frames[0] as Uint8Array);
    expect(message).toMatchObject({ type: 'error', code: 503, message: 'Too many sessions: the limit is 2' });
    expect(ends).toEqual([]);
  });

  it('refuses a connection as soon as its silent sessions have answered', async () => {
    const { router, clock, url, ends } = await open(2);
    const phones = await several(2, () => join(url));
    clock.increment(15_000);
    const probed = phones.map(({ socket }) => once(socket, 'ping'));
    const late = await connect(url);
    await Promise.all(probed);
    const nowMs = clock.now();
    await until(() => sessionsOf(router).every(({ lastReceivedMs }) => lastReceivedMs >= nowMs));
    for (let i = 0; i < 4; i++) {
      clock.increment(50);
      await inputRead();
    }
    await late.receive(1);
    expect(answers([late])).toEqual(['error']);
    await turns(20);
    expect(ends).toEqual([]);
  });
});
