import { X509Certificate } from 'node:crypto';
import { beforeAll, expect } from '@jest/globals';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { Observable, Subject } from 'rxjs';
import { WebSocket } from 'ws';
import type { TlsCredentials, TlsSource } from '../../src/net/tls.js';
import { type WebSocketOptions } from '../../src/transports/websocket/index.js';
import { type Connection, type SingleFrame, type Listener } from '../../src/transports/transport.js';
import { type TestCertificate, testCertificate } from '../support/certificates.js';
import { framed, frameOf } from '../support/frames.js';
import { Inbox, until } from '../support/inbox.js';
import { portOf, urlOf } from '../support/open-listener.js';
import { cleanUps } from '../support/clean-ups.js';
import { open as openPlain } from './websocket-harness.js';

export let certificate: TestCertificate;

export let source: TestSource;
beforeAll(async () => {
  certificate = await testCertificate();
  source = new TestSource(certificate);
});

/** A certificate source under control of the test. */
export class TestSource implements TlsSource {
  readonly renewed$ = new Subject<TlsCredentials>();
  readonly credentials: TlsCredentials;

  constructor(credentials: TlsCredentials) {
    this.credentials = credentials;
  }
}

/** `ws` as a client that trusts one certificate, with its received messages. */
export class SecureClient {
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

/** An open listener. Its connections are destroyed after the test. */
export async function open(options: WebSocketOptions = {}): Promise<{ listener: Listener; accepted: Connection[] }> {
  return openPlain({ tls: source, ...options });
}

/** A listener, a client that connected, and its connection. */
export async function connected(
  options: WebSocketOptions = {},
): Promise<{ listener: Listener; accepted: Connection[]; client: SecureClient; connection: Connection; inbox: Inbox }> {
  const { listener, accepted } = await open(options);
  const client = await SecureClient.connect(listener);
  await until(() => accepted.length === 1);
  const connection = accepted[0]!;
  return { listener, accepted, client, connection, inbox: new Inbox(connection.batches$) };
}

/** TLS on its own TCP socket, without further input. */
export async function handshake(
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

export async function tcpConnect(listener: Listener): Promise<Socket> {
  const socket = connectTcp({ host: '127.0.0.1', port: portOf(listener) });
  cleanUps.push(() => socket.destroy());
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return socket;
}

export async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

/** Checks that frames are carried in both directions. */
export async function expectAlive(client: SecureClient, connection: Connection, inbox: Inbox): Promise<void> {
  const [received, sent] = [client.inbox.frames.length, inbox.frames.length];
  connection.write(framed('websocket', [frameOf(30, 1)]));
  client.socket.send(frameOf(30, 2));
  expect((await client.inbox.receive(received + 1)).slice(received)).toEqual([frameOf(30, 1)]);
  expect((await inbox.receive(sent + 1)).slice(sent)).toEqual([frameOf(30, 2)]);
}

export function fingerprintOf({ cert }: TlsCredentials): string {
  return new X509Certificate(cert).fingerprint256;
}
