import { fillWith, observed } from './raw-peers.js';
import { once } from 'node:events';
import { webSocket, type WebSocketOptions } from '../../src/transports/websocket/index.js';
import { closeCodes } from '../../src/transports/websocket/close-codes.js';
import { type Connection, type Listener } from '../../src/transports/transport.js';
import type { CloseReason } from '../../src/util/close-reason.js';
import { Inbox, until } from '../support/inbox.js';
import { RawSocket } from '../support/raw-socket.js';
import { WebSocketClient, type WebSocketClientOptions } from '../support/websocket-client.js';
import { openListener, portOf, urlOf } from '../support/open-listener.js';

export const local = { host: '127.0.0.1', port: 0 };

export function kindOf(code: number): CloseReason['kind'] | 'lost' {
  const kinds = Object.keys(closeCodes) as CloseReason['kind'][]; // invariant: a Record with exactly these keys
  return kinds.find((kind) => closeCodes[kind] === code) ?? 'lost';
}

/** An open listener. Its connections are destroyed after the test. */
export async function open(options: WebSocketOptions = {}): Promise<{ listener: Listener; accepted: Connection[] }> {
  return openListener(webSocket({ ...local, ...options }));
}

/** A listener, a client that connected, and its connection. */
export async function connected(
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
export async function connectedRaw(
  options: WebSocketOptions = {},
): Promise<{ raw: RawSocket; connection: Connection; inbox: Inbox }> {
  const { listener, accepted } = await open(options);
  const raw = await RawSocket.upgrade(portOf(listener));
  return { raw, ...(await observed(raw, accepted)) };
}

/** Writes until the network accepts no more. */
export const fill = (connection: Connection): Promise<void> => fillWith(connection, 'websocket');

/** Resolves when the other side has closed or reset the connection. */
export async function ended(raw: RawSocket): Promise<void> {
  if (!raw.socket.readableEnded) await Promise.race([once(raw.socket, 'end'), raw.closed]);
  raw.destroy();
}
