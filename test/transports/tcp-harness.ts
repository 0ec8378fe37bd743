import { fillWith, observed } from './raw-peers.js';
import { afterAll, expect } from '@jest/globals';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NEVER } from 'rxjs';
import { tcp, type TcpOptions } from '../../src/transports/tcp/index.js';
import type { TlsSource } from '../../src/net/tls.js';
import type { Connection, Listener, Transport } from '../../src/transports/transport.js';
import type { CloseReason } from '../../src/util/close-reason.js';
import { TransportError } from '../../src/net/transport-error.js';
import { cleanUps } from '../support/clean-ups.js';
import { testCertificate } from '../support/certificates.js';
import { Inbox, until } from '../support/inbox.js';
import { openListener, portOf, urlOf } from '../support/open-listener.js';
import { RawSocket } from '../support/raw-socket.js';
import { TcpClient } from '../support/tcp-client.js';
import type { Peer } from './conformance.js';

export const local = { host: '127.0.0.1', port: 0 };

export const certificate = await testCertificate();

export const tls: TlsSource = { credentials: certificate, renewed$: NEVER };

export const trust = { ca: certificate.ca };

export function peerOf(client: TcpClient): Peer {
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

/** An open listener. Its connections are destroyed after the test. */
export function open(transport: Transport): Promise<{ listener: Listener; accepted: Connection[] }> {
  return openListener(transport);
}

/** A listener, a client that connected, and its connection. */
export async function connected(
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
export async function connectedRaw(
  options: Partial<TcpOptions> = {},
): Promise<{ raw: RawSocket; connection: Connection; inbox: Inbox }> {
  const { listener, accepted } = await open(tcp({ ...local, ...options }));
  const raw = await RawSocket.connect(portOf(listener));
  return { raw, ...(await observed(raw, accepted)) };
}

/** Writes until the network accepts no more. */
export const fill = (connection: Connection): Promise<void> => fillWith(connection, 'length');

/** Resolves when the other side has closed or reset the connection. */
export async function ended({ socket, closed }: RawSocket): Promise<void> {
  if (!socket.readableEnded) await Promise.race([once(socket, 'end'), closed]);
}

export async function refusal(transport: Transport): Promise<Error> {
  const reason: unknown = await transport.listen().catch((error: unknown) => error);
  expect(reason).toBeInstanceOf(TransportError);
  return reason as TransportError; // invariant: checked by the line above
}

/** Removed after the tests of a file. */
export const folder = mkdtempSync(join(tmpdir(), 'clasp-'));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

let pipes = 0;

/** Returns an unused path. */
export function newPath(): string {
  pipes++;
  return process.platform === 'win32' ? `\\\\.\\pipe\\clasp-${process.pid}-${pipes}` : join(folder, `${pipes}.sock`);
}
