import { afterAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { connect } from '../../src/client/node.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import type { Value } from '../../src/protocol/values/value.js';
import { until } from '../support/inbox.js';
import { type RouterProcess, startRouterProcess } from '../support/router-process.mjs';
import { TcpClient } from '../support/tcp-client.js';
import { WebSocketClient } from '../support/websocket-client.js';

/** Windows cannot suspend and resume a process. */
const describeStopped = process.platform === 'win32' ? describe.skip : describe;

const SESSION_TIMEOUT_S = 4;
const STOPPED_MS = 8_000;
const SEND_EVERY_MS = 100;
const BLOCKED_MS = 2_500;

const cleanUps: (() => unknown)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A client that sends PING all the time, and has set a last will. */
interface Talker {
  readonly pongs: () => number;
  readonly hasEnded: () => boolean;
}

function map(entries: Readonly<Record<string, Value>>): ReadonlyMap<string, Value> {
  return new Map(Object.entries(entries));
}

function beginTalking(name: string, send: (frame: Uint8Array) => void): void {
  const will = map({ messages: [map({ type: 'set', address: `/lost/${name}`, value: true })] });
  const meta = encodeValue(map({ will }));
  const messages: readonly Message[] = [
    { type: 'hello', version: 1, name, features: ['param'] },
    { type: 'announce', namespace: `/${name}`, signals: [], meta },
  ];
  // CBOR carries the meta of an ANNOUNCE; compact binary does not.
  for (const message of messages) send(encodeFrame(message, { encoding: 'cbor' }));
  const timer = setInterval(() => {
    send(encodeFrame({ type: 'ping' }, { encoding: 'cbor' }));
  }, SEND_EVERY_MS);
  cleanUps.push(() => {
    clearInterval(timer);
  });
}

function pongsIn(frames: readonly unknown[]): number {
  return frames.filter((frame) => frame instanceof Uint8Array && decodeFrame(frame).message.type === 'pong').length;
}

async function talkOverWebSocket(port: number): Promise<Talker> {
  const client = await WebSocketClient.connect(`ws://127.0.0.1:${port}`);
  let hasEnded = false;
  void client.ended.then(() => (hasEnded = true));
  beginTalking('web', (frame) => {
    client.send(frame);
  });
  return { pongs: () => pongsIn(client.frames), hasEnded: () => hasEnded };
}

async function talkOverTcp(port: number): Promise<Talker> {
  const client = await TcpClient.connect(`tcp://127.0.0.1:${port}`);
  let hasEnded = false;
  void client.ended.then(() => (hasEnded = true));
  beginTalking('stream', (frame) => {
    client.send(frame);
  });
  return { pongs: () => pongsIn(client.frames), hasEnded: () => hasEnded };
}

async function stopFor(router: RouterProcess, milliseconds: number): Promise<void> {
  const pid = router.pid!; // it runs
  process.kill(pid, 'SIGSTOP');
  try {
    await sleep(milliseconds);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

describeStopped('a router process that was stopped for twice its session timeout', () => {
  it('keeps the sessions that kept sending, and runs no last will', async () => {
    const router = await startRouterProcess(['--session-timeout', String(SESSION_TIMEOUT_S)]);
    cleanUps.push(() => router.stop());
    const talkers = [await talkOverWebSocket(router.doors.websocket), await talkOverTcp(router.doors.tcp)];
    await until(() => talkers.every(({ pongs }) => pongs() >= 2));

    await stopFor(router, STOPPED_MS);
    const before = talkers.map(({ pongs }) => pongs());
    const queued = STOPPED_MS / SEND_EVERY_MS;
    const wanted = queued + 10; // everything queued, and some that was sent afterwards
    while (!talkers.every(({ pongs, hasEnded }, i) => hasEnded() || pongs() - before[i]! >= wanted)) await sleep(20);
    expect(talkers.map(({ hasEnded }) => hasEnded())).toEqual([false, false]);

    const observer = await connect(`ws://127.0.0.1:${router.doors.websocket}`);
    cleanUps.push(() => observer.close());
    for (const name of ['web', 'stream']) {
      expect(await observer.get(`/lost/${name}`)).toBeUndefined();
    }
  });
});

describe('a client whose program was blocked longer than three keep-alives', () => {
  it('keeps its connection to the router, whose answers were queued', async () => {
    const router = await startRouterProcess();
    cleanUps.push(() => router.stop());
    let received = 0;
    class CountingWebSocket extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        this.on('message', () => received++);
      }
    }
    const client = await connect(`ws://127.0.0.1:${router.doors.websocket}`, {
      keepAliveMs: 500,
      reconnect: false,
      WebSocket: CountingWebSocket,
    });
    cleanUps.push(() => client.close());
    const states: string[] = [];
    client.onState(({ state }) => states.push(state));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BLOCKED_MS);
    const before = received;
    await until(() => received >= before + 2 || states.length > 0); // the answers to two keep-alives
    await client.ping();
    expect(states).toEqual([]);
  });
});
