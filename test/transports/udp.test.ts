import { afterEach, describe, expect, it } from '@jest/globals';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { filter, map } from 'rxjs';
import { systemClock } from '../../src/util/clock.js';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import {
  CLOSE_GRACE_MS,
  type Connection,
  ConnectionLost,
  type Listener,
  type Transport,
} from '../../src/transports/transport.js';
import { TransportError } from '../../src/net/transport-error.js';
import { defaults } from '../../src/transports/udp/constants.js';
import type { Source } from '../../src/transports/udp/cookie.js';
import { udp, type UdpConnection, type UdpListener, type UdpOptions } from '../../src/transports/udp/index.js';
import { UdpListener as Listening, type UdpListenerOptions } from '../../src/transports/udp/listener.js';
import { faultsOf } from '../support/rejected-connections.js';
import { FakeUdpNetwork } from '../support/fake-udp-network.js';
import { frameOf, numberOf } from '../support/frames.js';
import { concat, fromHex } from '../support/hex.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { hello, UdpClient, type UdpClientOptions } from '../support/udp-client.js';
import { binaryVectorFiles, readVectors } from '../support/vectors.js';
import { describeTransport } from './conformance.js';
import { SteadyClock } from '../support/steady-clock.js';

const local = { host: '127.0.0.1', port: 0 };

/** macOS sends no larger ones by default (`net.inet.udp.maxdgram`). */
const LARGEST = process.platform === 'darwin' ? 9_216 : 65_507;

describeTransport('udp', {
  datagrams: true,
  create: () => pastHello(udp({ ...local, maxDatagramBytes: LARGEST })),
  connect: async (_, listener) => {
    const client = await UdpClient.connect(portOf(listener));
    cleanUps.push(() => {
      client.close();
    });
    return {
      send: (frames) => {
        for (const frame of frames) void client.send(frame);
      },
      receive: async (count) => (await client.receive(count)).slice(0, count), // the ERROR of a close can follow
      stall: () => undefined,
      resume: () => undefined,
      close: () => undefined,
      destroy: () => undefined,
      ended: new Promise(() => undefined), // UDP signals no end
    };
  },
  onSameAddress: (_, listener) => udp({ ...local, port: portOf(listener) }),
});

/** The suite starts with its own first frame; over UDP a HELLO precedes it. */
function pastHello(transport: Transport): Transport {
  return {
    name: transport.name,
    listen: async () => {
      const listener = await transport.listen();
      return {
        addresses: listener.addresses,
        connections$: listener.connections$.pipe(map(withoutHello)),
        close: () => listener.close(),
      };
    },
  };
}

function withoutHello(connection: Connection): Connection {
  let first = true;
  const batches$ = connection.batches$.pipe(
    map((batch) => {
      const rest = first ? batch.slice(1) : batch;
      first = false;
      return rest;
    }),
    filter((batch) => batch.length > 0),
  );
  // The methods and fields of the connection itself, bound to it, because they access private ones.
  return new Proxy(connection, {
    get(target, name) {
      if (name === 'batches$') return batches$;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function portOf(listener: Listener): number {
  return listener.addresses[0]!.port; // invariant: a UDP listener has one
}

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** An open port and its connections. */
async function open(options: UdpOptions = {}): Promise<{ listener: UdpListener; accepted: UdpConnection[] }> {
  const listener = await udp({ ...local, ...options }).listen();
  cleanUps.push(() => listener.close());
  return { listener, accepted: acceptedBy(listener) };
}

function acceptedBy(listener: UdpListener): UdpConnection[] {
  const accepted: UdpConnection[] = [];
  listener.connections$.subscribe({
    next: (connection) => accepted.push(connection),
    error: () => undefined, // tests of errors subscribe themselves
  });
  return accepted;
}

async function clientOf(listener: Listener, options: UdpClientOptions = {}): Promise<UdpClient> {
  const client = await UdpClient.open(portOf(listener), options);
  cleanUps.push(() => {
    client.close();
  });
  return client;
}

/** A port, a connected client, and its connection, whose HELLO was already read. */
async function connected(options: UdpOptions = {}): Promise<{
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

async function getIn(
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

/** The options of a listener on a {@link FakeUdpNetwork}. */
/** Listeners without a real port are never closed, so their time stands still. */
const listening: UdpListenerOptions = { ...defaults, clock: new SteadyClock() };

function onFakeNetwork(options: Partial<UdpListenerOptions> = {}): {
  network: FakeUdpNetwork;
  listener: UdpListener;
  accepted: UdpConnection[];
} {
  const network = new FakeUdpNetwork();
  const listener = new Listening(network.asSocket(), { ...listening, ...options });
  return { network, listener, accepted: acceptedBy(listener) };
}

const somewhere: Source = { address: '192.0.2.7', port: 4_000 };

/** A connected peer whose HELLO was already read. */
async function fakePeer(network: FakeUdpNetwork, accepted: UdpConnection[], source = somewhere): Promise<Inbox> {
  const before = accepted.length;
  network.letIn(source);
  await until(() => accepted.length > before);
  const inbox = new Inbox(accepted[before]!.batches$);
  await inbox.receive(1);
  return inbox;
}

function error(code: number, message: string): Message {
  return { type: 'error', code, message, address: undefined, correlationId: undefined };
}

function messagesOf(datagrams: readonly Uint8Array[]): readonly Message[] {
  return datagrams.map((datagram) => decodeFrame(datagram).message);
}

/** Messages on a fake network, without cookies. */
function saidOn({ sent }: FakeUdpNetwork): readonly Message[] {
  const messages = messagesOf(sent.map(({ bytes }) => bytes));
  return messages.filter((message) => message.type !== 'error' || message.code !== 300);
}

/** Resolves after the listener has processed all earlier input. */
async function fence(listener: Listener, client?: UdpClient): Promise<void> {
  const asking = client ?? (await clientOf(listener));
  await asking.askForCookie();
}

describe('connecting over UDP', () => {
  it('takes a HELLO, an answer with a cookie, and a HELLO with that cookie', async () => {
    const { listener, accepted } = await open();
    const client = await clientOf(listener);
    client.sayHello();
    expect(messagesOf(await client.receive(1))).toEqual([
      error(300, expect.stringMatching(/^udp:[\w-]{11}$/) as unknown as string),
    ]);
    expect([accepted.length, listener.connectionCount]).toEqual([0, 0]);
    const { connection, inbox } = await getIn(client, accepted);
    expect(connection.remoteAddress).toBe(`127.0.0.1:${client.localPort}`);
    expect(connection.maxFrameBytes).toBe(1_400);
    expect(inbox.frames).toEqual([encodeFrame(hello)]);
    expect(listener.connectionCount).toBe(1);
  });

  it.each([
    ['binary', 'secret', 'secret'],
    ['binary', 'udp:abc two words', 'udp:abc two words'],
    ['cbor', 'secret', 'secret'],
    ['cbor', undefined, undefined],
  ] as const)('passes a HELLO in %s with the token %p on without the cookie', async (encoding, token, passed) => {
    const { listener, accepted } = await open();
    const client = await clientOf(listener, { encoding });
    const { inbox } = await getIn(client, accepted, token === undefined ? '' : ` ${token}`);
    expect(inbox.frames).toEqual([encodeFrame({ ...hello, token: passed }, { encoding })]);
  });

  it('answers a HELLO in CBOR with CBOR, and one in MessagePack with binary', async () => {
    const { listener, accepted } = await open();
    const cbor = await clientOf(listener, { encoding: 'cbor' });
    await cbor.askForCookie();
    expect(decodeFrame(cbor.received[0]!).encoding).toBe('cbor');
    const legacy = await clientOf(listener);
    const cookie = await legacy.askForCookie();
    void legacy.send(legacyHello(`udp:${cookie} secret`));
    await until(() => accepted.length === 1);
    const [frame] = await new Inbox(accepted[0]!.batches$).receive(1);
    expect(frame).toEqual(encodeFrame({ ...hello, name: 'old', token: 'secret' }));
  });

  it.each([
    ['with invented content', () => 'udp:AAAAAAAAAAA'],
    ['of another port', (other: string) => `udp:${other}`],
    ['without its first characters', (other: string) => other],
  ])('answers a cookie %s with a new one and creates nothing', async (_, tokenOf) => {
    const { listener, accepted } = await open();
    const [client, other] = [await clientOf(listener), await clientOf(listener)];
    const [own, foreign] = [await client.askForCookie(), await other.askForCookie()];
    client.sayHello(tokenOf(foreign));
    expect(messagesOf(await client.receive(2))[1]).toEqual(error(300, `udp:${own}`));
    expect([accepted.length, listener.connectionCount]).toEqual([0, 0]);
  });

  it('accepts a cookie for 30 s and rejects it after 60', async () => {
    const clock = new SteadyClock();
    const { listener, accepted } = await open({ clock });
    const [early, late] = [await clientOf(listener), await clientOf(listener)];
    const cookies = [await early.askForCookie(), await late.askForCookie()];
    clock.increment(59_999);
    early.sayHello(`udp:${cookies[0]!}`);
    await until(() => accepted.length === 1);
    clock.increment(1);
    late.sayHello(`udp:${cookies[1]!}`);
    const answers = messagesOf(await late.receive(2));
    expect(answers[1]).not.toEqual(answers[0]);
    expect(accepted).toHaveLength(1);
  });

  it('creates one connection for a duplicate HELLO', async () => {
    const { listener, accepted } = await open();
    const client = await clientOf(listener);
    const cookie = await client.askForCookie();
    client.sayHello(`udp:${cookie}`);
    client.sayHello(`udp:${cookie}`);
    await until(() => accepted.length === 2);
    expect(listener.connectionCount).toBe(1);
    expect(await new Inbox(accepted[0]!.batches$).ended).toEqual(
      new ConnectionLost('the peer began another session without a close message'),
    );
  });

  it('limits answers per second to HELLOs without a cookie, over all sources', async () => {
    const clock = new SteadyClock();
    const { listener } = await open({ clock, cookiesPerSecond: 3 });
    const clients = await Promise.all([1, 2, 3, 4, 5].map(() => clientOf(listener)));
    const [last] = clients.slice(-1) as [UdpClient]; // invariant: there are five
    for (const client of clients) {
      client.sayHello();
      await until(() => listener.counts.cookies + listener.counts.unanswered === clients.indexOf(client) + 1);
    }
    expect(listener.counts).toMatchObject({ cookies: 3, unanswered: 2 });
    clock.increment(333);
    last.sayHello();
    await until(() => listener.counts.unanswered === 3);
    clock.increment(1);
    await last.askForCookie();
    expect(clients.map(({ received }) => received.length)).toEqual([1, 1, 1, 0, 1]);
    last.sayHello();
    await until(() => listener.counts.unanswered === 4);
  });
});

/** A HELLO in the legacy MessagePack map. */
function legacyHello(token: string): Uint8Array {
  const text = (value: string): Uint8Array =>
    concat([Uint8Array.of(0xd9, value.length), new TextEncoder().encode(value)]);
  const payload = concat([
    Uint8Array.of(0x85),
    ...[text('type'), text('HELLO'), text('version'), Uint8Array.of(1), text('name'), text('old')],
    ...[text('features'), Uint8Array.of(0x90), text('token'), text(token)],
  ]);
  return concat([Uint8Array.of(0x53, 0x00, 0, payload.length), payload]);
}

describe('unvalidated sources at a UDP port', () => {
  const strange: [string, Uint8Array][] = [
    ['an empty datagram', new Uint8Array()],
    ['text', new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n')],
    ['zeros', new Uint8Array(1_000)],
    ['a PING', encodeFrame({ type: 'ping' })],
    ['a SUBSCRIBE', encodeFrame({ type: 'subscribe', id: 1, pattern: '/**', types: undefined, options: undefined })],
    ['a HELLO without its last byte', encodeFrame(hello).subarray(0, -1)],
    ['a HELLO of ten bytes', fromHex('53 01 0006 01 01 00 0000 00')],
    ['a HELLO whose name is longer than it', fromHex('53 01 0007 01 01 00 ffff 0000')],
    ['a HELLO that claims to be encrypted', fromHex('53 11 0007 01 01 00 0000 0000')],
    ['a HELLO of 1,401 bytes', encodeFrame({ ...hello, name: 'x'.repeat(1_390) })],
    ['a map of hello without an end', fromHex('53 00 0008 8f a5 68656c6c6f 00')],
    ['our own ERROR', encodeFrame(error(300, 'udp:AAAAAAAAAAA'))],
  ];

  it.each(strange)('get no answer to %s', async (_, datagram) => {
    const { listener, accepted } = await open();
    const client = await clientOf(listener);
    await client.send(datagram);
    await until(() => listener.counts.ignored === 1);
    await fence(listener, client);
    expect(client.received).toHaveLength(1); // the cookie of fence()
    expect(accepted).toEqual([]);
  });

  it('use no memory, for 10,000 of them', () => {
    const { network, listener, accepted } = onFakeNetwork();
    for (let i = 0; i < 10_000; i++) {
      const [, datagram] = strange[i % strange.length]!;
      network.receive(datagram, { address: `198.51.100.${i % 256}`, port: 1 + (i % 65_000) });
    }
    expect(listener.counts).toMatchObject({ ignored: 10_000, cookies: 0 });
    expect([network.sent.length, accepted.length, listener.connectionCount]).toEqual([0, 0, 0]);
  });

  it('use no memory except a counter if they send HELLO, for 10,000 of them', () => {
    const clock = new SteadyClock();
    const { network, listener, accepted } = onFakeNetwork({ clock });
    for (let i = 0; i < 10_000; i++) {
      network.receive(encodeFrame(hello), { address: '198.51.100.7', port: 1 + i });
    }
    expect(listener.counts).toMatchObject({ cookies: 1_000, unanswered: 9_000 });
    expect([network.sent.length, accepted.length, listener.connectionCount]).toEqual([1_000, 0, 0]);
    clock.increment(1_000);
    expect(network.sent).toHaveLength(1_000);
  });

  it('never receive more than three times their own bytes, for any input', () => {
    const hellos = ['', 'x', 'lamp', 'x'.repeat(1_000)].flatMap((name) =>
      [undefined, 'secret', 'udp:AAAAAAAAAAA', 'udp:AAAAAAAAAAA secret'].flatMap((token) =>
        (['binary', 'cbor'] as const).map((encoding) => encodeFrame({ ...hello, name, token }, { encoding })),
      ),
    );
    const others = binaryVectorFiles.flatMap((file) => readVectors(file)).map(({ hex }) => fromHex(hex));
    let greatest = 0;
    for (const datagram of [...hellos, ...others, legacyHello(''), ...strange.map(([, bytes]) => bytes)]) {
      for (const trailer of [0, 1]) {
        const { network } = onFakeNetwork();
        network.receive(concat([datagram, new Uint8Array(trailer)]), somewhere);
        const receivedBytes = datagram.length + trailer;
        if (receivedBytes > 0) greatest = Math.max(greatest, network.sentBytes / receivedBytes);
        else expect(network.sent).toEqual([]);
        if (hellos.includes(datagram)) expect(network.sent).toHaveLength(1);
      }
    }
    expect(greatest).toBe(25 / 11); // the smallest HELLO
  });

  it('do not reach the connection of another peer', async () => {
    const { listener, inbox, client } = await connected();
    const stranger = await clientOf(listener);
    await stranger.send(frameOf(20, 1));
    await until(() => listener.counts.ignored === 1);
    await client.send(frameOf(20, 2));
    expect((await inbox.receive(2)).slice(1)).toEqual([frameOf(20, 2)]);
  });

  it('are not answered at port 0, which is unreachable', () => {
    const { network, listener } = onFakeNetwork();
    network.receive(encodeFrame(hello), { address: '198.51.100.7', port: 0 });
    expect(network.sent).toEqual([]);
    expect(listener.counts.ignored).toBe(1);
  });
});

describe('a peer over UDP', () => {
  it('sends one frame per datagram, including malformed ones and ones with trailing bytes', async () => {
    const { client, inbox } = await connected();
    const datagrams = [frameOf(20, 1), fromHex('00'), concat([frameOf(20, 2), frameOf(20, 3)]), fromHex('5301ffff00')];
    for (const [i, datagram] of datagrams.entries()) {
      await client.send(datagram);
      await inbox.receive(i + 2);
    }
    expect(inbox.frames.slice(1)).toEqual(datagrams);
  });

  it('is given to the pipeline if its HELLO is malformed', async () => {
    const { client, inbox } = await connected();
    const broken = encodeFrame(hello).subarray(0, -1);
    await client.send(broken);
    expect((await inbox.receive(2))[1]).toEqual(Uint8Array.from(broken));
  });

  it('receives all input of a turn in one batch', async () => {
    const { network, accepted } = onFakeNetwork();
    const inbox = await fakePeer(network, accepted);
    for (let i = 0; i < 32; i++) {
      network.receive(frameOf(20, i), somewhere);
      await Promise.resolve(); // as Node.js does between two datagrams
    }
    await inbox.receive(33);
    expect(inbox.batches.map((batch) => batch.length)).toEqual([1, 32]);
    expect(inbox.frames.slice(1).map((frame) => numberOf(frame as Uint8Array))).toEqual(
      Array.from({ length: 32 }, (_, i) => i),
    );
  });

  it('stays connected while it sends any datagram, even an empty one', async () => {
    const clock = new SteadyClock();
    const { client, inbox } = await connected({ clock });
    for (let i = 1; i <= 4; i++) {
      clock.increment(29_000);
      await client.send(i % 2 === 0 ? frameOf(20, i) : new Uint8Array());
      await inbox.receiveBatches(i + 1);
    }
    expect(inbox.batches.map((batch) => batch.length)).toEqual([1, 0, 1, 0, 1]);
    expect(inbox.end).toBeUndefined();
  });

  it('is lost after 30 s of silence, and is an unvalidated source from then on', async () => {
    const clock = new SteadyClock();
    const { listener, client, inbox } = await connected({ clock });
    clock.increment(29_999);
    await turns();
    expect(inbox.end).toBeUndefined();
    clock.increment(3_000);
    expect(await inbox.ended).toEqual(new ConnectionLost('the peer was silent for 30 s'));
    expect(listener.connectionCount).toBe(0);
    await client.send(frameOf(20));
    await until(() => listener.counts.ignored === 1);
  });

  it('has no timer after its end', async () => {
    const planned = new Set<unknown>();
    const simulated = new SteadyClock();
    const clock = {
      now: () => simulated.now(),
      setTimeout(callback: () => void, milliseconds: number) {
        const id = simulated.setTimeout(callback, milliseconds);
        planned.add(id);
        return id;
      },
      clearTimeout(id: unknown) {
        planned.delete(id);
      },
    };
    const { connection } = await connected({ clock });
    expect(planned.size).toBe(2); // the sweep, and the watch of the clock
    connection.destroy();
    expect(planned.size).toBe(1); // the listener's watch of the clock
  });

  it('starts again with another HELLO, and its old connection is lost', async () => {
    const { listener, accepted, client, inbox } = await connected();
    const again = await getIn(client, accepted);
    expect(await inbox.ended).toEqual(new ConnectionLost('the peer began another session without a close message'));
    await client.send(frameOf(20, 1));
    expect(await again.inbox.receive(2)).toEqual([encodeFrame(hello), frameOf(20, 1)]);
    expect([inbox.frames.length, listener.connectionCount]).toEqual([1, 1]);
  });

  it('has its earlier input delivered before a new connection replaces it', async () => {
    const network = new FakeUdpNetwork();
    const order: string[] = [];
    new Listening(network.asSocket(), listening).connections$.subscribe((connection) => {
      order.push('connection');
      connection.batches$.subscribe({
        next: (batch) => order.push(`${batch.length}`),
        error: () => order.push('end'),
      });
    });
    network.letIn(somewhere);
    await turns();
    const token = network.tokenOf(somewhere);
    network.receive(frameOf(20, 1), somewhere);
    network.receive(frameOf(20, 2), somewhere);
    network.receive(encodeFrame({ ...hello, token }), somewhere);
    await turns();
    expect(order).toEqual(['connection', '1', '2', 'end', 'connection', '1']);
  });

  it('keeps its connection if another source sends HELLO in its name without a cookie', async () => {
    const { listener, accepted, client, inbox } = await connected();
    await client.askForCookie();
    await client.send(frameOf(20, 1));
    expect(await inbox.receive(2)).toHaveLength(2);
    expect([accepted.length, listener.connectionCount, inbox.end]).toEqual([1, 1, undefined]);
  });

  it('stores a bounded amount before the subscription', async () => {
    const { network, accepted } = onFakeNetwork();
    network.letIn(somewhere);
    await until(() => accepted.length === 1);
    for (let i = 0; i < 200; i++) network.receive(frameOf(1_000, i), somewhere);
    for (let i = 0; i < 10_000; i++) network.receive(new Uint8Array(), somewhere);
    await turns();
    const inbox = new Inbox(accepted[0]!.batches$);
    await inbox.receive(1);
    expect(inbox.frames.length).toBe(117);
    expect(accepted[0]!.droppedFrames).toBe(201 + 10_000 - 117);
    network.receive(frameOf(1_000), somewhere);
    await inbox.receive(118);
  });
});

describe('the limits of a UDP port', () => {
  it('refuses a peer above the limit of its address, and accepts it when another has disconnected', async () => {
    const { listener, accepted } = await open({ maxConnectionsPerAddress: 2 });
    const clients = await Promise.all([1, 2, 3].map(() => clientOf(listener)));
    const [first, second, third] = clients as [UdpClient, UdpClient, UdpClient]; // invariant: the three above
    const { connection } = await getIn(first, accepted);
    await getIn(second, accepted);
    const cookie = await third.askForCookie();
    third.sayHello(`udp:${cookie}`);
    const refusal = (await third.receive(2))[1]!;
    expect(decodeFrame(refusal).message).toEqual(error(503, 'Too many connections from your address: the limit is 2'));
    expect(listener.counts.refused).toBe(1);
    await getIn(second, accepted); // a connected peer can start again
    connection.destroy();
    await getIn(third, accepted);
    expect(listener.connectionCount).toBe(2);
  });

  it('counts each address separately, and all of them together', async () => {
    const { network, listener, accepted } = onFakeNetwork({ maxConnectionsPerAddress: 1, maxConnections: 3 });
    for (const address of ['192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4']) {
      network.letIn({ address, port: 4_000 + network.sent.length });
    }
    await turns();
    expect(accepted.map(({ peer }) => peer.address)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
    expect(saidOn(network)).toEqual([
      error(503, 'Too many connections from your address: the limit is 1'),
      error(503, 'Too many connections: the limit is 3'),
    ]);
    expect([listener.counts.refused, listener.connectionCount]).toEqual([2, 3]);
  });

  it('are disabled if 0', async () => {
    const { network, listener } = onFakeNetwork({ maxConnectionsPerAddress: 0, maxConnections: 0 });
    for (let i = 0; i < 100; i++) network.letIn({ address: '192.0.2.1', port: 4_000 + i });
    await turns();
    expect(listener.connectionCount).toBe(100);
  });
});

describe('writing to a peer over UDP', () => {
  it('sends each frame of a write as a separate datagram', async () => {
    const { connection, client } = await connected();
    connection.write(concat([frameOf(20, 1), frameOf(4), frameOf(1_400, 2)]));
    expect((await client.receive(3)).map(({ length }) => length).sort((a, b) => a - b)).toEqual([4, 20, 1_400]);
  });

  it('drops a frame that is too large, and reports it at most once per second with the number of drops', async () => {
    const clock = new SteadyClock();
    const { connection, client } = await connected({ clock });
    connection.write(concat([frameOf(2_044), frameOf(1_401), frameOf(1_400)]));
    clock.increment(999);
    connection.write(frameOf(1_500));
    clock.increment(1);
    connection.write(frameOf(1_500));
    const received = await client.receive(3);
    expect(received.filter(({ length }) => length === 1_400)).toHaveLength(1);
    expect(messagesOf(received.filter(({ length }) => length < 1_400))).toEqual([
      error(503, 'Message of 2044 bytes does not fit a datagram of 1400 bytes'),
      error(
        503,
        'Message of 1500 bytes does not fit a datagram of 1400 bytes; 2 more were dropped since the last notice',
      ),
    ]);
    expect(connection.droppedFrames).toBe(4);
  });

  it('buffers datagrams that the network does not take, emits when all are sent, and keeps the order', async () => {
    const { network, accepted } = onFakeNetwork();
    await fakePeer(network, accepted);
    const connection = accepted[0]!;
    const drained: number[] = [];
    connection.drained$.subscribe(() => drained.push(connection.bufferedBytes));
    connection.write(frameOf(20, 1));
    expect(connection.bufferedBytes).toBe(0);
    await turns();
    network.stuck = true;
    connection.write(concat([frameOf(20, 2), frameOf(30, 3)]));
    expect(connection.bufferedBytes).toBe(50);
    await network.take(1);
    expect([connection.bufferedBytes, drained]).toEqual([30, []]);
    await network.take(1);
    expect([connection.bufferedBytes, drained]).toEqual([0, [0]]);
    expect(network.sent.slice(1).map(({ bytes }) => numberOf(bytes))).toEqual([1, 2, 3]);
  });

  it('drops datagrams above the limit of a connection, unless the queue is empty', async () => {
    const { network, accepted } = onFakeNetwork({ maxQueuedBytes: 1_000 });
    await fakePeer(network, accepted);
    const connection = accepted[0]!;
    network.stuck = true;
    connection.write(concat([frameOf(1_200), frameOf(4)])); // otherwise the large one would never be sent
    expect([connection.bufferedBytes, connection.droppedFrames]).toEqual([1_200, 1]);
    await network.take(1);
    connection.write(concat([frameOf(500), frameOf(500), frameOf(4)]));
    expect([connection.bufferedBytes, connection.droppedFrames]).toEqual([1_000, 2]);
  });

  it('drops datagrams above 64 MiB of all connections together', async () => {
    const { network, accepted } = onFakeNetwork({ maxDatagramBytes: 65_507, maxConnectionsPerAddress: 0 });
    for (let i = 0; i < 40; i++) network.letIn({ address: '192.0.2.1', port: 4_000 + i });
    await until(() => accepted.length === 40);
    network.stuck = true;
    const frame = frameOf(65_000);
    for (const connection of accepted) for (let i = 0; i < 32; i++) connection.write(frame);
    const heldBytes = accepted.reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0);
    const held = Math.floor(67_108_864 / 66_024); // including the overhead of each
    expect(heldBytes).toBe(held * 65_000);
    expect(accepted.reduce((sum, { droppedFrames }) => sum + droppedFrames, 0)).toBe(40 * 32 - held);
    await network.take(Infinity);
    accepted.at(-1)!.write(frame);
    expect(accepted.at(-1)!.bufferedBytes).toBe(65_000);
  });

  it('sends queued datagrams before a close completes, or stops after the grace period', async () => {
    const clock = new SteadyClock();
    const { network, accepted } = onFakeNetwork({ clock });
    const inboxes = [
      await fakePeer(network, accepted),
      await fakePeer(network, accepted, { address: '192.0.2.8', port: 4_000 }),
    ];
    network.stuck = true;
    for (const connection of accepted) {
      connection.write(frameOf(20));
      connection.close({ kind: 'policy', text: 'because' });
      connection.write(frameOf(20));
      network.receive(frameOf(20), connection.peer);
    }
    await turns(2);
    expect(inboxes.map(({ end }) => end)).toEqual([undefined, undefined]);
    await network.take(1);
    await clock.pass(CLOSE_GRACE_MS - 1);
    expect(inboxes.map(({ end }) => end)).toEqual(['completed', undefined]);
    await clock.pass(1);
    expect(inboxes.map(({ end }) => end)).toEqual(['completed', 'completed']);
    expect(inboxes.map(({ frames }) => frames.length)).toEqual([1, 1]);
    expect(accepted.map(({ bufferedBytes }) => bufferedBytes)).toEqual([0, 0]);
  });

  it('continues if the system refuses to send, and counts these cases', async () => {
    const { network, listener, accepted } = onFakeNetwork();
    const inbox = await fakePeer(network, accepted);
    network.fault = Object.assign(new Error('send ENETUNREACH'), { code: 'ENETUNREACH' });
    accepted[0]!.write(concat([frameOf(20), frameOf(20)]));
    await turns();
    expect([listener.counts.failedSends, inbox.end, listener.connectionCount]).toEqual([2, undefined, 1]);
    network.fault = null;
    accepted[0]!.write(frameOf(20));
    await turns();
    expect(listener.counts.failedSends).toBe(2);
  });

  it('survives a peer whose port is closed', async () => {
    const { connection, client, inbox, listener } = await connected();
    const { localPort } = client;
    cleanUps.pop();
    client.close();
    for (let i = 0; i < 3; i++) {
      connection.write(frameOf(20));
      await turns(5); // the answer of the network reaches the socket
    }
    expect(inbox.end).toBeUndefined();
    const reborn = await clientOf(listener, { localPort });
    await reborn.askForCookie();
  });
});

describe('a UDP close', () => {
  it('is ERROR 501 if the router stops, 1000 if the peer has left, and nothing otherwise', async () => {
    const { network, accepted } = onFakeNetwork();
    for (const kind of ['goingAway', 'normal', 'policy', 'overloaded'] as const) {
      const inbox = await fakePeer(network, accepted);
      accepted.at(-1)!.close({ kind, text: `that is ${kind}` });
      expect(await inbox.ended).toBe('completed');
    }
    expect(saidOn(network)).toEqual([error(501, 'that is goingAway'), error(1000, 'closed')]);
  });

  it.each(['close', 'destroy'] as const)('comes after earlier input of the peer, with %s', async (leave) => {
    const { network, accepted } = onFakeNetwork();
    const inbox = await fakePeer(network, accepted);
    network.receive(frameOf(20, 1), somewhere);
    if (leave === 'close') accepted[0]!.close({ kind: 'normal', text: 'bye' });
    else accepted[0]!.destroy();
    network.receive(frameOf(20, 2), somewhere);
    expect(await inbox.ended).toEqual(leave === 'close' ? 'completed' : expect.any(ConnectionLost));
    await turns();
    expect(inbox.frames.slice(1)).toEqual([frameOf(20, 1)]);
  });

  it('makes the peer an unvalidated source', async () => {
    const { listener, connection, client, inbox } = await connected();
    connection.close({ kind: 'normal', text: 'bye' });
    expect(await inbox.ended).toBe('completed');
    await client.send(frameOf(20));
    await until(() => listener.counts.ignored === 1);
    expect(listener.connectionCount).toBe(0);
  });
});

describe('closing a UDP port', () => {
  it('ends its connections, notifies their peers, and frees the port', async () => {
    const { listener, client, inbox } = await connected();
    await Promise.all([listener.close(), listener.close()]);
    expect(await inbox.ended).toEqual(new ConnectionLost('the UDP port has closed'));
    expect(messagesOf(await client.receive(1))).toEqual([error(501, 'the UDP port has closed')]);
    const again = await udp({ ...local, port: portOf(listener) }).listen();
    const accepted = acceptedBy(again);
    cleanUps.push(() => again.close());
    await getIn(client, accepted);
  });

  it('lets a stopping router close its sessions first', async () => {
    const { listener, connection, client, inbox } = await connected();
    const closed = listener.close();
    connection.write(frameOf(20, 1));
    connection.close({ kind: 'goingAway', text: 'The router is shutting down' });
    await closed;
    expect(await inbox.ended).toBe('completed');
    const received = await client.receive(2);
    expect(received).toContainEqual(frameOf(20, 1));
    expect(received).toContainEqual(encodeFrame(error(501, 'The router is shutting down')));
  });

  it('accepts no peer from then on, even with a valid cookie', async () => {
    const { network, listener, accepted } = onFakeNetwork();
    const inbox = await fakePeer(network, accepted);
    const token = network.tokenOf(somewhere);
    const closed = listener.close();
    network.receive(encodeFrame({ ...hello, token }), somewhere);
    network.receive(encodeFrame(hello), { address: '192.0.2.8', port: 4_001 });
    network.receive(frameOf(20, 1), somewhere);
    await closed;
    expect([accepted.length, network.closed]).toEqual([1, true]);
    expect(inbox.frames).toHaveLength(2); // input of connected peers was delivered until the end
    expect(network.sent.filter(({ port }) => port === 4_001)).toEqual([]);
  });

  it.each([
    ['the network takes it', (network: FakeUdpNetwork) => network.take(Infinity)],
    [
      'the grace period ends',
      (_: FakeUdpNetwork, clock: SteadyClock) => {
        clock.increment(CLOSE_GRACE_MS);
        return Promise.resolve();
      },
    ],
  ])('waits for unsent datagrams until %s', async (_, go) => {
    const clock = new SteadyClock();
    const { network, listener, accepted } = onFakeNetwork({ clock });
    await fakePeer(network, accepted);
    network.stuck = true;
    accepted[0]!.write(frameOf(20));
    const closed = listener.close();
    await turns(3);
    expect(network.closed).toBe(false);
    await go(network, clock);
    await closed;
    expect(network.closed).toBe(true);
  });
});

describe('a UDP socket', () => {
  it('ends all connections with an error if it fails', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const listener = new Listening(socket, { ...listening, clock: systemClock });
    const fault = new Promise<unknown>((resolve) => {
      listener.connections$.subscribe({
        next: (connection) => inboxes.push(new Inbox(connection.batches$)),
        error: resolve,
      });
    });
    const inboxes: Inbox[] = [];
    const client = await UdpClient.connect(portOf(listener));
    cleanUps.push(() => {
      client.close();
    });
    await until(() => inboxes.length === 1);
    const cause = Object.assign(new Error('recvmsg EBADF'), { code: 'EBADF' });
    socket.emit('error', cause);
    expect(await fault).toEqual(new TransportError('the UDP port failed: recvmsg EBADF'));
    expect(await inboxes[0]!.ended).toEqual(new ConnectionLost('the UDP port failed: recvmsg EBADF'));
    await listener.close();
    const again = await udp({ ...local, port: portOf(listener) }).listen(); // the port is free
    await again.close();
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ENETDOWN', 'EHOSTUNREACH'])('survives %s', async (code) => {
    const { network, listener, accepted } = onFakeNetwork();
    const inbox = await fakePeer(network, accepted);
    network.emit('error', Object.assign(new Error(`recvmsg ${code}`), { code }));
    await turns();
    expect([listener.counts.networkFaults, inbox.end, listener.connectionCount]).toEqual([1, undefined, 1]);
  });

  const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === '::1'),
  );
  const itOnIPv6 = hasIPv6 ? it : it.skip; // a computer without IPv6 cannot test it

  itOnIPv6('on ::1 serves IPv6', async () => {
    const { listener, accepted } = await open({ host: '::1' });
    expect(listener.addresses[0]).toMatchObject({ host: '::1', url: `udp://[::1]:${portOf(listener)}` });
    const client = await clientOf(listener, { host: '::1' });
    const { connection, inbox } = await getIn(client, accepted);
    expect(connection.remoteAddress).toBe(`[::1]:${client.localPort}`);
    connection.write(frameOf(20, 1));
    expect(await client.receive(1)).toEqual([frameOf(20, 1)]);
    await client.send(frameOf(20, 2));
    expect((await inbox.receive(2))[1]).toEqual(frameOf(20, 2));
  });

  it('reports IPv4 through an IPv6 socket as IPv4', async () => {
    const { network, accepted } = onFakeNetwork();
    await fakePeer(network, accepted, { address: '::ffff:192.0.2.7', port: 4_000 });
    await fakePeer(network, accepted, { address: 'fe80::1%eth0', port: 4_001 });
    expect(accepted.map(({ remoteAddress }) => remoteAddress)).toEqual(['192.0.2.7:4000', '[fe80::1%eth0]:4001']);
    expect(network.sent[0]!.address).toBe('::ffff:192.0.2.7'); // but the answer uses the form of the socket
  });

  it('accepts a host name', async () => {
    const { listener } = await open({ host: 'localhost' });
    expect(listener.addresses[0]!.host).toBe('127.0.0.1');
  });

  it('reports a port that is in use, with the fix', async () => {
    const { listener } = await open();
    const port = portOf(listener);
    await expect(udp({ ...local, port }).listen()).rejects.toThrow(
      new RegExp(`^port ${port} is already in use; stop the other program or choose another with the option port`),
    );
  });

  it('reports an invalid port', async () => {
    await expect(udp({ ...local, port: 70_000 }).listen()).rejects.toThrow('port 70000 is invalid; choose');
    await expect(udp({ host: '192.0.2.1', port: 0 }).listen()).rejects.toThrow(
      'the address 192.0.2.1 does not belong to this computer; choose another with the option host',
    );
  });

  it.each([511, 65_508])('sends no datagrams of %d bytes', async (maxDatagramBytes) => {
    const listening = udp({ ...local, maxDatagramBytes }).listen();
    await expect(listening).rejects.toThrow(
      `datagrams of ${maxDatagramBytes} bytes are not possible; choose maxDatagramBytes from 512 to 65507`,
    );
    await expect(listening).rejects.toBeInstanceOf(TransportError);
  });
});

describe('a rejected UDP source', () => {
  const source = { address: '198.51.100.7', port: 4_711 };
  const remoteAddress = '198.51.100.7:4711';

  it('is reported as unsolicited if it sends no HELLO', () => {
    const { network, listener } = onFakeNetwork();
    const faults = faultsOf(listener);
    network.receive(encodeFrame({ type: 'ping' }), source);
    const text = 'a datagram from a source that is not connected, and not a HELLO';
    expect(faults).toEqual([{ kind: 'unsolicited', remoteAddress, text }]);
  });

  it('is reported if its cookie belongs to another source, or has expired', () => {
    const clock = new SteadyClock();
    const { network, listener } = onFakeNetwork({ clock });
    const faults = faultsOf(listener);
    const text = 'its cookie has expired or belongs to another source';
    const token = network.tokenOf(source);
    network.receive(encodeFrame({ ...hello, token }), { ...source, port: 1 });
    expect(faults).toEqual([{ kind: 'refused', remoteAddress: '198.51.100.7:1', text }]);
    clock.increment(60_000);
    network.receive(encodeFrame({ ...hello, token }), source);
    expect(faults.slice(1)).toEqual([{ kind: 'refused', remoteAddress, text }]);
  });

  it('is reported if too many arrive at once, or a limit is reached', () => {
    const { network, listener } = onFakeNetwork({
      maxConnectionsPerAddress: 2,
      maxConnections: 3,
      cookiesPerSecond: 5,
    });
    const faults = faultsOf(listener);
    for (const port of [1, 2]) network.letIn({ ...source, port });
    network.letIn(source);
    network.letIn({ ...source, address: '198.51.100.8' });
    network.letIn({ ...source, address: '198.51.100.9' });
    network.receive(encodeFrame(hello), source);
    expect(faults).toEqual([
      { kind: 'refused', remoteAddress, text: '2 of its address are connected already' },
      { kind: 'refused', remoteAddress: '198.51.100.9:4711', text: '3 are connected already' },
      { kind: 'refused', remoteAddress, text: 'too many HELLOs without a cookie in this second' },
    ]);
  });

  it('is not a validated peer, and is not reported after the port has closed', async () => {
    const { network, listener } = onFakeNetwork();
    const faults = faultsOf(listener);
    let complete = false;
    listener.rejected$.subscribe({ complete: () => (complete = true) });
    network.letIn(source);
    network.receive(frameOf(20), source);
    expect([faults, complete]).toEqual([[], false]);
    await listener.close();
    expect(complete).toBe(true);
  });
});
