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

/** Returns an unused path. */
function newPath(): string {
  pipes++;
  return process.platform === 'win32' ? `\\\\.\\pipe\\clasp-${process.pid}-${pipes}` : join(folder, `${pipes}.sock`);
}

/** Features that Windows does not have. */
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
  return listener.addresses[0]!.port; // invariant: a TCP listener has one
}

function urlOf(listener: Listener): string {
  return listener.addresses[0]!.url;
}

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** An open listener. Its connections are destroyed after the test. */
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

/** A listener, a client that connected, and its connection. */
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

/** Like connected(), with a bare half-open socket at the other end. */
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

/** Writes until the network accepts no more. */
async function fill(connection: Connection): Promise<void> {
  const bytes = framed('length', [frameOf(65_000)]);
  for (let stuck = 0; stuck < 20; stuck = connection.bufferedBytes > 0 ? stuck + 1 : 0) {
    if (connection.bufferedBytes < 1_000_000) connection.write(bytes);
    await turns();
  }
}

/** Resolves when the other side has closed or reset the connection. */
async function ended({ socket, closed }: RawSocket): Promise<void> {
  if (!socket.readableEnded) await Promise.race([once(socket, 'end'), closed]);
}

async function refusal(transport: Transport): Promise<Error> {
  const reason: unknown = await transport.listen().catch((error: unknown) => error);
  expect(reason).toBeInstanceOf(TransportError);
  return reason as TransportError; // invariant: checked by the line above
}

describe('a TCP port', () => {
  it.each([
    ['127.0.0.1', undefined, /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/],
    ['127.0.0.1', tls, /^tls:\/\/127\.0\.0\.1:[1-9]\d*$/],
    ['::1', undefined, /^tcp:\/\/\[::1\]:[1-9]\d*$/],
  ])('on %s reports its URL for clients', async (host, tls, url) => {
    const { listener } = await open(tcp({ port: 0, host, tls }));
    expect(listener.addresses).toMatchObject([{ transport: 'tcp', host, port: portOf(listener) }]);
    expect(urlOf(listener)).toMatch(url);
    expect(urlOf(listener)).toContain(`:${portOf(listener)}`);
  });

  it.each([
    ['::1', '::1', /^\[::1\]:[1-9]\d*$/],
    ['::', '127.0.0.1', /^127\.0\.0\.1:[1-9]\d*$/],
  ])('on %s reports a peer from %s', async (host, from, address) => {
    const { listener, accepted } = await open(tcp({ port: 0, host }));
    const socket = connect(portOf(listener), from);
    await until(() => accepted.length === 1);
    socket.destroy();
    expect(accepted[0]!.remoteAddress).toMatch(address);
  });

  it('accepts peers while others are silent, and leaves silent ones to their session', async () => {
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

  // /proc/net/tcp shows the timer of a socket: 02 is keep-alive, then the remaining time in 1/100 s.
  (process.platform === 'linux' ? it : it.skip)('lets the system probe peers after 30 s of silence', async () => {
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

  it('reports that it is in use, with the fix', async () => {
    const { listener } = await open(tcp(local));
    const port = portOf(listener);
    expect((await refusal(tcp({ ...local, port }))).message).toBe(
      `port ${port} is already in use; stop the other program or choose another with the option port`,
    );
  });

  it('reports an address that this computer does not have', async () => {
    const { message } = await refusal(tcp({ host: '192.0.2.1', port: 0 }));
    expect(message).toBe('the address 192.0.2.1 does not belong to this computer; choose another with the option host');
  });

  it('reports an invalid port', async () => {
    const { message } = await refusal(tcp({ ...local, port: 70_000 }));
    expect(message).toMatch(/^port 70000 is invalid; choose .+ with the option port$/);
  });
});

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

describe('a failed listener', () => {
  it('ends connections$ with an error, but not for a failed accept', async () => {
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
    expect(end).toEqual(new TransportError('the listener at tcp://127.0.0.1:0 failed: the network card is gone'));
  });
});

describe('a rejected TCP peer', () => {
  /** A listener with TLS, its reports of rejected peers, and its name for a bare socket. */
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

  it('is reported if it is silent for 10 s', async () => {
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

  it('is reported if it does not use TLS, with the reason of OpenSSL and none of its bytes', async () => {
    const { faults, knock } = await openTls();
    const { raw, remoteAddress } = await knock();
    raw.write('GET /secret HTTP/1.1\r\n\r\n');
    await until(() => faults.length > 0);
    expect(faults).toEqual([{ kind: 'handshake', remoteAddress, text: 'its TLS handshake failed: http request' }]);
    await ended(raw);
    await turns(10);
    expect(faults).toHaveLength(1);
  });

  it('is reported if it disconnects', async () => {
    const { faults, knock } = await openTls();
    const { raw, remoteAddress } = await knock();
    await turns(5);
    raw.socket.resetAndDestroy();
    await until(() => faults.length > 0);
    const text = 'it disconnected during its TLS handshake';
    expect(faults).toEqual([{ kind: 'handshake', remoteAddress, text }]);
  });

  it('is not an accepted peer, nor one that waited when the listener closed; then the reports complete', async () => {
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

  it('does not exist without TLS: the session handles silence', async () => {
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

/** Resolves when a listener with this clock has a pending handshake, and its deadline runs. */
async function pendingHandshake(clock: SteadyClock): Promise<void> {
  const { timeouts } = clock as unknown as { readonly timeouts: ReadonlyMap<number, unknown> }; // not in its types
  await until(() => timeouts.size > 0);
}

describe('reading from TCP', () => {
  it('joins split input, byte by byte', async () => {
    const { client, inbox } = await connected();
    for (const byte of framed('length', [frameOf(30, 1), frameOf(4)])) {
      client.write(Uint8Array.of(byte));
      await turns();
    }
    expect(await inbox.receive(2)).toEqual([frameOf(30, 1), frameOf(4)]);
    expect(inbox.batches).toHaveLength(2); // none for the pieces
  });

  it('emits one batch for merged input', async () => {
    const { client, inbox } = await connected();
    const frames = [1, 2, 3].map((number) => frameOf(20, number));
    client.send(...frames);
    await inbox.receive(3);
    expect(inbox.batches).toHaveLength(1);
  });

  it('leaves all input with the sender until there is a subscriber', async () => {
    const { listener, accepted } = await open(tcp(local));
    const client = await TcpClient.connect(urlOf(listener));
    await until(() => accepted.length === 1);
    for (let i = 0; i < 500; i++) client.send(frameOf(65_000)); // 32 MB, more than the network buffers
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
    ['over the limit', '00000065', 'the peer violated the framing: the count is 101 bytes; the limit is 100'],
    ['of 0', '00000000', 'the peer violated the framing: the count is 0 bytes; a frame has at least 4'],
    [
      'of less than a header',
      '00000003',
      'the peer violated the framing: the count is 3 bytes; a frame has at least 4',
    ],
    ['that is HTTP', '47455420', 'the peer violated the framing: the count is 1195725856 bytes; the limit is 100'],
  ])('ends at a length %s, after earlier frames and writes', async (_, count, sentence) => {
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

  it('survives a subscriber that closes during its batch', async () => {
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
    expect(end).toBe('completed'); // this side closed before the fault mattered
  });

  it.each([
    ['its count', 2],
    ['its count and the frame', 4],
    ['the frame', 15],
  ])('treats an end inside %s as a loss', async (_, at) => {
    const { raw, inbox } = await connectedRaw();
    raw.write(framed('length', [frameOf(20, 1)]));
    raw.write(framed('length', [frameOf(20, 2)]).subarray(0, at));
    raw.socket.end();
    expect(await inbox.ended).toEqual(
      new ConnectionLost(`the peer disconnected inside a frame, after ${at} of its bytes`),
    );
    expect(inbox.frames).toEqual([frameOf(20, 1)]);
    await raw.closed;
  });

  it('detects a reset', async () => {
    const { client, inbox } = await connected();
    client.send(frameOf(20, 1));
    await inbox.receive(1);
    client.vanish();
    expect(await inbox.ended).toEqual(new ConnectionLost('the connection failed: read ECONNRESET'));
  });

  it('keeps input from before a reset', async () => {
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

describe('closing TCP', () => {
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
          connection.write(framed('length', frames as Uint8Array[])); // invariant: TCP has no JSON messages
        });
      },
      error: () => undefined,
    });
    expect(await client.ended).toBe('closed');
    expect(client.frames).toEqual([frameOf(20, 1)]);
  });

  it('detects the end of the peer without a subscriber', async () => {
    const { listener, accepted } = await open(tcp({ ...local, clock: new SteadyClock() }));
    const client = await TcpClient.connect(urlOf(listener));
    await until(() => accepted.length === 1);
    client.send(frameOf(20));
    const gone = new Promise<void>((resolve) => {
      accepted[0]!.drained$.subscribe({ complete: resolve });
    });
    accepted[0]!.close({ kind: 'overloaded', text: 'no room' });
    await gone;
    expect(await new Inbox(accepted[0]!.batches$).ended).toBe('completed'); // without any elapsed time
  });

  it('is not a normal end if the socket is destroyed elsewhere', async () => {
    const clock = new SteadyClock();
    const server = createServer((socket) => {
      const peer = { transport: 'tcp', socket, remoteAddress: '', cut: () => socket.destroy() } as const;
      inbox = new Inbox(new TcpConnection(peer, { maxFrameBytes: 100, clock }).batches$);
      socket.destroy();
    });
    let inbox: Inbox | undefined;
    await listening(server, local, { failed: () => undefined, rejected: () => undefined });
    cleanUps.push(() => server.close());
    const raw = await RawSocket.connect((server.address() as AddressInfo).port); // invariant: it listens on a port
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
    raw.write(framed('length', [frameOf(20)])); // still sending
    clock.increment(CLOSE_GRACE_MS - 1);
    await turns(20);
    expect(inbox.end).toBeUndefined();
    clock.increment(1);
    expect(await inbox.ended).toBe('completed');
    expect(inbox.frames).toEqual([]);
    raw.write(framed('length', [frameOf(20)]));
    await raw.closed; // closed without an answer
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

  it('gives a slow reader time', async () => {
    const clock = new SteadyClock();
    const { client, connection, inbox } = await connected({ clock });
    client.stall();
    await fill(connection);
    connection.close({ kind: 'goingAway', text: '' });
    client.resume();
    await until(() => connection.bufferedBytes < 500_000);
    clock.increment(CLOSE_GRACE_MS); // a part was read
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
      clock.increment(CLOSE_GRACE_MS); // from the time at which the peer's end was read
      return inbox.end !== undefined;
    });
    expect(inbox.end).toEqual(new ConnectionLost('the peer ended the connection without a close message'));
  });

  it('completes if the peer answers the end with a reset', async () => {
    const { raw, connection, inbox } = await connectedRaw();
    connection.close({ kind: 'normal', text: '' });
    await ended(raw);
    raw.socket.resetAndDestroy();
    expect(await inbox.ended).toBe('completed');
  });

  it('is an error if this side cuts a closing connection', async () => {
    const { connection, inbox } = await connectedRaw({ clock: new SteadyClock() });
    connection.close({ kind: 'normal', text: '' });
    connection.destroy();
    expect(await inbox.ended).toEqual(new ConnectionLost('the connection was cut by this side'));
  });

  it.each([
    ['plain', undefined],
    ['encrypted', tls],
  ])('leaves no %s socket after 100 peers', async (_, tls) => {
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((name) => /^(TCPSocket|TLS)Wrap$/.test(name)).length;
    await turns(200); // those of the previous test are closing
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
  it('does not emit for writes that the network takes immediately', async () => {
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

/** A proxy between a client and a port, under control of the test. */
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
  const address = server.address() as AddressInfo; // invariant: it listens on a port
  return { url: `tls://127.0.0.1:${address.port}`, onward: () => onward[0]! };
}

describe('TLS', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('supports %s', async (version) => {
    const { listener } = await open(tcp({ ...local, tls }));
    const client = await TcpClient.connect(urlOf(listener), { ...trust, minVersion: version, maxVersion: version });
    expect(client.protocol).toBe(version);
    client.vanish();
  });

  it('supports no older version, with any settings of Node.js', async () => {
    const { listener, accepted } = await open(tcp({ ...local, tls }));
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(TcpClient.connect(urlOf(listener), { ...trust, ...old })).rejects.toThrow('alert protocol version');
    expect(accepted).toEqual([]);
  });

  it('cuts off peers without a handshake, and accepts others meanwhile', async () => {
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

  it('applies the configured handshake timeout', async () => {
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
  ])('survives %s instead', async (_, bytes) => {
    const { listener, accepted } = await open(tcp({ ...local, tls }));
    const raw = await RawSocket.connect(portOf(listener));
    raw.write(bytes);
    await ended(raw);
    raw.destroy();
    const client = await TcpClient.connect(urlOf(listener), trust);
    await until(() => accepted.length === 1);
    client.vanish();
  });

  it('survives a peer that resets during its handshake', async () => {
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
    expect(String(inbox.end)).toContain('the connection failed: ');
    client.vanish();
  });

  it('closes connections in a handshake when the listener closes', async () => {
    const { listener } = await open(tcp({ ...local, tls }));
    const silent = await RawSocket.connect(portOf(listener));
    await turns(20);
    await listener.close();
    await ended(silent);
    silent.destroy();
  });

  it('uses a renewed certificate for new connections, and keeps open ones', async () => {
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

  it('keeps its certificate if the new one is invalid or the source fails', async () => {
    const renewed$ = new Subject<TlsCredentials>();
    const { listener } = await open(tcp({ ...local, tls: { credentials: certificate, renewed$ } }));
    renewed$.next({ key: 'no', cert: 'neither' });
    renewed$.next({ key: (await newCertificate()).key, cert: certificate.cert });
    (await TcpClient.connect(urlOf(listener), trust)).vanish();
    renewed$.error(new Error('the disk is gone'));
    (await TcpClient.connect(urlOf(listener), trust)).vanish();
  });

  it('reports what is wrong with a certificate or a key', async () => {
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

  it('unsubscribes from the source if the port is not available', async () => {
    const renewed$ = new Subject<TlsCredentials>();
    const { listener } = await open(tcp(local));
    await refusal(tcp({ ...local, port: portOf(listener), tls: { credentials: certificate, renewed$ } }));
    expect(renewed$.observed).toBe(false);
  });
});

describe('a pipe', () => {
  const openPipe = (options: Partial<PipeOptions> = {}): ReturnType<typeof open> =>
    open(pipe({ path: newPath(), ...options }));

  it('reports its URL for clients, and distinguishes its peers', async () => {
    const path = newPath();
    const { listener, accepted } = await openPipe({ path });
    expect(listener.addresses).toEqual([{ transport: 'pipe', host: path, port: 0, url: `unix:${path}` }]);
    const clients = [await TcpClient.connect(urlOf(listener)), await TcpClient.connect(urlOf(listener))];
    await until(() => accepted.length === 2);
    expect(accepted.map(({ remoteAddress }) => remoteAddress)).toEqual(['pipe:1', 'pipe:2']);
    for (const { socket } of clients) socket.destroy();
  });

  it('detects an end inside a frame, and rejects a length over its limit', async () => {
    const { listener, accepted } = await openPipe({ maxFrameBytes: 100 });
    for (const [bytes, sentence] of [
      [fromHex('0000001453'), 'the peer disconnected inside a frame, after 5 of its bytes'],
      [fromHex('00000065'), 'the peer violated the framing: the count is 101 bytes; the limit is 100'],
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
  ])('with mode %p has the file permissions %p', async (mode, permissions) => {
    const { listener } = await openPipe({ mode });
    expect(statSync(listener.addresses[0]!.host).mode & 0o777).toBe(permissions);
  });

  itOnUnix('is closed if its mode is invalid', async () => {
    const path = newPath();
    expect((await refusal(pipe({ path, mode: -1 }))).message).toMatch(`cannot listen on ${path}: `);
    expect(existsSync(path)).toBe(false);
  });

  itOnUnix('removes its file when it closes', async () => {
    const { listener } = await openPipe();
    const path = listener.addresses[0]!.host;
    expect(existsSync(path)).toBe(true);
    await listener.close();
    expect(existsSync(path)).toBe(false);
  });

  itOnUnix('replaces the file of a killed router', async () => {
    const path = newPath();
    await leaveStale(path);
    const { listener, accepted } = await openPipe({ path });
    (await TcpClient.connect(urlOf(listener))).socket.destroy();
    await until(() => accepted.length === 1);
  });

  it('keeps a file on which a process listens', async () => {
    const { listener, accepted } = await openPipe();
    const path = listener.addresses[0]!.host;
    expect((await refusal(pipe({ path }))).message).toBe(
      `${path} is already in use; stop the other program or choose another path`,
    );
    const before = accepted.length; // the check was a connection
    (await TcpClient.connect(urlOf(listener))).socket.destroy();
    await until(() => accepted.length === before + 1);
  });

  itOnUnix('never removes a file that is not a socket', async () => {
    const path = join(folder, 'notes.txt');
    writeFileSync(path, 'mine');
    const link = join(folder, 'link');
    const stale = newPath();
    await leaveStale(stale);
    symlinkSync(stale, link);
    for (const place of [path, folder, link]) {
      expect((await refusal(pipe({ path: place }))).message).toBe(
        `${place} exists and is not a socket; choose another path`,
      );
    }
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect(existsSync(link)).toBe(true);
  });

  itOnUnix.each([
    [join(folder, 'missing', 'a.sock'), /^the folder of .+ does not exist; create it or choose another path$/],
    [join(import.meta.filename, 'a.sock'), /^the folder of .+ does not exist; create it or choose another path$/],
    [
      `${folder}/${'é'.repeat(60)}`,
      /^the path of a pipe has at most 10[37] bytes and .+ has \d{3}; choose a shorter one$/,
    ],
  ])('reports what is wrong with %s', async (path, sentence) => {
    expect((await refusal(pipe({ path }))).message).toMatch(sentence);
  });

  itOnUnix('uses a path of the maximum length without truncation', async () => {
    const longest = process.platform === 'linux' ? 107 : 103;
    const path = `${folder}/`.padEnd(longest, 'x');
    const { listener } = await openPipe({ path });
    expect(existsSync(path)).toBe(true);
    (await TcpClient.connect(urlOf(listener))).socket.destroy();
    expect((await refusal(pipe({ path: `${path}x` }))).message).toContain(`has ${longest + 1}; choose`);
  });

  // Root can write everywhere.
  (process.platform === 'win32' || process.getuid?.() === 0 ? it.skip : it)('reports missing permissions', async () => {
    expect((await refusal(pipe({ path: '/clasp.sock' }))).message).toBe(
      'this user cannot create /clasp.sock; choose a path in a writable folder',
    );
  });
});

/** Leaves a socket file on which no process listens: closing removes the original name of the file, not the new one. */
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
