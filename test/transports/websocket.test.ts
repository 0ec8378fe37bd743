import { describe, expect, it } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { webSocket, type WebSocketOptions } from '../../src/transports/websocket/index.js';
import { WebSocketConnection } from '../../src/transports/websocket/connection.js';
import { UnfinishedMessages } from '../../src/transports/websocket/unfinished-messages.js';
import { closeCodes } from '../../src/transports/websocket/constants.js';
import { CLOSE_GRACE_MS, type Connection, ConnectionLost, type Listener } from '../../src/transports/transport.js';
import type { CloseReason } from '../../src/util/close-reason.js';
import { framed, frameOf } from '../support/frames.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { maskedMessage, RawSocket, upgradeRequest } from '../support/raw-socket.js';
import { WebSocketClient, type WebSocketClientOptions } from '../support/websocket-client.js';
import { describeTransport } from './conformance.js';
import { SteadyClock } from '../support/steady-clock.js';
import { cleanUps } from '../support/clean-ups.js';
import { openListener } from '../support/open-listener.js';

const local = { host: '127.0.0.1', port: 0 };

describeTransport('websocket', {
  create: () => webSocket(local),
  connect: async (_, listener) => {
    const client = await WebSocketClient.connect(urlOf(listener));
    return {
      send: (frames) => {
        for (const frame of frames) client.send(frame);
      },
      receive: (count) => client.receive(count),
      stall: () => client.stall(),
      resume: () => client.resume(),
      close: () => client.close(),
      destroy: () => client.destroy(),
      ended: client.ended.then(({ code }) => kindOf(code)),
    };
  },
  onSameAddress: (_, listener) => webSocket({ host: '127.0.0.1', port: portOf(listener) }),
});

function kindOf(code: number): CloseReason['kind'] | 'lost' {
  const kinds = Object.keys(closeCodes) as CloseReason['kind'][]; // invariant: a Record with exactly these keys
  return kinds.find((kind) => closeCodes[kind] === code) ?? 'lost';
}

function portOf(listener: Listener): number {
  return listener.addresses[0]!.port; // invariant: a WebSocket listener has one
}

function urlOf(listener: Listener): string {
  return listener.addresses[0]!.url;
}

/** An open listener. Its connections are destroyed after the test. */
async function open(options: WebSocketOptions = {}): Promise<{ listener: Listener; accepted: Connection[] }> {
  return openListener(webSocket({ ...local, ...options }));
}

/** A listener, a client that connected, and its connection. */
async function connected(
  options: WebSocketOptions = {},
  clientOptions: WebSocketClientOptions = {},
): Promise<{ listener: Listener; client: WebSocketClient; connection: Connection; inbox: Inbox }> {
  const { listener, accepted } = await open(options);
  const client = await WebSocketClient.connect(urlOf(listener), clientOptions);
  await until(() => accepted.length === 1);
  const connection = accepted[0]!;
  return { listener, client, connection, inbox: new Inbox(connection.batches$) };
}

/** Like connected(), with a bare socket at the other end. */
async function connectedRaw(
  options: WebSocketOptions = {},
): Promise<{ raw: RawSocket; connection: Connection; inbox: Inbox }> {
  const { listener, accepted } = await open(options);
  const raw = await RawSocket.upgrade(portOf(listener));
  cleanUps.push(() => {
    raw.destroy();
  });
  await until(() => accepted.length === 1);
  const connection = accepted[0]!;
  return { raw, connection, inbox: new Inbox(connection.batches$) };
}

describe('the WebSocket handshake', () => {
  it.each([
    { offered: undefined, chosen: undefined, encoding: undefined },
    { offered: 'clasp', chosen: 'clasp', encoding: undefined },
    { offered: 'mqtt, clasp', chosen: 'clasp', encoding: undefined },
    { offered: 'clasp.cbor,clasp', chosen: 'clasp', encoding: undefined },
    { offered: 'clasp.cbor', chosen: 'clasp.cbor', encoding: 'cbor' },
    { offered: 'mqtt', chosen: undefined, encoding: undefined },
    { offered: 'clasp.v2', chosen: undefined, encoding: undefined },
    { offered: 'clasp.v2', chosen: 'clasp.v2', encoding: undefined, allowClaspV2: true },
    { offered: 'clasp.v2, clasp', chosen: 'clasp', encoding: undefined, allowClaspV2: true },
  ])('answers the subprotocols $offered with $chosen', async ({ offered, chosen, encoding, allowClaspV2 }) => {
    const { listener, accepted } = await open({ allowClaspV2 });
    const raw = await RawSocket.connect(portOf(listener));
    raw.write(upgradeRequest(offered === undefined ? {} : { 'Sec-WebSocket-Protocol': offered }));
    const answer = (await raw.receive((bytes) => bytes.includes('\r\n\r\n'))).toString();
    raw.destroy();
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    expect(/^sec-websocket-protocol: (.*)\r$/im.exec(answer)?.[1]).toBe(chosen);
    expect(accepted[0]?.encoding).toBe(encoding);
  });

  it.each(['', '/', '/clasp', '/any/thing?at=all'])('accepts the path %p and offers of compression', async (path) => {
    const { client } = await connected({}, { path });
    expect(client.socket.extensions).toBe('');
  });

  it('reads a frame that arrives in the packet of the upgrade', async () => {
    const { listener, accepted } = await open();
    const raw = await RawSocket.connect(portOf(listener));
    raw.write(Buffer.concat([Buffer.from(upgradeRequest()), maskedMessage(frameOf(20, 1))]));
    await until(() => accepted.length === 1);
    expect(await new Inbox(accepted[0]!.batches$).receive(1)).toEqual([frameOf(20, 1)]);
    raw.destroy();
  });

  it('cuts off a peer that sends nothing or an incomplete request, and accepts others meanwhile', async () => {
    const clock = new SteadyClock();
    const { listener, accepted } = await open({ clock, pingIntervalMs: 0 });
    const silent = await RawSocket.connect(portOf(listener));
    const halfway = await RawSocket.connect(portOf(listener));
    halfway.write('GET / HTTP/1.1\r\nUpgrade: webso');
    const quick = await WebSocketClient.connect(urlOf(listener));
    expect(accepted).toHaveLength(1);
    const inbox = new Inbox(accepted[0]!.batches$);
    clock.increment(9_999);
    halfway.write('cket\r\n');
    await turns(20);
    expect([silent.socket.readableEnded, halfway.socket.readableEnded]).toEqual([false, false]);
    clock.increment(1);
    await Promise.all([ended(silent), ended(halfway)]);
    quick.send(frameOf(20, 1));
    expect(await inbox.receive(1)).toEqual([frameOf(20, 1)]);
  });

  it.each([
    ['garbage', '\x00\x01\x02 hello\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['another version', upgradeRequest({ 'Sec-WebSocket-Version': '7' }), /^HTTP\/1\.1 400 /],
    ['another protocol', upgradeRequest({ Upgrade: 'h2c' }), /^HTTP\/1\.1 400 /],
    ['no key', upgradeRequest({ 'Sec-WebSocket-Key': 'short' }), /^HTTP\/1\.1 400 /],
    ['endless headers', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`, /^HTTP\/1\.1 431 /],
  ])('rejects %s and closes', async (_, request, answer) => {
    const { listener, accepted } = await open();
    const raw = await RawSocket.connect(portOf(listener));
    raw.write(request);
    await ended(raw);
    expect(raw.received.toString()).toMatch(answer);
    expect(accepted).toEqual([]);
  });

  it('closes pending connections when it closes', async () => {
    const { listener } = await open({ clock: new SteadyClock() }); // no deadline expires
    const silent = await RawSocket.connect(portOf(listener));
    await turns(10);
    await listener.close();
    await ended(silent);
  });
});

/** Writes until the network accepts no more. */
async function fill(connection: Connection): Promise<void> {
  const bytes = framed('websocket', [frameOf(65_000)]);
  for (let stuck = 0; stuck < 20; stuck = connection.bufferedBytes > 0 ? stuck + 1 : 0) {
    if (connection.bufferedBytes < 1_000_000) connection.write(bytes);
    await turns();
  }
}

/** Resolves when the other side has closed or reset the connection. */
async function ended(raw: RawSocket): Promise<void> {
  if (!raw.socket.readableEnded) await Promise.race([once(raw.socket, 'end'), raw.closed]);
  raw.destroy();
}

describe('reading from a WebSocket', () => {
  it('delivers a text message as a JSON message', async () => {
    const { client, inbox } = await connected();
    client.send('{"type":"set","address":"/grün"}');
    client.send(frameOf(20));
    expect(await inbox.receive(2)).toEqual(['{"type":"set","address":"/grün"}', frameOf(20)]);
  });

  it('leaves all input with the sender until there is a subscriber', async () => {
    const { listener, accepted } = await open();
    const raw = await RawSocket.upgrade(portOf(listener));
    await until(() => accepted.length === 1);
    const message = maskedMessage(frameOf(65_000));
    for (let i = 0; i < 500; i++) raw.write(message); // 32 MB, more than the network buffers
    let [left, stuck] = [Infinity, 0];
    await until(() => {
      stuck = raw.socket.writableLength === left ? stuck + 1 : 0;
      left = raw.socket.writableLength;
      return stuck > 100;
    });
    expect(left).toBeGreaterThan(1_000_000);
    expect(await new Inbox(accepted[0]!.batches$).receive(500)).toHaveLength(500);
    raw.destroy();
  });

  it('keeps input from before a reset', async () => {
    const { listener, accepted } = await open();
    const raw = await RawSocket.upgrade(portOf(listener));
    await until(() => accepted.length === 1);
    raw.write(maskedMessage(frameOf(20, 1)));
    await turns(20);
    raw.socket.resetAndDestroy();
    await turns(20);
    const inbox = new Inbox(accepted[0]!.batches$);
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    expect(inbox.frames).toEqual([frameOf(20, 1)]);
  });

  it('joins split input, byte by byte', async () => {
    const { raw, inbox } = await connectedRaw();
    for (const byte of maskedMessage(frameOf(140, 1))) {
      raw.write(Uint8Array.of(byte));
      await turns();
    }
    expect(await inbox.receive(1)).toEqual([frameOf(140, 1)]);
  });

  it('emits one batch for merged input', async () => {
    const { raw, inbox } = await connectedRaw();
    const frames = [1, 2, 3].map((number) => frameOf(20, number));
    raw.write(Buffer.concat(frames.map((frame) => maskedMessage(frame))));
    await inbox.receive(3);
    expect(inbox.batches).toHaveLength(1);
  });

  it('joins a fragmented message, and answers a ping between its fragments', async () => {
    const { raw, inbox } = await connectedRaw();
    const frame = frameOf(20, 1);
    raw.write(maskedMessage(frame.subarray(0, 7), 0x02));
    raw.write(maskedMessage(Uint8Array.of(9), 0x89));
    raw.write(maskedMessage(frame.subarray(7), 0x80));
    expect(await inbox.receive(1)).toEqual([frame]);
    expect(await raw.receive(({ length }) => length >= 3)).toEqual(Buffer.of(0x8a, 1, 9));
  });

  it.each([
    ['a frame of 65,548 bytes', new Uint8Array(65_548), 1009],
    ['a frame of 300,000 bytes', new Uint8Array(300_000), 1009],
    ['a text of 262,145 bytes', 'x'.repeat(262_145), 1009],
  ])('rejects %s', async (_, message, code) => {
    const { client, inbox } = await connected();
    client.send(frameOf(20, 1));
    client.send(message);
    client.send(frameOf(20, 2));
    expect((await client.ended).code).toBe(code);
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    expect(inbox.frames).toEqual([frameOf(20, 1)]);
  });

  it('accepts a text message of 262,144 bytes', async () => {
    const { client, inbox } = await connected();
    client.send('x'.repeat(262_144));
    expect((await inbox.receive(1))[0]).toHaveLength(262_144);
  });

  it.each([
    ['an unmasked frame', Buffer.of(0x82, 1, 0), 1002],
    ['an unknown opcode', maskedMessage(Uint8Array.of(0), 0x83), 1002],
    ['a compressed frame', maskedMessage(Uint8Array.of(0), 0xc2), 1002],
    ['a text that is not UTF-8', maskedMessage(Uint8Array.of(0xff), 0x81), 1007],
  ])('rejects %s and reports it', async (_, bytes, code) => {
    const { raw, inbox } = await connectedRaw();
    raw.write(Buffer.concat([maskedMessage(frameOf(20, 1)), bytes]));
    const answer = await raw.receive(({ length }) => length >= 4);
    expect([answer[0], answer.readUInt16BE(2)]).toEqual([0x88, code]);
    await ended(raw); // no answer of this side; the socket closes anyway
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    expect(inbox.frames).toEqual([frameOf(20, 1)]);
  });
});

describe('a silent WebSocket peer', () => {
  it('is lost after two unanswered pings', async () => {
    const clock = new SteadyClock();
    const { client, inbox } = await connected({ clock }, { autoPong: false });
    for (let ping = 1; ping <= 2; ping++) {
      const pinged = once(client.socket, 'ping');
      clock.increment(30_000);
      await pinged;
    }
    expect(inbox.end).toBeUndefined();
    clock.increment(30_000);
    expect(await inbox.ended).toEqual(new ConnectionLost('the peer answered none of 2 pings'));
    expect((await client.ended).code).toBe(1006);
  });

  it('is alive while it answers, and each answer is an empty batch', async () => {
    const clock = new SteadyClock();
    const { inbox } = await connected({ clock });
    for (let ping = 1; ping <= 5; ping++) {
      clock.increment(30_000);
      await inbox.receiveBatches(ping);
    }
    expect(inbox.batches).toEqual([[], [], [], [], []]);
    expect(inbox.end).toBeUndefined();
  });

  it('is alive while it sends any input', async () => {
    const clock = new SteadyClock();
    const { client, inbox } = await connected({ clock }, { autoPong: false });
    for (let i = 1; i <= 5; i++) {
      clock.increment(30_000);
      client.send(frameOf(20, i));
      await inbox.receive(i);
    }
    expect(inbox.end).toBeUndefined();
  });

  it('answers a probe with an empty batch, and is not probed after its end', async () => {
    const { client, connection, inbox } = await connected({ pingIntervalMs: 0 });
    connection.probe?.();
    expect(await inbox.receiveBatches(1)).toEqual([[]]);
    client.close();
    expect(await inbox.ended).toBe('completed');
    connection.probe?.();
  });

  it('is not pinged if pings are disabled', async () => {
    const clock = new SteadyClock();
    const { client, inbox } = await connected({ clock, pingIntervalMs: 0 }, { autoPong: false });
    let pings = 0;
    client.socket.on('ping', () => pings++);
    clock.increment(3_600_000);
    client.send(frameOf(20));
    await inbox.receive(1);
    expect(pings).toBe(0);
  });
});

describe('closing a WebSocket', () => {
  it.each([
    [1000, 'completed'],
    [undefined, 'completed'],
    [1001, new ConnectionLost('the peer closed with code 1001')],
    [1002, new ConnectionLost('the peer closed with code 1002')],
    [1011, new ConnectionLost('the peer closed with code 1011')],
    [4000, new ConnectionLost('the peer closed with code 4000')],
  ])('with the code %s ends batches$ with %s', async (code, end) => {
    const { client, inbox } = await connected();
    client.socket.close(code, code === undefined ? undefined : 'forged\nline');
    expect(await inbox.ended).toEqual(end);
  });

  it('sends the reason, truncated at a whole character', async () => {
    const { client, connection } = await connected();
    connection.close({ kind: 'policy', text: 'a' + 'é'.repeat(100) });
    expect(await client.ended).toEqual({ code: 1008, reason: 'a' + 'é'.repeat(59) });
  });

  it('cuts off a peer that does not answer the close', async () => {
    const clock = new SteadyClock();
    const { raw, connection, inbox } = await connectedRaw({ clock });
    connection.close({ kind: 'goingAway', text: '' });
    connection.write(framed('websocket', [frameOf(20)])); // nothing may follow a close frame
    expect(await raw.receive(({ length }) => length >= 4)).toEqual(Buffer.of(0x88, 2, 0x03, 0xe9));
    clock.increment(CLOSE_GRACE_MS - 1);
    await turns(20);
    expect(inbox.end).toBeUndefined();
    expect(raw.received).toHaveLength(4);
    clock.increment(1);
    expect(await inbox.ended).toBe('completed');
  });

  it('completes if the peer answers the close with a reset', async () => {
    const { raw, connection, inbox } = await connectedRaw();
    connection.close({ kind: 'normal', text: '' });
    await raw.receive(({ length }) => length >= 4);
    raw.socket.resetAndDestroy();
    expect(await inbox.ended).toBe('completed');
  });

  it('awaits the close without pings', async () => {
    const clock = new SteadyClock();
    const { raw, connection, inbox } = await connectedRaw({ clock, pingIntervalMs: 100 });
    connection.close({ kind: 'normal', text: '' });
    for (let i = 0; i < 10; i++) clock.increment(100);
    await turns(20);
    expect(inbox.end).toBeUndefined();
    expect(raw.received).toHaveLength(4);
  });

  it('does not wait for a peer that does not read', async () => {
    const clock = new SteadyClock();
    const { raw, connection, inbox } = await connectedRaw({ clock });
    raw.socket.pause();
    await fill(connection);
    connection.close({ kind: 'goingAway', text: '' });
    clock.increment(CLOSE_GRACE_MS);
    expect(await inbox.ended).toBe('completed');
  });

  it('ends its own side when the peer ends its side', async () => {
    const { raw, inbox } = await connectedRaw();
    raw.socket.end(); // allowHalfOpen: this end continues to read
    await ended(raw);
    expect(await inbox.ended).toEqual(new ConnectionLost('the connection ended without a Close frame'));
  });

  it('does not keep the socket of a peer that ended its side and does not read', async () => {
    const clock = new SteadyClock();
    const { raw, connection, inbox } = await connectedRaw({ clock, pingIntervalMs: 0 });
    raw.socket.pause();
    await fill(connection);
    raw.socket.end();
    await until(() => {
      clock.increment(CLOSE_GRACE_MS); // from the time at which the peer's end was read
      return inbox.end !== undefined;
    });
    expect(inbox.end).toBeInstanceOf(ConnectionLost);
  });

  it('detects a reset', async () => {
    const { raw, inbox } = await connectedRaw();
    raw.socket.resetAndDestroy();
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    expect(String(inbox.end)).toContain('the connection failed: read ECONNRESET');
  });

  it('receives the answer to its close without a subscriber', async () => {
    const { listener, accepted } = await open({ clock: new SteadyClock() });
    const client = await WebSocketClient.connect(urlOf(listener));
    accepted[0]!.close({ kind: 'overloaded', text: 'no room' });
    expect((await client.ended).code).toBe(1013); // without any elapsed time
  });

  it('leaves no socket after 200 peers', async () => {
    const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    await turns(200); // those of the previous test are closing
    const before = sockets();
    const { listener, accepted } = await open();
    for (let round = 0; round < 20; round++) {
      const clients = await Promise.all(Array.from({ length: 10 }, () => WebSocketClient.connect(urlOf(listener))));
      const inboxes = accepted.splice(0).map(({ batches$ }) => new Inbox(batches$));
      expect(inboxes).toHaveLength(10);
      clients.forEach((client, i) => {
        if (i % 2 === 0) client.close();
        else client.destroy();
      });
      await Promise.all([...inboxes, ...clients].map((one): Promise<unknown> => one.ended));
    }
    await until(() => sockets() <= before);
  });
});

describe('drained$ of a WebSocket', () => {
  it('does not emit for writes that the network takes immediately', async () => {
    const { client, connection } = await connected();
    let drained = 0;
    connection.drained$.subscribe(() => drained++);
    connection.write(framed('websocket', [frameOf(20)]));
    expect(connection.bufferedBytes).toBe(0);
    await client.receive(1);
    client.stall();
    await fill(connection);
    client.resume();
    await until(() => drained === 1);
    const before = client.frames.length;
    connection.write(framed('websocket', [frameOf(20)]));
    await client.receive(before + 1);
    await turns(5);
    expect(drained).toBe(1);
  });

  it('is emitted while a ping waits after the last write', async () => {
    const clock = new SteadyClock();
    const unfinished: (() => void)[] = [];
    const socket = new Duplex({
      read: () => undefined,
      write: (_chunk, _encoding, done) => unfinished.push(done),
    });
    const peer = Object.assign(new EventEmitter(), {
      readyState: 1,
      pause: () => undefined,
      resume: () => undefined,
      ping: () => socket.write(Uint8Array.of(0x89, 0)),
    });
    const connection = new WebSocketConnection(
      // The parts that the connection uses; no real network delays bytes on request.
      peer as unknown as WebSocket,
      socket as unknown as Socket,
      {
        encoding: undefined,
        remoteAddress: '127.0.0.1:1',
        isForwarded: false,
        maxFrameBytes: 100,
        pingIntervalMs: 1_000,
        clock,
        unfinished: new UnfinishedMessages(),
      },
    );
    const buffered: number[] = [];
    connection.drained$.subscribe(() => buffered.push(connection.bufferedBytes));
    new Inbox(connection.batches$);
    connection.write(framed('websocket', [frameOf(20)]));
    clock.increment(1_000);
    expect(connection.bufferedBytes).toBe(24);
    unfinished.shift()!();
    await turns();
    expect([connection.bufferedBytes, buffered]).toEqual([2, []]);
    for (let done = unfinished.shift(); done !== undefined; done = unfinished.shift()) {
      done();
      await turns();
    }
    expect(buffered).toEqual([0]);
  });
});

describe('an unavailable WebSocket port', () => {
  it('reports that it is in use, with the fix', async () => {
    const { listener } = await open();
    const port = portOf(listener);
    await expect(webSocket({ ...local, port }).listen()).rejects.toThrow(
      `port ${port} is already in use; stop the other program or choose another with the option port`,
    );
  });

  it('reports an address that this computer does not have', async () => {
    await expect(webSocket({ host: '192.0.2.1', port: 0 }).listen()).rejects.toThrow(
      'the address 192.0.2.1 does not belong to this computer; choose another with the option host',
    );
  });

  it('reports an invalid port', async () => {
    await expect(webSocket({ ...local, port: 70_000 }).listen()).rejects.toThrow('port 70000 is invalid; choose');
  });
});
