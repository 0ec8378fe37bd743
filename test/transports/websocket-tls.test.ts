import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { Observable, Subject } from 'rxjs';
import { WebSocket } from 'ws';
import type { Clock } from '../../src/util/clock.js';
import type { TlsCredentials, TlsSource } from '../../src/net/tls.js';
import { RejectedConnections } from '../../src/net/rejected-connections.js';
import { listenLimits } from '../../src/net/listen-limits.js';
import { PendingConnections } from '../../src/http/pending-connections.js';
import type { HttpServer } from '../../src/http/http-server.js';
import { webSocket, type WebSocketOptions } from '../../src/transports/websocket/index.js';
import { closeCodes } from '../../src/transports/websocket/constants.js';
import { type Connection, ConnectionLost, type SingleFrame, type Listener } from '../../src/transports/transport.js';
import type { CloseReason } from '../../src/util/close-reason.js';
import { TransportError } from '../../src/net/transport-error.js';
import { newCertificate, type TestCertificate, testCertificate } from '../support/certificates.js';
import { framed, frameOf } from '../support/frames.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { RawSocket, upgradeRequest } from '../support/raw-socket.js';
import { describeTransport } from './conformance.js';
import { SteadyClock } from '../support/steady-clock.js';

let certificate: TestCertificate;
let source: TestSource;
beforeAll(async () => {
  certificate = await testCertificate();
  source = new TestSource(certificate);
});

/** A certificate source under control of the test. */
class TestSource implements TlsSource {
  readonly renewed$ = new Subject<TlsCredentials>();
  readonly credentials: TlsCredentials;

  constructor(credentials: TlsCredentials) {
    this.credentials = credentials;
  }
}

/** `ws` as a client that trusts one certificate, with its received messages. */
class SecureClient {
  readonly socket: WebSocket;
  readonly inbox: Inbox;
  readonly code: Promise<number>;

  static async connect(listener: Listener, options: ConnectionOptions = { ca: certificate.ca }): Promise<SecureClient> {
    const client = new SecureClient(urlOf(listener), options);
    await once(client.socket, 'open');
    return client;
  }

  private constructor(url: string, options: ConnectionOptions) {
    const socket = new WebSocket(url, ['clasp'], options);
    this.socket = socket;
    socket.on('error', () => undefined); // a `close` with the reason follows
    this.code = new Promise((resolve) => socket.on('close', resolve));
    this.inbox = new Inbox(
      new Observable<readonly SingleFrame[]>((subscriber) => {
        // invariant: binaryType is 'nodebuffer', the default of `ws`; no test here sends JSON messages
        socket.on('message', (data) => subscriber.next([data as Buffer]));
        socket.on('close', () => subscriber.complete());
      }),
    );
  }
}

const local = { host: '127.0.0.1', port: 0 };

describe('with TLS', () => {
  describeTransport('websocket', {
    create: () => webSocket({ ...local, tls: source }),
    connect: async (_, listener) => {
      const { socket, inbox, code } = await SecureClient.connect(listener);
      return {
        send: (frames) => {
          for (const frame of frames) socket.send(frame);
        },
        receive: (count) => inbox.receive(count),
        stall: () => {
          socket.pause();
        },
        resume: () => {
          socket.resume();
        },
        close: () => {
          socket.close(1000);
        },
        destroy: () => {
          socket.terminate();
        },
        ended: code.then(kindOf),
      };
    },
    onSameAddress: (_, listener) => webSocket({ host: '127.0.0.1', port: portOf(listener), tls: source }),
  });
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

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** An open listener. Its connections are destroyed after the test. */
async function open(options: WebSocketOptions = {}): Promise<{ listener: Listener; accepted: Connection[] }> {
  const listener = await webSocket({ ...local, tls: source, ...options }).listen();
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
  options: WebSocketOptions = {},
): Promise<{ listener: Listener; accepted: Connection[]; client: SecureClient; connection: Connection; inbox: Inbox }> {
  const { listener, accepted } = await open(options);
  const client = await SecureClient.connect(listener);
  await until(() => accepted.length === 1);
  const connection = accepted[0]!;
  return { listener, accepted, client, connection, inbox: new Inbox(connection.batches$) };
}

/** TLS on its own TCP socket, without further input. */
async function handshake(
  listener: Listener,
  options: ConnectionOptions = {},
): Promise<{ secured: TLSSocket; below: Socket }> {
  const below = await tcpConnect(listener);
  const secured = connectTls({ socket: below, ca: certificate.ca, servername: 'localhost', ...options });
  cleanUps.push(() => secured.destroy());
  await once(secured, 'secureConnect');
  secured.on('error', () => undefined);
  secured.resume();
  return { secured, below };
}

async function tcpConnect(listener: Listener): Promise<Socket> {
  const socket = connectTcp({ host: '127.0.0.1', port: portOf(listener) });
  cleanUps.push(() => socket.destroy());
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return socket;
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

/** Checks that frames are carried in both directions. */
async function expectAlive(client: SecureClient, connection: Connection, inbox: Inbox): Promise<void> {
  const [received, sent] = [client.inbox.frames.length, inbox.frames.length];
  connection.write(framed('websocket', [frameOf(30, 1)]));
  client.socket.send(frameOf(30, 2));
  expect((await client.inbox.receive(received + 1)).slice(received)).toEqual([frameOf(30, 1)]);
  expect((await inbox.receive(sent + 1)).slice(sent)).toEqual([frameOf(30, 2)]);
}

/**
 * PendingConnections with a server, and sockets with equal addresses, which no real network assigns on request. The
 * sockets have the parts that it uses.
 */
function doorstep(clock: Clock): { port: EventEmitter; server: EventEmitter; socket: () => Socket } {
  const [port, server] = [new EventEmitter(), new EventEmitter()];
  const faults = new RejectedConnections();
  const step = new PendingConnections({
    ...listenLimits({ handshakeMs: 100 }),
    awaited: 'WebSocket upgrade',
    faults,
    clock,
  });
  step.watch({ port, http: server, tls: server } as unknown as HttpServer);
  const address = { localAddress: 'here', remoteAddress: 'there', remotePort: 1 };
  return { port, server, socket: () => Object.assign(new Duplex(), address) as unknown as Socket };
}

describe('the encrypted WebSocket port', () => {
  it('has the scheme wss, and reports its peers', async () => {
    const { listener, client, connection } = await connected();
    expect(urlOf(listener)).toBe(`wss://127.0.0.1:${portOf(listener)}`);
    // `ws` hides the socket; a TLS socket has a port like any other.
    const { _socket: socket } = client.socket as unknown as { _socket: TLSSocket };
    expect(connection.remoteAddress).toBe(`127.0.0.1:${socket.localPort}`);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('supports %s', async (version) => {
    const { listener } = await open();
    const { secured } = await handshake(listener, { minVersion: version, maxVersion: version });
    expect(secured.getProtocol()).toBe(version);
    expect(secured.getPeerX509Certificate()?.fingerprint256).toBe(fingerprintOf(certificate));
  });

  it('does not support TLS 1.1', async () => {
    const { listener } = await open();
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(handshake(listener, old)).rejects.toThrow(/protocol version|ECONNRESET/);
  });

  it('serves a page to browsers', async () => {
    const { listener } = await open();
    const [answer] = (await once(
      get({ host: '127.0.0.1', port: portOf(listener), ca: certificate.ca, agent: false }),
      'response',
    )) as [IncomingMessage];
    const page = await text(answer);
    expect([answer.statusCode, page]).toEqual([200, expect.stringContaining('with wss:// in front')]);
  });

  it('cuts off slow handshakes at any step, and accepts others meanwhile', async () => {
    const clock = new SteadyClock();
    const { listener, accepted } = await open({ clock, pingIntervalMs: 0 });
    const silent = await tcpConnect(listener);
    const halfway = await tcpConnect(listener);
    halfway.write(Buffer.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01)); // a ClientHello of 512 bytes that is incomplete
    const late = await tcpConnect(listener);
    clock.increment(6_000);
    // Progress does not extend the deadline.
    const secured = connectTls({ socket: late, ca: certificate.ca, servername: 'localhost' });
    await once(secured, 'secureConnect');
    secured.on('error', () => undefined).resume();
    secured.write('GET / HTTP/1.1\r\nUpgrade: webso');
    const client = await SecureClient.connect(listener);
    expect(accepted).toHaveLength(1);
    const inbox = new Inbox(accepted[0]!.batches$);
    clock.increment(3_999);
    await turns(20);
    expect([silent, halfway, late, secured].map((socket) => socket.destroyed)).toEqual([false, false, false, false]);
    clock.increment(1);
    await Promise.all([silent, halfway, secured].map((socket) => closed(socket.resume())));
    clock.increment(10_000);
    await expectAlive(client, accepted[0]!, inbox);
  });

  it('closes pending connections when it closes', async () => {
    const { listener } = await open({ clock: new SteadyClock() }); // no deadline expires
    const silent = await tcpConnect(listener);
    const { secured } = await handshake(listener);
    await turns(10);
    await listener.close();
    await Promise.all([closed(silent.resume()), closed(secured)]);
  });

  it('distinguishes a closed connection from a new one with the same address', async () => {
    const clock = new SteadyClock();
    const { port, server, socket } = doorstep(clock);
    const [gone, here, secured, unknown] = [socket(), socket(), socket(), socket()];
    port.emit('connection', gone);
    port.emit('connection', here);
    gone.emit('close');
    server.emit('secureConnection', secured);
    expect(secured.destroyed).toBe(false);
    server.emit('secureConnection', unknown); // its deadline would never run
    expect(unknown.destroyed).toBe(true);
    await clock.pass(100);
    expect(here.destroyed).toBe(true);
  });

  it('keeps no deadline for a closed connection', () => {
    const pending = new Set<unknown>();
    const setTimeout = (callback: () => void): unknown => {
      pending.add(callback);
      return callback;
    };
    const { port, socket } = doorstep({ now: () => 0, setTimeout, clearTimeout: (id) => pending.delete(id) });
    const gone = socket();
    port.emit('connection', gone);
    expect(pending.size).toBe(2); // its deadline, and the watch of the clock
    gone.emit('close');
    expect(pending.size).toBe(0);
  });

  it.each([
    ['a request without TLS', upgradeRequest()],
    ['garbage', '\x16\x03\x01\x00\x02zz' + 'z'.repeat(300)],
  ])('closes the connection on %s, without effect on others', async (_, bytes) => {
    const { listener, accepted, client, connection, inbox } = await connected();
    const raw = await RawSocket.connect(portOf(listener));
    raw.write(bytes);
    raw.socket.on('end', () => {
      raw.destroy();
    });
    await raw.closed;
    expect(raw.received.toString()).not.toMatch('HTTP');
    await expectAlive(client, connection, inbox);
    expect(accepted).toHaveLength(1);
  });

  it('survives peers that reset the connection before, during and after the handshake', async () => {
    const { listener, client, connection, inbox } = await connected();
    for (let round = 0; round < 20; round++) {
      const before = connectTcp({ host: '127.0.0.1', port: portOf(listener) });
      await once(before, 'connect');
      before.resetAndDestroy();
      const within = await tcpConnect(listener);
      connectTls({ socket: within, ca: certificate.ca }).on('error', () => undefined);
      await turns(round % 5);
      within.resetAndDestroy();
      const { below } = await handshake(listener);
      below.resetAndDestroy();
    }
    await expectAlive(client, connection, inbox);
  });

  it('leaves no socket after 60 peers', async () => {
    const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    await turns(200); // those of the previous test are closing
    const before = sockets();
    const { listener, accepted } = await open();
    for (let round = 0; round < 6; round++) {
      const clients = await Promise.all(Array.from({ length: 10 }, () => SecureClient.connect(listener)));
      await until(() => accepted.length === 10);
      const inboxes = accepted.splice(0).map(({ batches$ }) => new Inbox(batches$));
      clients.forEach(({ socket }, i) => {
        if (i % 2 === 0) socket.close();
        else socket.terminate();
      });
      await Promise.all([...inboxes.map(({ ended }) => ended), ...clients.map(({ code }) => code)]);
    }
    await until(() => sockets() <= before);
  });

  it('detects a reset, and a peer that ends its side', async () => {
    const { listener, accepted } = await open();
    for (const leave of ['resetAndDestroy', 'end'] as const) {
      const { secured, below } = await handshake(listener);
      secured.write(upgradeRequest());
      await until(() => accepted.length === 1);
      const inbox = new Inbox(accepted.shift()!.batches$);
      await turns(5);
      if (leave === 'end') secured.end();
      else below.resetAndDestroy();
      expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
      await closed(secured);
    }
  });

  it('counts buffered bytes exactly, and emits once when they are sent', async () => {
    const { client, connection } = await connected();
    const buffered: number[] = [];
    connection.drained$.subscribe(() => buffered.push(connection.bufferedBytes));
    const bytes = framed('websocket', [frameOf(1_000)]);
    connection.write(bytes);
    connection.write(bytes);
    expect(connection.bufferedBytes).toBe(2 * bytes.length); // encryption never completes during the call
    await client.inbox.receive(2);
    await until(() => buffered.length > 0);
    await turns(10);
    expect(buffered).toEqual([0]);
    client.socket.pause();
    const large = framed('websocket', [frameOf(65_000)]);
    for (let stuck = 0; stuck < 20; stuck = connection.bufferedBytes > 0 ? stuck + 1 : 0) {
      if (connection.bufferedBytes < 1_000_000) connection.write(large);
      await turns();
    }
    const before = connection.bufferedBytes;
    connection.write(bytes);
    expect(connection.bufferedBytes - before).toBe(bytes.length);
  });
});

describe('a certificate that is renewed', () => {
  it('is used for new connections, and leaves the others open', async () => {
    const renewing = new TestSource(certificate);
    const { listener, client, connection, inbox } = await connected({ tls: renewing });
    const renewed = await newCertificate();
    expect(fingerprintOf(renewed)).not.toBe(fingerprintOf(certificate));
    renewing.renewed$.next(renewed);
    await expectAlive(client, connection, inbox);
    const { secured } = await handshake(listener, { ca: renewed.ca });
    expect(secured.getPeerX509Certificate()?.fingerprint256).toBe(fingerprintOf(renewed));
    await expect(handshake(listener)).rejects.toThrow(); // only the old one is trusted here
    await SecureClient.connect(listener, { ca: renewed.ca });
    await expectAlive(client, connection, inbox);
  });

  it('does not enable TLS 1.1', async () => {
    const renewing = new TestSource(certificate);
    const { listener } = await open({ tls: renewing });
    renewing.renewed$.next(await newCertificate());
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(handshake(listener, old)).rejects.toThrow(/protocol version|ECONNRESET/);
  });

  it('is ignored if it is invalid, and the source can fail', async () => {
    const renewing = new TestSource(certificate);
    const { listener } = await open({ tls: renewing });
    renewing.renewed$.next({ key: 'no PEM', cert: 'no PEM' });
    renewing.renewed$.next({ key: (await newCertificate()).key, cert: certificate.cert });
    renewing.renewed$.error(new Error('broken'));
    await SecureClient.connect(listener);
  });

  it('is ignored by a listener that is closed, or never opened', async () => {
    const renewing = new TestSource(certificate);
    const { listener } = await open({ tls: renewing });
    expect(renewing.renewed$.observed).toBe(true);
    const another = new TestSource(certificate);
    const taken = webSocket({ ...local, port: portOf(listener), tls: another });
    await expect(taken.listen()).rejects.toThrow('already in use');
    expect(another.renewed$.observed).toBe(false);
    await listener.close();
    expect(renewing.renewed$.observed).toBe(false);
  });
});

describe('an invalid certificate', () => {
  it.each([
    ['no PEM', () => ({ key: 'nothing', cert: 'nothing' }), /^TLS rejects this certificate .+; provide both as PEM/],
    [
      'a key of another certificate',
      async () => ({ key: (await newCertificate()).key, cert: certificate.cert }),
      'the private key does not belong to the certificate; provide a matching pair',
    ],
  ])('is rejected with one sentence: %s', async (_, make, sentence) => {
    const unusable = new TestSource(await make());
    const error: unknown = await webSocket({ ...local, tls: unusable })
      .listen()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TransportError);
    expect((error as TransportError).message).toMatch(sentence);
    expect(unusable.renewed$.observed).toBe(false);
  });
});

function fingerprintOf({ cert }: TlsCredentials): string {
  return new X509Certificate(cert).fingerprint256;
}
