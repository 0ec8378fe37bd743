import { afterEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { type AddressInfo, Server } from 'node:net';
import { createWebSocketReceiver } from '@statelyai/inspect';
import { type WebSocket, WebSocketServer } from 'ws';
import { createActor, SimulatedClock } from 'xstate';
import { silentLogger } from '../../../src/core/ports.js';
import type { Clock } from '../../../src/util/clock.js';
import {
  createStatelyStream,
  type FeedRelay,
  feedRelay,
  type FeedRelayOptions,
  RelayUrlError,
  type StatelyStream,
} from '../../../src/inspector/stately/index.js';
import { createRouter } from '../../../src/index.js';
import { memory } from '../../../src/transports/index.js';
import { encodeFrame } from '../../../src/protocol/frame.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { recordingLogger } from '../../actors/session/recording-logger.js';
import { Inbox, turns, until } from '../../support/inbox.js';
import { definitionOf, InspectedSystem, type Message, sanitize } from './inspected-system.js';
import { officialRelay } from './official-relay.js';
import { smallMachine } from './small-machine.js';

let cleanups: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  cleanups = [];
});

function feeding(options: Partial<FeedRelayOptions> & { readonly url: string }): FeedRelay {
  const relay = feedRelay({ logger: silentLogger, clock: new SimulatedClock(), stream: noStream, ...options });
  cleanups.push(() => {
    relay.close();
  });
  return relay;
}

const noStream: StatelyStream = { replay: () => [], replayEach: () => [], subscribe: () => () => undefined };

/** Simulated clock that records the timers. */
class RecordingClock implements Clock {
  readonly timersMs: number[] = [];
  readonly #clock = new SimulatedClock();

  now(): number {
    return this.#clock.now();
  }

  setTimeout(callback: () => void, milliseconds: number): unknown {
    this.timersMs.push(milliseconds);
    return this.#clock.setTimeout(callback, milliseconds);
  }

  clearTimeout(id: unknown): void {
    this.#clock.clearTimeout(id as number); // the value that setTimeout returned
  }

  increment(milliseconds: number): void {
    this.#clock.increment(milliseconds);
  }
}

/** A relay of the test that records messages and disconnects on request. */
async function ownRelay(): Promise<{ readonly url: string; readonly heard: Message[][]; readonly peers: WebSocket[] }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const heard: Message[][] = [];
  const peers: WebSocket[] = [];
  server.on('connection', (socket) => {
    const messages: Message[] = [];
    heard.push(messages);
    peers.push(socket);
    socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as Message));
  });
  cleanups.push(() => {
    for (const peer of peers) peer.terminate();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  return { url: `ws://127.0.0.1:${port}`, heard, peers };
}

describe('the relay of the Stately inspector', () => {
  it('receives a whole router: its actors, and the lifetime of each session', async () => {
    const relay = await officialRelay();
    cleanups.push(() => {
      relay.stop();
    });
    const clock = new SimulatedClock();
    const system = new InspectedSystem();
    const router = createRouter({ clock, inspect: system.inspect });
    cleanups.push(() => router.stop());
    const door = memory({ clock });
    await router.listen(door);
    const stream = createStatelyStream(system, { sanitize, clock });
    feeding({ url: relay.url, stream, clock });
    await until(() => system.listenerCount === 1);

    const page: Message[] = [];
    createWebSocketReceiver({ server: relay.url }).subscribe((event) => {
      page.push(event as unknown as Message); // what the package accepts is an object
    });
    const link = door.connect();
    const inbox = new Inbox(link.batches$);
    link.write(encodeFrame({ type: 'hello', version: 1, name: 'desk', features: ['param'] }));
    await inbox.receive(2);
    clock.increment(50);
    for (let n = 0; n < 20; n++) {
      link.write(encodeFrame({ type: 'set', address: '/lights/1', value: encodeValue(n) }, { qos: 1 }));
      await inbox.receive(3 + n);
    }
    clock.increment(250);
    link.close({ kind: 'normal', text: '' });
    await turns(3);
    clock.increment(50);
    const stateOf = ({ snapshot }: Message): unknown => (snapshot as Message | undefined)?.value;
    await until(() => page.some((message) => stateOf(message) === 'closed'));

    const actors = page.filter(({ type }) => type === '@xstate.actor');
    const sessionActor = actors.find((message) => (definitionOf(message) as Message).id === 'session');
    const names = actors.map(({ name }) => name);
    expect(names.slice(0, 3)).toEqual([expect.any(String), 'router', 'sessions']);
    expect(definitionOf(actors[0]!)).toMatchObject({ states: { running: {}, draining: {}, stopped: {} } });
    expect(definitionOf(actors[1]!)).toEqual({ id: 'router' });
    expect(definitionOf(actors[2]!)).toEqual({ id: 'sessions' });
    expect(actors.map((message) => (definitionOf(message) as Message).id)).toContain('listener');
    expect(sessionActor).toMatchObject({ parentId: actors[2]!.sessionId, rootId: actors[0]!.sessionId });
    const life = page.filter(({ sessionId }) => sessionId === sessionActor?.sessionId);
    expect(life.flatMap((message) => stateOf(message) ?? [])).toEqual(['active', 'active', 'closed']);
    expect(life.map(({ event }) => (event as Message | undefined)?.type)).toEqual(
      expect.arrayContaining(['connection.admitted', 'hello.accepted', 'connection.closed']),
    );
    const batches = page.filter(
      ({ type, event }) => type === '@xstate.event' && (event as Message).type === 'inbound.batch',
    );
    const frames = batches.map(({ event }) => (event as { readonly frames: number }).frames);
    expect(frames.reduce((sum, count) => sum + count, 0)).toBe(21);
    expect(batches.length).toBeLessThanOrEqual(2);
    for (const { event } of batches) expect(Object.keys(event!).sort()).toEqual(['batches', 'frames', 'times', 'type']);
  });
});

describe('a stream to a relay', () => {
  it('starts with all actors after each connect', async () => {
    const { url, heard, peers } = await ownRelay();
    const clock = new SimulatedClock();
    const system = new InspectedSystem();
    const stream = createStatelyStream(system, { sanitize, clock });
    const actor = createActor(smallMachine, { inspect: system.inspect, clock, input: { name: 'one' } });
    actor.start();
    const logger = recordingLogger();
    feeding({ url, stream, clock, logger });
    await until(() => heard[0]?.length === 2);
    actor.send({ type: 'go', by: 1 });
    clock.increment(50);
    await until(() => heard[0]!.length > 4);
    peers[0]!.close();
    await until(() => logger.lines.length === 2);
    expect(system.listenerCount).toBe(0);
    clock.increment(1_000); // fires the machine's own timer, too
    await until(() => heard[1]?.length === 2);
    expect(heard[0]!.slice(0, 2)).toMatchObject([{ name: 'small', snapshot: { value: 'idle' } }, { name: 'tally' }]);
    expect(heard[1]).toMatchObject([{ name: 'small', snapshot: { value: 'idle' } }, { name: 'tally' }]);
    expect(logger.lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      'info: connected to the inspector relay',
      'warn: the inspector relay is not reachable; reconnecting',
      'info: connected to the inspector relay',
    ]);
  });

  it('retries after 1 s, 2 s, 4 s, at most 30 s, and logs the loss once', async () => {
    const clock = new RecordingClock();
    const logger = recordingLogger();
    const feed = feeding({ url: `ws://127.0.0.1:${await closedPort()}`, clock, logger });
    for (let attempt = 1; attempt <= 7; attempt++) {
      await until(() => clock.timersMs.length === attempt);
      clock.increment(clock.timersMs.at(-1)!);
    }
    await until(() => clock.timersMs.length === 8);
    expect(clock.timersMs).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(logger.lines).toHaveLength(1);
    expect(logger.lines[0]!.fields).toMatchObject({ reason: expect.stringContaining('ECONNREFUSED') as unknown });
    feed.close();
    clock.increment(60_000);
    await turns(5);
    expect(clock.timersMs).toHaveLength(8);
  });

  it('increases the delay for a relay that always disconnects, until a connection has lasted', async () => {
    const { url, peers } = await ownRelay();
    const clock = new RecordingClock();
    feeding({ url, clock });
    for (const [lastsMs, expected] of [
      [0, 1_000],
      [9_999, 2_000],
      [10_000, 1_000],
    ] as const) {
      const known = clock.timersMs.length;
      await until(() => peers.length === known + 1);
      await greeted(peers[known]!);
      clock.increment(lastsMs);
      peers[known]!.terminate();
      await until(() => clock.timersMs.length === known + 1);
      expect(clock.timersMs.at(-1)).toBe(expected);
      clock.increment(expected);
    }
  });

  it('reports an unrelated web server that refuses the upgrade', async () => {
    const server = createServer((_, response) => response.writeHead(404).end());
    cleanups.push(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo; // it listens on a port
    const logger = recordingLogger();
    feeding({ url: `ws://someone:secret@127.0.0.1:${port}/room?key=secret`, logger });
    await until(() => logger.lines.length === 1);
    expect(logger.lines).toMatchObject([
      {
        level: 'warn',
        fields: { relay: `ws://127.0.0.1:${port}/room`, reason: expect.stringContaining('404') as unknown },
      },
    ]);
    expect(JSON.stringify(logger.lines)).not.toContain('secret');
  });

  it('ends permanently when it is closed', async () => {
    const { url, peers } = await ownRelay();
    const clock = new RecordingClock();
    const logger = recordingLogger();
    let subscribers = 0;
    const stream: StatelyStream = {
      replay: () => [],
      replayEach: () => [],
      subscribe: () => (subscribers++, () => (subscribers -= 1)),
    };
    const feed = feeding({ url, clock, logger, stream });
    await until(() => subscribers === 1);
    const closed = new Promise((resolve) => peers[0]!.once('close', resolve));
    feed.close();
    expect(subscribers).toBe(0);
    expect(await closed).toBe(1005);
    feed.close();
    await turns(5);
    expect(clock.timersMs.filter((ms) => ms > 1_000)).toEqual([]);
    expect(logger.lines).toHaveLength(1);
  });

  it('can be closed before it has connected', async () => {
    const { url } = await ownRelay();
    const logger = recordingLogger();
    feeding({ url, logger }).close();
    await turns(10);
    expect(logger.lines).toEqual([]);
  });

  it('does not wait for a relay that sends no close frame', async () => {
    let hungUp = false;
    const server = createServer();
    server.on('upgrade', ({ headers }, socket) => {
      const accept = createHash('sha1').update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
          `Sec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n`,
      );
      socket.on('end', () => (hungUp = true)).on('error', () => (hungUp = true));
      socket.resume(); // it reads, and does not answer
      cleanups.push(() => void socket.destroy());
    });
    cleanups.push(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo; // it listens on a port
    const clock = new RecordingClock();
    const logger = recordingLogger();
    const feed = feeding({ url: `ws://127.0.0.1:${port}`, clock, logger });
    await until(() => logger.lines.length === 1);
    feed.close();
    expect(clock.timersMs).toEqual([1_000]);
    clock.increment(1_000);
    await until(() => hungUp);
  });
});

describe('a relay address', () => {
  it.each([
    ['localhost:8080', 'localhost:8080'],
    ['', ''],
    ['relay', 'relay'],
    ['http://localhost:8080/', 'http://localhost:8080/'],
    ['https://me:secret@host/path?key=secret', 'https://host/path'],
    ['ws://', 'ws://'],
    ['ws://host:99999', 'ws://host:99999'],
  ])('is rejected in one sentence if it is invalid: %s', (url, shown) => {
    expect(() => feedRelay({ url, stream: noStream, logger: silentLogger, clock: new SimulatedClock() })).toThrow(
      new RelayUrlError(
        `the inspector relay needs the address of a WebSocket server, such as ws://localhost:8080, not "${shown}"`,
      ),
    );
  });

  it('can have a fragment, which is not sent to the server', async () => {
    const { url, peers } = await ownRelay();
    feeding({ url: `${url}/#top` });
    await until(() => peers.length === 1);
  });
});

/** A port that was free a moment ago and has no listener. */
async function closedPort(): Promise<number> {
  const server = new Server();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves when the other side has seen the connection open: it has answered a ping. */
async function greeted(peer: WebSocket): Promise<void> {
  const answered = new Promise((resolve) => peer.once('pong', resolve));
  peer.ping();
  await answered;
}
