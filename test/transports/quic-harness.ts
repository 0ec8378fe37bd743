import { describe } from '@jest/globals';
import { NEVER } from 'rxjs';
import { quic, type QuicOptions } from '../../src/transports/quic/index.js';
import type { Connection, Listener } from '../../src/transports/transport.js';
import { type FakePeer, FakeQuic, type FakeStream } from '../support/fake-quic.js';
import { frameOf, numberOf } from '../support/frames.js';
import { Inbox, until } from '../support/inbox.js';
import { openListener, portOf } from '../support/open-listener.js';
import { QuicClient, quicCertificate } from '../support/quic-client.js';
import { SteadyClock } from '../support/steady-clock.js';

export const certificate = await quicCertificate();

export const local = { host: '127.0.0.1', port: 0, tls: { credentials: certificate, renewed$: NEVER } };

/** Why this computer has no QUIC, if so. */
export const whyNot = await quic(local)
  .listen()
  .then(async (listener) => {
    await listener.close();
    return undefined;
  }, String);

export const describeReal = whyNot === undefined ? describe : describe.skip;

export function connect(listener: Listener): Promise<QuicClient> {
  return QuicClient.connect({ port: portOf(listener), ca: certificate.ca });
}

/** An open listener. Its connections are destroyed after the test. */
export async function open(
  options: Partial<QuicOptions> = {},
): Promise<{ listener: Listener; accepted: Connection[] }> {
  return openListener(quic({ ...local, ...options }));
}

/** A listener of the real library, a client that connected with frame 0, and its connection. */
export async function connected(
  options: Partial<QuicOptions> = {},
): Promise<{ listener: Listener; client: QuicClient; connection: Connection; inbox: Inbox }> {
  const { listener, accepted } = await open(options);
  const client = await connect(listener);
  client.write(frameOf(20));
  await until(() => accepted.length === 1);
  const connection = accepted[0]!;
  return { listener, client, connection, inbox: new Inbox(connection.batches$) };
}

/** A listener of the fake library, with all its parts. */
export async function openFake(
  options: Partial<QuicOptions> = {},
): Promise<{ library: FakeQuic; clock: SteadyClock; listener: Listener; accepted: Connection[] }> {
  const library = new FakeQuic();
  const clock = new SteadyClock();
  const listener = await quic({ ...local, provider: library, clock, ...options }).listen();
  const accepted: Connection[] = [];
  listener.connections$.subscribe({ next: (connection) => accepted.push(connection), error: () => undefined });
  return { library, clock, listener, accepted };
}

/** A peer of the fake library that opened its stream with frame 0. */
export async function connectedFake(options: Partial<QuicOptions> = {}): Promise<{
  clock: SteadyClock;
  peer: FakePeer;
  stream: FakeStream;
  connection: Connection;
  inbox: Inbox;
}> {
  const { library, clock, accepted } = await openFake({ pingIntervalMs: 0, ...options });
  const peer = library.arrive();
  const stream = peer.open(frameOf(20));
  const connection = accepted[0]!;
  return { clock, peer, stream, connection, inbox: new Inbox(connection.batches$) };
}

export function numbersOf(inbox: Inbox): number[] {
  return inbox.frames.map((frame) => numberOf(frame as Uint8Array)); // invariant: this transport has no JSON messages
}
