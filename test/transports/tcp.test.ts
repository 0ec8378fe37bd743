import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NEVER, Subject } from 'rxjs';
import { pipe, type PipeOptions, tcp, type TcpOptions } from '../../src/transports/tcp/index.js';
import { TcpConnection } from '../../src/transports/tcp/connection.js';
import { type StreamServer, listening } from '../../src/net/stream-server.js';
import { TcpListener } from '../../src/transports/tcp/listener.js';
import type { TlsCredentials, TlsSource } from '../../src/net/tls.js';
import {
  CLOSE_GRACE_MS,
  type Connection,
  ConnectionLost,
  type Listener,
  type Transport,
} from '../../src/transports/transport.js';
import type { CloseReason } from '../../src/util/close-reason.js';
import type { RejectedConnection } from '../../src/net/rejected-connections.js';
import { TransportError } from '../../src/net/transport-error.js';
import { newCertificate, testCertificate } from '../support/certificates.js';
import { faultsOf } from '../support/rejected-connections.js';
import { framed, frameOf } from '../support/frames.js';
import { fromHex } from '../support/hex.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { RawSocket } from '../support/raw-socket.js';
import { TcpClient } from '../support/tcp-client.js';
import { describeTransport, type Peer } from './conformance.js';
import { SteadyClock } from '../support/steady-clock.js';

const local = { host: '127.0.0.1', port: 0 };
const certificate = await testCertificate();
const tls: TlsSource = { credentials: certificate, renewed$: NEVER };
const trust = { ca: certificate.ca };

const folder = mkdtempSync(join(tmpdir(), 'clasp-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
let pipes = 0;

/** A path nobody uses. */
function newPath(): string {
  pipes++;
  return process.platform === 'win32' ? `\\\\.\\pipe\\clasp-${process.pid}-${pipes}` : join(folder, `${pipes}.sock`);
}

/** What Windows has nothing like. */
const itOnUnix = process.platform === 'win32' ? it.skip : it;

describeTransport('tcp', {
  tellsEnd: 'cut',
  closeIsLeaving: false,
  create: () => tcp(local),
  connect: async (_, listener) => peerOf(await TcpClient.connect(urlOf(listener))),
  onSameAddress: (_, listener) => tcp({ ...local, port: portOf(listener) }),
});

describe('with TLS', () => {
  describeTransport('tcp', {
    tellsEnd: 'nothing',
    closeIsLeaving: false,
    create: () => tcp({ ...local, tls }),
    connect: async (_, listener) => peerOf(await TcpClient.connect(urlOf(listener), trust)),
    onSameAddress: (_, listener) => tcp({ ...local, tls, port: portOf(listener) }),
  });
});

describeTransport('pipe', {
  tellsEnd: 'nothing',
  closeIsLeaving: false,
  create: () => pipe({ path: newPath() }),
  connect: async (_, listener) => peerOf(await TcpClient.connect(urlOf(listener))),
  onSameAddress: (_, listener) => pipe({ path: listener.addresses[0]!.host }),
});

function peerOf(client: TcpClient): Peer {
  return {
    send: (frames) => client.send(...frames),
    receive: (count) => client.receive(count),
    stall: () => client.stall(),
    resume: () => client.resume(),
    close: () => client.close(),
    destroy: () => client.vanish(),
    ended: client.ended.then((end): CloseReason['kind'] | 'lost' => (end === 'closed' ? 'normal' : 'lost')),
  };
}

function portOf(listener: Listener): number {
  return listener.addresses[0]!.port; // a TCP listener has one
}

function urlOf(listener: Listener): string {
  return listener.addresses[0]!.url;
}

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** An open door; what comes through it is destroyed after the test. */
async function open(transport: Transport): Promise<{ listener: Listener; accepted: Connection[] }> {
  const listener = await transport.listen();
  cleanUps.push(() => listener.close());
  const accepted: Connection[] = [];
  listener.connections$.subscribe((connection) => {
    accepted.push(connection);
    cleanUps.push(() => {
      connection.destroy();
    });
  });
  return { listener, accepted };
}

/** A door, a client that came through it, and the connection it became. */
async function connected(
  options: Partial<TcpOptions> = {},
): Promise<{ client: TcpClient; connection: Connection; inbox: Inbox }> {
  const { listener, accepted } = await open(tcp({ ...local, ...options }));
  const client = await TcpClient.connect(urlOf(listener), trust);
  cleanUps.push(() => {
    client.vanish();
  });
  await until(() => accepted.length === 1);
  const connection = accepted[0]!;
  return { client, connection, inbox: new Inbox(connection.batches$) };
}

/** The same with a bare socket, half-open, at the other end. */
async function connectedRaw(
  options: Partial<TcpOptions> = {},
): Promise<{ raw: RawSocket; connection: Connection; inbox: Inbox }> {
  const { listener, accepted } = await open(tcp({ ...local, ...options }));
  const raw = await RawSocket.connect(portOf(listener));
  cleanUps.push(() => {
    raw.destroy();
  });
  await until(() => accepted.length === 1);
  const connection = accepted[0]!;
  return { raw, connection, inbox: new Inbox(connection.batches$) };
}

/** Writes until the network takes no more. */
async function fill(connection: Connection): Promise<void> {
  const bytes = framed('length', [frameOf(65_000)]);
  for (let stuck = 0; stuck < 20; stuck = connection.bufferedBytes > 0 ? stuck + 1 : 0) {
    if (connection.bufferedBytes < 1_000_000) connection.write(bytes);
    await turns();
  }
}

/** Resolves when the other side has shut or reset the connection. */
async function ended({ socket, closed }: RawSocket): Promise<void> {
  if (!socket.readableEnded) await Promise.race([once(socket, 'end'), closed]);
}

async function refusal(transport: Transport): Promise<Error> {
  const reason: unknown = await transport.listen().catch((error: unknown) => error);
  expect(reason).toBeInstanceOf(TransportError);
  return reason as TransportError; // the line above has looked
}

describe('a TCP port', () => {
  it.each([
    ['127.0.0.1', undefined, /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/],
    ['127.0.0.1', tls, /^tls:\/\/127\.0\.0\.1:[1-9]\d*$/],
    ['::1', undefined, /^tcp:\/\/\[::1\]:[1-9]\d*$/],
  ])('on %s says how a client writes it', async (host, tls, url) => {
    const { listener } = await open(tcp({ port: 0, host, tls }));
    expect(listener.addresses).toMatchObject([{ transport: 'tcp', host, port: portOf(listener) }]);
    expect(urlOf(listener)).toMatch(url);
    expect(urlOf(listener)).toContain(`:${portOf(listener)}`);
  });

  it.each([
    ['::1', '::1', /^\[::1\]:[1-9]\d*$/],
    ['::', '127.0.0.1', /^127\.0\.0\.1:[1-9]\d*$/],
  ])('on %s knows who came from %s', async (host, from, address) => {
    const { listener, accepted } = await open(tcp({ port: 0, host }));
    const socket = connect(portOf(listener), from);
    await until(() => accepted.length === 1);
    socket.destroy();
    expect(accepted[0]!.remoteAddress).toMatch(address);
  });

  it('lets others in while some say nothing, and leaves those to their session', async () => {
    const clock = new SteadyClock();
    const { listener, accepted } = await open(tcp({ ...local, clock }));
    const silent = await Promise.all(Array.from({ length: 20 }, () => RawSocket.connect(portOf(listener))));
    const quick = await TcpClient.connect(urlOf(listener));
    await until(() => accepted.length === 21);
    quick.send(frameOf(20, 1));
    expect(await new Inbox(accepted[20]!.batches$).receive(1)).toEqual([frameOf(20, 1)]);
    clock.increment(3_600_000);
    await turns(20);
    expect(silent.map(({ socket }) => socket.readableEnded)).toEqual(silent.map(() => false));
    for (const { socket } of [...silent, quick]) socket.destroy();
  });

  // /proc/net/tcp is where the kernel shows the timer of a socket: 02 is keep-alive, then the time left in 1/100 s.
  (process.platform === 'linux' ? it : it.skip)('asks the system to look after silent peers for 30 s', async () => {
    const { raw } = await connectedRaw();
    const ours = hexPort(raw.socket.remotePort!);
    const theirs = hexPort(raw.socket.localPort!);
    const timer = (): string | undefined =>
      new RegExp(` 0100007F:${ours} 0100007F:${theirs} 01 \\S+ (\\S+) `).exec(
        readFileSync('/proc/net/tcp', 'utf8'),
      )?.[1];
    await until(() => timer()?.startsWith('02:') === true);
    const left = Number.parseInt(timer()!.slice(3), 16) / 100;
    expect(left).toBeGreaterThan(20);
    expect(left).toBeLessThanOrEqual(31);
  });

  it('says that it is in use, and what to do', async () => {
    const { listener } = await open(tcp(local));
    const port = portOf(listener);
    expect((await refusal(tcp({ ...local, port }))).message).toBe(
      `port ${port} is already in use; stop the other program or choose another port with --tcp-port`,
    );
  });

  it('says that the address is not one of this computer', async () => {
    const { message } = await refusal(tcp({ host: '192.0.2.1', port: 0 }));
    expect(message).toBe('the address 192.0.2.1 does not belong to this computer; choose another with --host');
  });

  it('says that there is no such port', async () => {
    const { message } = await refusal(tcp({ ...local, port: 70_000 }));
    expect(message).toMatch(/^port 70000 is invalid; choose .+ with --tcp-port$/);
  });
});

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

describe('a door that breaks', () => {
  it('ends connections$ with an error, but not for an accept that failed', async () => {
    const server = createServer();
    const door: StreamServer = {
      open: async (events) => {
        await listening(server, local, events);
        return { transport: 'tcp', ...local, url: 'tcp://127.0.0.1:0' };
      },
      close: () => server.close(),
    };
    const listener = await TcpListener.open(door, { maxFrameBytes: 100, clock: new SteadyClock() });
    let end: unknown;
    listener.connections$.subscribe({ error: (error: unknown) => (end = error) });
    const faults = faultsOf(listener);
    server.emit('error', new Error('accept EMFILE'));
    expect(end).toBeUndefined();
    const text = 'the system did not accept the connection: accept EMFILE';
    expect(faults).toEqual([{ kind: 'refused', remoteAddress: 'unknown:0', text }]);
    await new Promise((resolve) => server.close(resolve));
    server.emit('error', new Error('the network card is gone'));
    expect(end).toEqual(new TransportError('the door at tcp://127.0.0.1:0 broke: the network card is gone'));
  });
});

describe('who does not get through a TCP door', () => {
  /** A door with TLS, what it tells of those it keeps out, and what a bare socket is called there. */
  async function openTls(options: Partial<TcpOptions> = {}): Promise<{
    listener: Listener;
    accepted: Connection[];
    faults: RejectedConnection[];
    knock: () => Promise<{ raw: RawSocket; remoteAddress: string }>;
  }> {
    const opened = await open(tcp({ ...local, tls, ...options }));
    const knock = async (): Promise<{ raw: RawSocket; remoteAddress: string }> => {
      const raw = await RawSocket.connect(portOf(opened.listener));
      cleanUps.push(() => {
        raw.destroy();
      });
      return { raw, remoteAddress: `127.0.0.1:${raw.socket.localPort}` };
    };
    return { ...opened, knock, faults: faultsOf(opened.listener) };
  }

  it('is told of when he says nothing for 10 s', async () => {
    const clock = new SteadyClock();
    const { faults, knock, accepted } = await openTls({ clock });
    const { raw, remoteAddress } = await knock();
    await pendingHandshake(clock);
    clock.increment(9_999);
    expect(faults).toEqual([]);
    await clock.pass(1);
    expect(faults).toEqual([{ kind: 'timeout', remoteAddress, text: 'no TLS handshake within 10 s' }]);
    await ended(raw);
    await turns(10);
    expect([faults.length, accepted.length]).toEqual([1, 0]);
  });

  it('is told of when he speaks no TLS, in the words of OpenSSL and none of his', async () => {
    const { faults, knock } = await openTls();
    const { raw, remoteAddress } = await knock();
    raw.write('GET /secret HTTP/1.1\r\n\r\n');
    await until(() => faults.length > 0);
    expect(faults).toEqual([{ kind: 'handshake', remoteAddress, text: 'its TLS handshake failed: http request' }]);
    await ended(raw);
    await turns(10);
    expect(faults).toHaveLength(1);
  });

  it('is told of when he hangs up', async () => {
    const { faults, knock } = await openTls();
    const { raw, remoteAddress } = await knock();
    await turns(5);
    raw.socket.resetAndDestroy();
    await until(() => faults.length > 0);
    const text = 'it disconnected during its TLS handshake';
    expect(faults).toEqual([{ kind: 'handshake', remoteAddress, text }]);
  });

  it('is nobody who got in, nor who stood there when the door was shut; and then there is no more', async () => {
    const { listener, faults, knock, accepted } = await openTls();
    const client = await TcpClient.connect(urlOf(listener), trust);
    await until(() => accepted.length === 1);
    let complete = false;
    listener.rejected$!.subscribe({ complete: () => (complete = true) });
    const { raw } = await knock();
    await turns(5);
    expect(complete).toBe(false);
    await listener.close();
    await ended(raw);
    client.vanish();
    expect([faults, complete]).toEqual([[], true]);
  });

  it('is nobody at a door without TLS: silence there is for the session to judge', async () => {
    const clock = new SteadyClock();
    const { listener, accepted } = await open(tcp({ ...local, clock }));
    const faults = faultsOf(listener);
    const raw = await RawSocket.connect(portOf(listener));
    await until(() => accepted.length === 1);
    clock.increment(3_600_000);
    raw.socket.resetAndDestroy();
    await turns(10);
    expect(faults).toEqual([]);
  });
});

/** Resolves when a door on this clock has seen somebody connect: then his time runs. */
async function pendingHandshake(clock: SteadyClock): Promise<void> {
  const { timeouts } = clock as unknown as { readonly timeouts: ReadonlyMap<number, unknown> }; // hidden by its types
  await until(() => timeouts.size > 0);
}

describe('reading from TCP', () => {
  it('joins what the network split, byte by byte', async () => {
    const { client, inbox } = await connected();
    for (const byte of framed('length', [frameOf(30, 1), frameOf(4)])) {
      client.write(Uint8Array.of(byte));
      await turns();
    }
    expect(await inbox.receive(2)).toEqual([frameOf(30, 1), frameOf(4)]);
    expect(inbox.batches).toHaveLength(2); // none for the pieces
  });

  it('makes one batch of what the network merged', async () => {
    const { client, inbox } = await connected();
    const frames = [1, 2, 3].map((number) => frameOf(20, number));
    client.send(...frames);
    await inbox.receive(3);
    expect(inbox.batches).toHaveLength(1);
  });

  it('leaves everything with the sender until somebody listens', async () => {
    const { listener, accepted } = await open(tcp(local));
    const client = await TcpClient.connect(urlOf(listener));
    await until(() => accepted.length === 1);
    for (let i = 0; i < 500; i++) client.send(frameOf(65_000)); // 32 MB, more than the network takes
    let [left, stuck] = [Infinity, 0];
    await until(() => {
      stuck = client.socket.writableLength === left ? stuck + 1 : 0;
      left = client.socket.writableLength;
      return stuck > 100;
    });
    expect(left).toBeGreaterThan(1_000_000);
    expect(await new Inbox(accepted[0]!.batches$).receive(500)).toHaveLength(500);
    client.vanish();
  });

  it.each([
    ['over the limit', '00000065', 'the peer broke the framing: the count is 101 bytes; the limit is 100'],
    ['of nothing', '00000000', 'the peer broke the framing: the count is 0 bytes; a frame has at least 4'],
    ['of less than a header', '00000003', 'the peer broke the framing: the count is 3 bytes; a frame has at least 4'],
    ['that is HTTP', '47455420', 'the peer broke the framing: the count is 1195725856 bytes; the limit is 100'],
  ])('ends at a count %s, behind the frames ahead of it and what was written', async (_, count, sentence) => {
    const { client, connection, inbox } = await connected({ maxFrameBytes: 100 });
    connection.write(framed('length', [frameOf(30_000, 7)]));
    client.send(frameOf(100, 1));
    client.write(fromHex(count));
    client.send(frameOf(20, 2));
    expect(await client.ended).toBe('closed');
    expect(client.frames).toEqual([frameOf(30_000, 7)]);
    expect(await inbox.ended).toEqual(new ConnectionLost(sentence));
    expect(inbox.frames).toEqual([frameOf(100, 1)]);
  });

  it('bears a listener that closes in the middle of its batch', async () => {
    const { listener, accepted } = await open(tcp(local));
    const client = await TcpClient.connect(urlOf(listener));
    await until(() => accepted.length === 1);
    const connection = accepted[0]!;
    client.write(Buffer.concat([framed('length', [frameOf(20, 1)]), fromHex('00000000')]));
    const end = await new Promise((resolve) => {
      connection.batches$.subscribe({
        next: () => {
          connection.close({ kind: 'policy', text: 'enough' });
        },
        complete: () => {
          resolve('completed');
        },
        error: resolve,
      });
    });
    expect(end).toBe('completed'); // we left before the fault was ours to mind
  });

  it.each([
    ['its count', 2],
    ['its count and the frame', 4],
    ['the frame', 15],
  ])('knows an end inside %s for what it is', async (_, at) => {
    const { raw, inbox } = await connectedRaw();
    raw.write(framed('length', [frameOf(20, 1)]));
    raw.write(framed('length', [frameOf(20, 2)]).subarray(0, at));
    raw.socket.end();
    expect(await inbox.ended).toEqual(new ConnectionLost(`the peer hung up inside a frame, after ${at} bytes of it`));
    expect(inbox.frames).toEqual([frameOf(20, 1)]);
    await raw.closed;
  });

  it('knows a reset', async () => {
    const { client, inbox } = await connected();
    client.send(frameOf(20, 1));
    await inbox.receive(1);
    client.vanish();
    expect(await inbox.ended).toEqual(new ConnectionLost('the connection broke: read ECONNRESET'));
  });

  it('keeps what came before a reset', async () => {
    const { listener, accepted } = await open(tcp(local));
    const client = await TcpClient.connect(urlOf(listener));
    await until(() => accepted.length === 1);
    client.send(frameOf(20, 1), frameOf(20, 2));
    await turns(20);
    client.vanish();
    await turns(20);
    const inbox = new Inbox(accepted[0]!.batches$);
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    expect(inbox.frames).toEqual([frameOf(20, 1), frameOf(20, 2)]);
  });
});

describe('leaving TCP', () => {
  it.each([
    ['tcp', () => tcp(local)],
    ['tls', () => tcp({ ...local, tls })],
    ['pipe', () => pipe({ path: newPath() })],
  ])('answers the last frames of a peer that has ended its side, by %s', async (_, create) => {
    const { listener, accepted } = await open(create());
    const client = await TcpClient.connect(urlOf(listener), trust);
    await until(() => accepted.length === 1);
    const connection = accepted[0]!;
    client.socket.end(framed('length', [frameOf(20, 1)]));
    await turns(20); // so that the frames and the end are read in one turn of the event loop
    connection.batches$.subscribe({
      next: (frames) => {
        setImmediate(() => {
          connection.write(framed('length', frames as Uint8Array[])); // TCP has no texts
        });
      },
      error: () => undefined,
    });
    expect(await client.ended).toBe('closed');
    expect(client.frames).toEqual([frameOf(20, 1)]);
  });

  it('sees the end of the peer although nobody listens', async () => {
    const { listener, accepted } = await open(tcp({ ...local, clock: new SteadyClock() }));
    const client = await TcpClient.connect(urlOf(listener));
    await until(() => accepted.length === 1);
    client.send(frameOf(20));
    const gone = new Promise<void>((resolve) => {
      accepted[0]!.drained$.subscribe({ complete: resolve });
    });
    accepted[0]!.close({ kind: 'overloaded', text: 'no room' });
    await gone;
    expect(await new Inbox(accepted[0]!.batches$).ended).toBe('completed'); // without any time going by
  });

  it('is no clean end where something else takes the socket away', async () => {
    const clock = new SteadyClock();
    const server = createServer((socket) => {
      const peer = { transport: 'tcp', socket, remoteAddress: '', cut: () => socket.destroy() } as const;
      inbox = new Inbox(new TcpConnection(peer, { maxFrameBytes: 100, clock }).batches$);
      socket.destroy();
    });
    let inbox: Inbox | undefined;
    await listening(server, local, { failed: () => undefined, rejected: () => undefined });
    cleanUps.push(() => server.close());
    const raw = await RawSocket.connect((server.address() as AddressInfo).port); // it listens on a port
    await until(() => inbox !== undefined);
    expect(await inbox!.ended).toEqual(new ConnectionLost('the connection ended without a close message'));
    raw.destroy();
  });

  it('does not wait for a peer that does not end its side', async () => {
    const clock = new SteadyClock();
    const { raw, connection, inbox } = await connectedRaw({ clock });
    connection.close({ kind: 'goingAway', text: '' });
    connection.write(framed('length', [frameOf(20)]));
    await ended(raw);
    expect(raw.received).toHaveLength(0);
    raw.write(framed('length', [frameOf(20)])); // still talking
    clock.increment(CLOSE_GRACE_MS - 1);
    await turns(20);
    expect(inbox.end).toBeUndefined();
    clock.increment(1);
    expect(await inbox.ended).toBe('completed');
    expect(inbox.frames).toEqual([]);
    raw.write(framed('length', [frameOf(20)]));
    await raw.closed; // nobody there
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

  it('gives a peer that reads slowly its time', async () => {
    const clock = new SteadyClock();
    const { client, connection, inbox } = await connected({ clock });
    client.stall();
    await fill(connection);
    connection.close({ kind: 'goingAway', text: '' });
    client.resume();
    await until(() => connection.bufferedBytes < 500_000);
    clock.increment(CLOSE_GRACE_MS); // some of it has gone
    expect(await client.ended).toBe('closed');
    expect(await inbox.ended).toBe('completed');
    expect(client.rest).toHaveLength(0);
  });

  it('does not keep the socket of a peer that ended its side and does not read', async () => {
    const clock = new SteadyClock();
    const { raw, connection, inbox } = await connectedRaw({ clock });
    raw.socket.pause();
    await fill(connection);
    raw.socket.end();
    await until(() => {
      clock.increment(CLOSE_GRACE_MS); // from whenever the end of the peer's half has been read
      return inbox.end !== undefined;
    });
    expect(inbox.end).toEqual(new ConnectionLost('the peer ended the connection without a close message'));
  });

  it('is done with a peer that answers our end by a reset', async () => {
    const { raw, connection, inbox } = await connectedRaw();
    connection.close({ kind: 'normal', text: '' });
    await ended(raw);
    raw.socket.resetAndDestroy();
    expect(await inbox.ended).toBe('completed');
  });

  it('is an error when we cut what was already closing', async () => {
    const { connection, inbox } = await connectedRaw({ clock: new SteadyClock() });
    connection.close({ kind: 'normal', text: '' });
    connection.destroy();
    expect(await inbox.ended).toEqual(new ConnectionLost('the connection was cut by this side'));
  });

  it.each([
    ['plain', undefined],
    ['encrypted', tls],
  ])('leaves no %s socket behind after 100 peers', async (_, tls) => {
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((name) => /^(TCPSocket|TLS)Wrap$/.test(name)).length;
    await turns(200); // those of the test before are on their way out
    const before = sockets();
    const { listener, accepted } = await open(tcp({ ...local, tls }));
    for (let round = 0; round < 10; round++) {
      const clients = await Promise.all(Array.from({ length: 10 }, () => TcpClient.connect(urlOf(listener), trust)));
      await until(() => accepted.length === 10);
      const inboxes = accepted.splice(0).map(({ batches$ }) => new Inbox(batches$));
      clients.forEach((client, i) => {
        if (i % 2 === 0) client.close();
        else client.vanish();
      });
      await Promise.all([...inboxes, ...clients].map((one): Promise<unknown> => one.ended));
    }
    await until(() => sockets() <= before);
  });
});

describe('drained$ of TCP', () => {
  it('is silent about writes the network takes at once', async () => {
    const { client, connection } = await connected();
    let drained = 0;
    connection.drained$.subscribe(() => drained++);
    connection.write(framed('length', [frameOf(20)]));
    expect(connection.bufferedBytes).toBe(0);
    await client.receive(1);
    client.stall();
    await fill(connection);
    client.resume();
    await until(() => drained === 1);
    const before = client.frames.length;
    connection.write(framed('length', [frameOf(20)]));
    await client.receive(before + 1);
    await turns(5);
    expect(drained).toBe(1);
  });
});

/** Somebody between a client and a port, who could do as he likes. */
async function proxy(port: number): Promise<{ readonly url: string; onward(): Socket }> {
  const onward: Socket[] = [];
  const server = createServer((socket) => {
    const next = connect(port, '127.0.0.1');
    onward.push(next);
    for (const end of [socket, next]) end.on('error', () => undefined);
    next.on('close', () => socket.destroy());
    socket.pipe(next).pipe(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  cleanUps.push(() => server.close());
  const address = server.address() as AddressInfo; // it listens on a port
  return { url: `tls://127.0.0.1:${address.port}`, onward: () => onward[0]! };
}

describe('TLS', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('is spoken as %s', async (version) => {
    const { listener } = await open(tcp({ ...local, tls }));
    const client = await TcpClient.connect(urlOf(listener), { ...trust, minVersion: version, maxVersion: version });
    expect(client.protocol).toBe(version);
    client.vanish();
  });

  it('is not spoken as anything older, whatever Node was told', async () => {
    const { listener, accepted } = await open(tcp({ ...local, tls }));
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(TcpClient.connect(urlOf(listener), { ...trust, ...old })).rejects.toThrow('alert protocol version');
    expect(accepted).toEqual([]);
  });

  it('cuts off who does not shake hands, and lets the others in meanwhile', async () => {
    const clock = new SteadyClock();
    const { listener, accepted } = await open(tcp({ ...local, tls, clock }));
    const silent = await RawSocket.connect(portOf(listener));
    const halfway = await RawSocket.connect(portOf(listener));
    const left = await RawSocket.connect(portOf(listener));
    halfway.write(fromHex('160301'));
    left.socket.end(); // half-open, and silent
    await turns(20);
    const quick = await TcpClient.connect(urlOf(listener), trust);
    await until(() => accepted.length === 1);
    const inbox = new Inbox(accepted[0]!.batches$);
    clock.increment(9_999);
    await turns(20);
    expect([silent, halfway, left].map(({ socket }) => socket.readableEnded)).toEqual([false, false, false]);
    clock.increment(1);
    await Promise.all([silent, halfway, left].map(ended));
    quick.send(frameOf(20, 1));
    expect(await inbox.receive(1)).toEqual([frameOf(20, 1)]);
    for (const { socket } of [silent, halfway, left, quick]) socket.destroy();
  });

  it('gives a handshake the time it is told to', async () => {
    const clock = new SteadyClock();
    const { listener } = await open(tcp({ ...local, tls, clock, handshakeMs: 500 }));
    const silent = await RawSocket.connect(portOf(listener));
    await turns(20);
    clock.increment(500);
    await ended(silent);
    silent.destroy();
  });

  it.each([
    ['plain frames', framed('length', [frameOf(20)])],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a broken handshake', fromHex('16030100050100000102')],
  ])('bears %s instead', async (_, bytes) => {
    const { listener, accepted } = await open(tcp({ ...local, tls }));
    const raw = await RawSocket.connect(portOf(listener));
    raw.write(bytes);
    await ended(raw);
    raw.destroy();
    const client = await TcpClient.connect(urlOf(listener), trust);
    await until(() => accepted.length === 1);
    client.vanish();
  });

  it('bears a peer that resets in its handshake', async () => {
    const { listener, accepted } = await open(tcp({ ...local, tls }));
    const raw = await RawSocket.connect(portOf(listener));
    raw.write(fromHex('160301'));
    raw.socket.resetAndDestroy();
    const client = await TcpClient.connect(urlOf(listener), trust);
    await until(() => accepted.length === 1);
    client.vanish();
  });

  it.each([
    ['whose bytes are tampered with', (between: Socket) => between.write(fromHex('17030300050102030405'))],
    ['whose connection is reset', (between: Socket) => between.resetAndDestroy()],
  ])('loses a peer %s', async (_, harm) => {
    const { listener, accepted } = await open(tcp({ ...local, tls }));
    const between = await proxy(portOf(listener));
    const client = await TcpClient.connect(between.url, trust);
    await until(() => accepted.length === 1);
    const inbox = new Inbox(accepted[0]!.batches$);
    client.send(frameOf(20, 1));
    await inbox.receive(1);
    harm(between.onward());
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    expect(String(inbox.end)).toContain('the connection broke: ');
    client.vanish();
  });

  it('sends those away who are shaking hands when the door closes', async () => {
    const { listener } = await open(tcp({ ...local, tls }));
    const silent = await RawSocket.connect(portOf(listener));
    await turns(20);
    await listener.close();
    await ended(silent);
    silent.destroy();
  });

  it('shows a renewed certificate to those who come then, and drops nobody', async () => {
    const renewed$ = new Subject<TlsCredentials>();
    const { listener, accepted } = await open(tcp({ ...local, tls: { credentials: certificate, renewed$ } }));
    const early = await TcpClient.connect(urlOf(listener), trust);
    await until(() => accepted.length === 1);
    const inbox = new Inbox(accepted[0]!.batches$);
    const renewed = await newCertificate();
    renewed$.next(renewed);
    const late = await TcpClient.connect(urlOf(listener), { ...trust, ca: renewed.ca });
    await expect(TcpClient.connect(urlOf(listener), trust)).rejects.toThrow();
    early.send(frameOf(20, 1));
    expect(await inbox.receive(1)).toEqual([frameOf(20, 1)]);
    for (const client of [early, late]) client.vanish();
    await listener.close();
    expect(renewed$.observed).toBe(false);
  });

  it('keeps the certificate it has where the new one cannot be used or the source breaks', async () => {
    const renewed$ = new Subject<TlsCredentials>();
    const { listener } = await open(tcp({ ...local, tls: { credentials: certificate, renewed$ } }));
    renewed$.next({ key: 'no', cert: 'neither' });
    renewed$.next({ key: (await newCertificate()).key, cert: certificate.cert });
    (await TcpClient.connect(urlOf(listener), trust)).vanish();
    renewed$.error(new Error('the disk is gone'));
    (await TcpClient.connect(urlOf(listener), trust)).vanish();
  });

  it('says what is wrong with a certificate or a key', async () => {
    const other = await newCertificate();
    const secure = (credentials: TlsCredentials): Transport => tcp({ ...local, tls: { credentials, renewed$: NEVER } });
    const unreadable =
      /^TLS rejects this certificate or its private key \(.+\); provide both as PEM, the key without a passphrase$/;
    expect((await refusal(secure({ key: certificate.key, cert: 'no PEM' }))).message).toMatch(unreadable);
    expect((await refusal(secure({ key: 'no PEM', cert: certificate.cert }))).message).toMatch(unreadable);
    expect((await refusal(secure({ key: other.key, cert: certificate.cert }))).message).toBe(
      'the private key does not belong to the certificate; provide a matching pair',
    );
  });

  it('forgets the source when the port cannot be had', async () => {
    const renewed$ = new Subject<TlsCredentials>();
    const { listener } = await open(tcp(local));
    await refusal(tcp({ ...local, port: portOf(listener), tls: { credentials: certificate, renewed$ } }));
    expect(renewed$.observed).toBe(false);
  });
});

describe('a pipe', () => {
  const openPipe = (options: Partial<PipeOptions> = {}): ReturnType<typeof open> =>
    open(pipe({ path: newPath(), ...options }));

  it('says how a client writes it, and tells its peers apart', async () => {
    const path = newPath();
    const { listener, accepted } = await openPipe({ path });
    expect(listener.addresses).toEqual([{ transport: 'pipe', host: path, port: 0, url: `unix:${path}` }]);
    const clients = [await TcpClient.connect(urlOf(listener)), await TcpClient.connect(urlOf(listener))];
    await until(() => accepted.length === 2);
    expect(accepted.map(({ remoteAddress }) => remoteAddress)).toEqual(['pipe:1', 'pipe:2']);
    for (const { socket } of clients) socket.destroy();
  });

  it('knows an end inside a frame, and refuses a count over its limit', async () => {
    const { listener, accepted } = await openPipe({ maxFrameBytes: 100 });
    for (const [bytes, sentence] of [
      [fromHex('0000001453'), 'the peer hung up inside a frame, after 5 bytes of it'],
      [fromHex('00000065'), 'the peer broke the framing: the count is 101 bytes; the limit is 100'],
    ] as const) {
      const client = await TcpClient.connect(urlOf(listener));
      client.socket.end(bytes);
      await until(() => accepted.length === 1);
      expect(await new Inbox(accepted.pop()!.batches$).ended).toEqual(new ConnectionLost(sentence));
    }
  });

  itOnUnix.each([
    [undefined, 0o600],
    [0o660, 0o660],
    [0o666, 0o666],
  ])('with mode %p lets in whom %p lets in', async (mode, permissions) => {
    const { listener } = await openPipe({ mode });
    expect(statSync(listener.addresses[0]!.host).mode & 0o777).toBe(permissions);
  });

  itOnUnix('is not left open with a mode there is not', async () => {
    const path = newPath();
    expect((await refusal(pipe({ path, mode: -1 }))).message).toMatch(`cannot listen on ${path}: `);
    expect(existsSync(path)).toBe(false);
  });

  itOnUnix('takes its file away when it closes', async () => {
    const { listener } = await openPipe();
    const path = listener.addresses[0]!.host;
    expect(existsSync(path)).toBe(true);
    await listener.close();
    expect(existsSync(path)).toBe(false);
  });

  itOnUnix('takes over the file of a router that was killed', async () => {
    const path = newPath();
    await leaveStale(path);
    const { listener, accepted } = await openPipe({ path });
    (await TcpClient.connect(urlOf(listener))).socket.destroy();
    await until(() => accepted.length === 1);
  });

  it('leaves one alone that somebody listens on', async () => {
    const { listener, accepted } = await openPipe();
    const path = listener.addresses[0]!.host;
    expect((await refusal(pipe({ path }))).message).toBe(
      `${path} is already in use; stop the other program or choose another path`,
    );
    const before = accepted.length; // the look at it was a connect
    (await TcpClient.connect(urlOf(listener))).socket.destroy();
    await until(() => accepted.length === before + 1);
  });

  itOnUnix('never removes what is no socket', async () => {
    const path = join(folder, 'notes.txt');
    writeFileSync(path, 'mine');
    const link = join(folder, 'link');
    const stale = newPath();
    await leaveStale(stale);
    symlinkSync(stale, link);
    for (const place of [path, folder, link]) {
      expect((await refusal(pipe({ path: place }))).message).toBe(
        `${place} exists and is no socket; choose another path`,
      );
    }
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect(existsSync(link)).toBe(true);
  });

  itOnUnix.each([
    [join(folder, 'missing', 'a.sock'), /^the folder of .+ does not exist; make it or choose another path$/],
    [join(import.meta.filename, 'a.sock'), /^the folder of .+ does not exist; make it or choose another path$/],
    [
      `${folder}/${'é'.repeat(60)}`,
      /^the path of a pipe has at most 10[37] bytes and .+ has \d{3}; choose a shorter one$/,
    ],
  ])('says what is wrong with %s', async (path, sentence) => {
    expect((await refusal(pipe({ path }))).message).toMatch(sentence);
  });

  itOnUnix('takes a path of the largest length, whole', async () => {
    const longest = process.platform === 'linux' ? 107 : 103;
    const path = `${folder}/`.padEnd(longest, 'x');
    const { listener } = await openPipe({ path });
    expect(existsSync(path)).toBe(true);
    (await TcpClient.connect(urlOf(listener))).socket.destroy();
    expect((await refusal(pipe({ path: `${path}x` }))).message).toContain(`has ${longest + 1}; choose`);
  });

  // Root may write anywhere.
  (process.platform === 'win32' || process.getuid?.() === 0 ? it.skip : it)('says that it may not', async () => {
    expect((await refusal(pipe({ path: '/clasp.sock' }))).message).toBe(
      'this user may not make /clasp.sock; choose a path in a folder it may write to',
    );
  });
});

/** A socket file nobody listens on any more: closing removes the name it was made with, not the one it was given. */
async function leaveStale(path: string): Promise<void> {
  const server = createServer();
  const first = newPath();
  await new Promise<void>((resolve) => {
    server.listen(first, resolve);
  });
  renameSync(first, path);
  await new Promise((resolve) => server.close(resolve));
  expect(statSync(path).isSocket()).toBe(true);
}
