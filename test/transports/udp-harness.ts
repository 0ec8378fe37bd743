import { portOf } from '../support/open-listener.js';
import { decodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { type Listener } from '../../src/transports/transport.js';
import { defaults } from '../../src/transports/udp/constants.js';
import type { Source } from '../../src/transports/udp/cookie.js';
import { udp, type UdpConnection, type UdpListener, type UdpOptions } from '../../src/transports/udp/index.js';
import { UdpListener as Listening, type UdpListenerOptions } from '../../src/transports/udp/listener.js';
import { cleanUps } from '../support/clean-ups.js';
import { FakeUdpNetwork } from '../support/fake-udp-network.js';
import { Inbox, until } from '../support/inbox.js';
import { UdpClient, type UdpClientOptions } from '../support/udp-client.js';
import { SteadyClock } from '../support/steady-clock.js';

export const local = { host: '127.0.0.1', port: 0 };

/** An open port and its connections. */
export async function open(options: UdpOptions = {}): Promise<{ listener: UdpListener; accepted: UdpConnection[] }> {
  const listener = await udp({ ...local, ...options }).listen();
  cleanUps.push(() => listener.close());
  return { listener, accepted: acceptedBy(listener) };
}

export function acceptedBy(listener: UdpListener): UdpConnection[] {
  const accepted: UdpConnection[] = [];
  listener.connections$.subscribe({
    next: (connection) => accepted.push(connection),
    error: () => undefined, // tests of errors subscribe themselves
  });
  return accepted;
}

export async function clientOf(listener: Listener, options: UdpClientOptions = {}): Promise<UdpClient> {
  const client = await UdpClient.open(portOf(listener), options);
  cleanUps.push(() => {
    client.close();
  });
  return client;
}

/** A port, a connected client, and its connection, whose HELLO was already read. */
export async function connected(options: UdpOptions = {}): Promise<{
  listener: UdpListener;
  accepted: UdpConnection[];
  client: UdpClient;
  connection: UdpConnection;
  inbox: Inbox;
}> {
  const { listener, accepted } = await open(options);
  const client = await clientOf(listener);
  const { connection, inbox } = await getIn(client, accepted);
  return { listener, accepted, client, connection, inbox };
}

export async function getIn(
  client: UdpClient,
  accepted: UdpConnection[],
  token = '',
): Promise<{ connection: UdpConnection; inbox: Inbox }> {
  const cookie = await client.askForCookie();
  const before = accepted.length;
  client.sayHello(`udp:${cookie}${token}`);
  await until(() => accepted.length > before);
  const connection = accepted[before]!;
  const inbox = new Inbox(connection.batches$);
  await inbox.receive(1);
  client.received.length = 0;
  return { connection, inbox };
}

/** Options of a listener on a {@link FakeUdpNetwork}. Listeners without a real port are never closed, so their time stands still. */
export const listening: UdpListenerOptions = { ...defaults, clock: new SteadyClock() };

export function onFakeNetwork(options: Partial<UdpListenerOptions> = {}): {
  network: FakeUdpNetwork;
  listener: UdpListener;
  accepted: UdpConnection[];
} {
  const network = new FakeUdpNetwork();
  const listener = new Listening(network.asSocket(), { ...listening, ...options });
  return { network, listener, accepted: acceptedBy(listener) };
}

export const somewhere: Source = { address: '192.0.2.7', port: 4_000 };

/** A connected peer whose HELLO was already read. */
export async function fakePeer(network: FakeUdpNetwork, accepted: UdpConnection[], source = somewhere): Promise<Inbox> {
  const before = accepted.length;
  network.letIn(source);
  await until(() => accepted.length > before);
  const inbox = new Inbox(accepted[before]!.batches$);
  await inbox.receive(1);
  return inbox;
}

export function error(code: number, message: string): Message {
  return { type: 'error', code, message, address: undefined, correlationId: undefined };
}

export function messagesOf(datagrams: readonly Uint8Array[]): readonly Message[] {
  return datagrams.map((datagram) => decodeFrame(datagram).message);
}

/** Messages on a fake network, without cookies. */
export function saidOn({ sent }: FakeUdpNetwork): readonly Message[] {
  const messages = messagesOf(sent.map(({ bytes }) => bytes));
  return messages.filter((message) => message.type !== 'error' || message.code !== 300);
}

/** Resolves after the listener has processed all earlier input. */
export async function fence(listener: Listener, client?: UdpClient): Promise<void> {
  const asking = client ?? (await clientOf(listener));
  await asking.askForCookie();
}
