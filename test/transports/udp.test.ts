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

/** macOS sends no larger ones unless it is told to (`net.inet.udp.maxdgram`). */
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
      receive: async (count) => (await client.receive(count)).slice(0, count), // the ERROR of a goodbye may follow
      stall: () => undefined,
      resume: () => undefined,
      close: () => undefined,
      destroy: () => undefined,
      ended: new Promise(() => undefined), // nobody tells
    };
  },
  onSameAddress: (_, listener) => udp({ ...local, port: portOf(listener) }),
});

/** The suite begins with the first frame of its own; over UDP a HELLO has come before. */
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
  // The methods and fields of the connection itself, bound to it, because they reach for private ones.
  return new Proxy(connection, {
    get(target, name) {
      if (name === 'batches$') return batches$;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function portOf(listener: Listener): number {
  return listener.addresses[0]!.port; // a UDP listener has one
}

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** An open port and whoever comes in there. */
async function open(options: UdpOptions = {}): Promise<{ listener: UdpListener; accepted: UdpConnection[] }> {
  const listener = await udp({ ...local, ...options }).listen();
  cleanUps.push(() => listener.close());
  return { listener, accepted: acceptedBy(listener) };
}

function acceptedBy(listener: UdpListener): UdpConnection[] {
  const accepted: UdpConnection[] = [];
  listener.connections$.subscribe({
    next: (connection) => accepted.push(connection),
    error: () => undefined, // the tests of that subscribe themselves
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

/** A port, a client that has got in, and the connection it became, its HELLO already read. */
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
/** Listeners of no real port are closed by nobody, so time stands still for them. */
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

/** Somebody who is in, his HELLO already read. */
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

/** What was said on a fake network besides cookies. */
function saidOn({ sent }: FakeUdpNetwork): readonly Message[] {
  const messages = messagesOf(sent.map(({ bytes }) => bytes));
  return messages.filter((message) => message.type !== 'error' || message.code !== 300);
}

/** Everything the listener has received before has been seen to when this resolves. */
async function fence(listener: Listener, client?: UdpClient): Promise<void> {
  const asking = client ?? (await clientOf(listener));
  await asking.askForCookie();
}

describe('getting in over UDP', () => {
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

  it('answers a HELLO in CBOR in CBOR, and one in MessagePack in binary', async () => {
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
    ['made up', () => 'udp:AAAAAAAAAAA'],
    ['of another port', (other: string) => `udp:${other}`],
    ['without its first letters', (other: string) => other],
  ])('answers a cookie %s with a new one and opens nothing', async (_, tokenOf) => {
    const { listener, accepted } = await open();
    const [client, other] = [await clientOf(listener), await clientOf(listener)];
    const [own, foreign] = [await client.askForCookie(), await other.askForCookie()];
    client.sayHello(tokenOf(foreign));
    expect(messagesOf(await client.receive(2))[1]).toEqual(error(300, `udp:${own}`));
    expect([accepted.length, listener.connectionCount]).toEqual([0, 0]);
  });

  it('takes a cookie for 30 s and refuses it after 60', async () => {
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

  it('lets somebody in whose HELLO came twice, as one', async () => {
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

  it('answers at most so many a second without a cookie, of all together', async () => {
    const clock = new SteadyClock();
    const { listener } = await open({ clock, cookiesPerSecond: 3 });
    const clients = await Promise.all([1, 2, 3, 4, 5].map(() => clientOf(listener)));
    const [last] = clients.slice(-1) as [UdpClient]; // there are five
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

/** In the MessagePack map of old. */
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

describe('strangers at a UDP port', () => {
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
    expect(client.received).toHaveLength(1); // the fence's cookie
    expect(accepted).toEqual([]);
  });

  it('leave nothing behind, 10,000 of them', () => {
    const { network, listener, accepted } = onFakeNetwork();
    for (let i = 0; i < 10_000; i++) {
      const [, datagram] = strange[i % strange.length]!;
      network.receive(datagram, { address: `198.51.100.${i % 256}`, port: 1 + (i % 65_000) });
    }
    expect(listener.counts).toMatchObject({ ignored: 10_000, cookies: 0 });
    expect([network.sent.length, accepted.length, listener.connectionCount]).toEqual([0, 0, 0]);
  });

  it('leave nothing behind but a count when they say HELLO, 10,000 of them', () => {
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

  it('never get more than three times what they sent, whatever it is', () => {
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
    expect(greatest).toBe(25 / 11); // the smallest HELLO there is
  });

  it('do not reach the connection of somebody else', async () => {
    const { listener, inbox, client } = await connected();
    const stranger = await clientOf(listener);
    await stranger.send(frameOf(20, 1));
    await until(() => listener.counts.ignored === 1);
    await client.send(frameOf(20, 2));
    expect((await inbox.receive(2)).slice(1)).toEqual([frameOf(20, 2)]);
  });

  it('are not answered at port 0, where nobody can be', () => {
    const { network, listener } = onFakeNetwork();
    network.receive(encodeFrame(hello), { address: '198.51.100.7', port: 0 });
    expect(network.sent).toEqual([]);
    expect(listener.counts.ignored).toBe(1);
  });
});

describe('a peer over UDP', () => {
  it('sends one frame a datagram, broken ones and such with a trailer too', async () => {
    const { client, inbox } = await connected();
    const datagrams = [frameOf(20, 1), fromHex('00'), concat([frameOf(20, 2), frameOf(20, 3)]), fromHex('5301ffff00')];
    for (const [i, datagram] of datagrams.entries()) {
      await client.send(datagram);
      await inbox.receive(i + 2);
    }
    expect(inbox.frames.slice(1)).toEqual(datagrams);
  });

  it('is given to the pipeline where its HELLO is broken', async () => {
    const { client, inbox } = await connected();
    const broken = encodeFrame(hello).subarray(0, -1);
    await client.send(broken);
    expect((await inbox.receive(2))[1]).toEqual(Uint8Array.from(broken));
  });

  it('has all that it sent in a turn in one batch', async () => {
    const { network, accepted } = onFakeNetwork();
    const inbox = await fakePeer(network, accepted);
    for (let i = 0; i < 32; i++) {
      network.receive(frameOf(20, i), somewhere);
      await Promise.resolve(); // as Node does between two datagrams
    }
    await inbox.receive(33);
    expect(inbox.batches.map((batch) => batch.length)).toEqual([1, 32]);
    expect(inbox.frames.slice(1).map((frame) => numberOf(frame as Uint8Array))).toEqual(
      Array.from({ length: 32 }, (_, i) => i),
    );
  });

  it('stays for as long as it says anything, be it nothing', async () => {
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

  it('is lost after 30 s of silence, and a stranger from then on', async () => {
    const clock = new SteadyClock();
    const { listener, client, inbox } = await connected({ clock });
    clock.increment(29_999);
    await turns();
    expect(inbox.end).toBeUndefined();
    clock.increment(3_000);
    expect(await inbox.ended).toEqual(new ConnectionLost('nothing was heard for 30 s'));
    expect(listener.connectionCount).toBe(0);
    await client.send(frameOf(20));
    await until(() => listener.counts.ignored === 1);
  });

  it('is looked after by no timer once it has gone', async () => {
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

  it('begins anew with another HELLO, and what it had is lost', async () => {
    const { listener, accepted, client, inbox } = await connected();
    const again = await getIn(client, accepted);
    expect(await inbox.ended).toEqual(new ConnectionLost('the peer began another session without a close message'));
    await client.send(frameOf(20, 1));
    expect(await again.inbox.receive(2)).toEqual([encodeFrame(hello), frameOf(20, 1)]);
    expect([inbox.frames.length, listener.connectionCount]).toEqual([1, 1]);
  });

  it('is heard to the end of what it had before what comes instead', async () => {
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

  it('keeps its connection when somebody says HELLO in its name without a cookie', async () => {
    const { listener, accepted, client, inbox } = await connected();
    await client.askForCookie();
    await client.send(frameOf(20, 1));
    expect(await inbox.receive(2)).toHaveLength(2);
    expect([accepted.length, listener.connectionCount, inbox.end]).toEqual([1, 1, undefined]);
  });

  it('is kept no more than it could read before somebody reads', async () => {
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
  it('refuses the one too many of an address, and lets it in when another has gone', async () => {
    const { listener, accepted } = await open({ maxConnectionsPerAddress: 2 });
    const clients = await Promise.all([1, 2, 3].map(() => clientOf(listener)));
    const [first, second, third] = clients as [UdpClient, UdpClient, UdpClient]; // the three above
    const { connection } = await getIn(first, accepted);
    await getIn(second, accepted);
    const cookie = await third.askForCookie();
    third.sayHello(`udp:${cookie}`);
    const refusal = (await third.receive(2))[1]!;
    expect(decodeFrame(refusal).message).toEqual(error(503, 'Too many connections from your address: the limit is 2'));
    expect(listener.counts.refused).toBe(1);
    await getIn(second, accepted); // who is in may begin anew
    connection.destroy();
    await getIn(third, accepted);
    expect(listener.connectionCount).toBe(2);
  });

  it('counts each address for itself, and all of them together', async () => {
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

  it('has none where they are 0', async () => {
    const { network, listener } = onFakeNetwork({ maxConnectionsPerAddress: 0, maxConnections: 0 });
    for (let i = 0; i < 100; i++) network.letIn({ address: '192.0.2.1', port: 4_000 + i });
    await turns();
    expect(listener.connectionCount).toBe(100);
  });
});

describe('writing to a peer over UDP', () => {
  it('sends each frame of a write as a datagram of its own', async () => {
    const { connection, client } = await connected();
    connection.write(concat([frameOf(20, 1), frameOf(4), frameOf(1_400, 2)]));
    expect((await client.receive(3)).map(({ length }) => length).sort((a, b) => a - b)).toEqual([4, 20, 1_400]);
  });

  it('drops a frame that is too large, and says so at most once per second, with the number of those in between', async () => {
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

  it('buffers what the network does not take, tells when all has gone, and keeps the order', async () => {
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

  it('drops what would pass the limit of a connection, unless nothing waits yet', async () => {
    const { network, accepted } = onFakeNetwork({ maxQueuedBytes: 1_000 });
    await fakePeer(network, accepted);
    const connection = accepted[0]!;
    network.stuck = true;
    connection.write(concat([frameOf(1_200), frameOf(4)])); // or the large one would never go
    expect([connection.bufferedBytes, connection.droppedFrames]).toEqual([1_200, 1]);
    await network.take(1);
    connection.write(concat([frameOf(500), frameOf(500), frameOf(4)]));
    expect([connection.bufferedBytes, connection.droppedFrames]).toEqual([1_000, 2]);
  });

  it('drops what would take more than 64 MiB of all connections together', async () => {
    const { network, accepted } = onFakeNetwork({ maxDatagramBytes: 65_507, maxConnectionsPerAddress: 0 });
    for (let i = 0; i < 40; i++) network.letIn({ address: '192.0.2.1', port: 4_000 + i });
    await until(() => accepted.length === 40);
    network.stuck = true;
    const frame = frameOf(65_000);
    for (const connection of accepted) for (let i = 0; i < 32; i++) connection.write(frame);
    const heldBytes = accepted.reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0);
    const held = Math.floor(67_108_864 / 66_024); // with what each takes besides its bytes
    expect(heldBytes).toBe(held * 65_000);
    expect(accepted.reduce((sum, { droppedFrames }) => sum + droppedFrames, 0)).toBe(40 * 32 - held);
    await network.take(Infinity);
    accepted.at(-1)!.write(frame);
    expect(accepted.at(-1)!.bufferedBytes).toBe(65_000);
  });

  it('sends what waits before a close is done, or gives up after the grace', async () => {
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

  it('goes on where the system refuses to send, and counts', async () => {
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

  it('bears a peer whose port nobody has any more', async () => {
    const { connection, client, inbox, listener } = await connected();
    const { localPort } = client;
    cleanUps.pop();
    client.close();
    for (let i = 0; i < 3; i++) {
      connection.write(frameOf(20));
      await turns(5); // the network's answer comes back to the socket
    }
    expect(inbox.end).toBeUndefined();
    const reborn = await clientOf(listener, { localPort });
    await reborn.askForCookie();
  });
});

describe('a UDP goodbye', () => {
  it('is ERROR 501 where the router goes away, 1000 where the peer has left, and nothing otherwise', async () => {
    const { network, accepted } = onFakeNetwork();
    for (const kind of ['goingAway', 'normal', 'policy', 'overloaded'] as const) {
      const inbox = await fakePeer(network, accepted);
      accepted.at(-1)!.close({ kind, text: `that is ${kind}` });
      expect(await inbox.ended).toBe('completed');
    }
    expect(saidOn(network)).toEqual([error(501, 'that is goingAway'), error(1000, 'closed')]);
  });

  it.each(['close', 'destroy'] as const)('comes behind what the peer had said before, with %s', async (leave) => {
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

  it('makes the peer a stranger', async () => {
    const { listener, connection, client, inbox } = await connected();
    connection.close({ kind: 'normal', text: 'bye' });
    expect(await inbox.ended).toBe('completed');
    await client.send(frameOf(20));
    await until(() => listener.counts.ignored === 1);
    expect(listener.connectionCount).toBe(0);
  });
});

describe('closing a UDP port', () => {
  it('ends its connections, tells their peers, and frees the port', async () => {
    const { listener, client, inbox } = await connected();
    await Promise.all([listener.close(), listener.close()]);
    expect(await inbox.ended).toEqual(new ConnectionLost('the UDP port has closed'));
    expect(messagesOf(await client.receive(1))).toEqual([error(501, 'the UDP port has closed')]);
    const again = await udp({ ...local, port: portOf(listener) }).listen();
    const accepted = acceptedBy(again);
    cleanUps.push(() => again.close());
    await getIn(client, accepted);
  });

  it('leaves a router that stops the time to say goodbye to its sessions itself', async () => {
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

  it('lets nobody in from then on, a good cookie or not', async () => {
    const { network, listener, accepted } = onFakeNetwork();
    const inbox = await fakePeer(network, accepted);
    const token = network.tokenOf(somewhere);
    const closed = listener.close();
    network.receive(encodeFrame({ ...hello, token }), somewhere);
    network.receive(encodeFrame(hello), { address: '192.0.2.8', port: 4_001 });
    network.receive(frameOf(20, 1), somewhere);
    await closed;
    expect([accepted.length, network.closed]).toEqual([1, true]);
    expect(inbox.frames).toHaveLength(2); // who was in was heard until the end
    expect(network.sent.filter(({ port }) => port === 4_001)).toEqual([]);
  });

  it.each([
    ['the network takes it', (network: FakeUdpNetwork) => network.take(Infinity)],
    [
      'the grace is over',
      (_: FakeUdpNetwork, clock: SteadyClock) => {
        clock.increment(CLOSE_GRACE_MS);
        return Promise.resolve();
      },
    ],
  ])('waits for what is not sent until %s', async (_, go) => {
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
  it('that breaks ends everything, and says so', async () => {
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
    expect(await fault).toEqual(new TransportError('the UDP port broke: recvmsg EBADF'));
    expect(await inboxes[0]!.ended).toEqual(new ConnectionLost('the UDP port broke: recvmsg EBADF'));
    await listener.close();
    const again = await udp({ ...local, port: portOf(listener) }).listen(); // the port is free
    await again.close();
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ENETDOWN', 'EHOSTUNREACH'])('bears %s', async (code) => {
    const { network, listener, accepted } = onFakeNetwork();
    const inbox = await fakePeer(network, accepted);
    network.emit('error', Object.assign(new Error(`recvmsg ${code}`), { code }));
    await turns();
    expect([listener.counts.networkFaults, inbox.end, listener.connectionCount]).toEqual([1, undefined, 1]);
  });

  const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === '::1'),
  );
  const itOnIPv6 = hasIPv6 ? it : it.skip; // a computer without IPv6 cannot show that it works

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

  it('shows IPv4 that comes through an IPv6 socket as IPv4', async () => {
    const { network, accepted } = onFakeNetwork();
    await fakePeer(network, accepted, { address: '::ffff:192.0.2.7', port: 4_000 });
    await fakePeer(network, accepted, { address: 'fe80::1%eth0', port: 4_001 });
    expect(accepted.map(({ remoteAddress }) => remoteAddress)).toEqual(['192.0.2.7:4000', '[fe80::1%eth0]:4001']);
    expect(network.sent[0]!.address).toBe('::ffff:192.0.2.7'); // but is answered as the socket knows it
  });

  it('takes a host name', async () => {
    const { listener } = await open({ host: 'localhost' });
    expect(listener.addresses[0]!.host).toBe('127.0.0.1');
  });

  it('whose port is in use says so, and what to do', async () => {
    const { listener } = await open();
    const port = portOf(listener);
    await expect(udp({ ...local, port }).listen()).rejects.toThrow(
      new RegExp(`^port ${port} is already in use; stop the other program or choose another port with --udp-port`),
    );
  });

  it('that cannot be says so', async () => {
    await expect(udp({ ...local, port: 70_000 }).listen()).rejects.toThrow('port 70000 is invalid; choose');
    await expect(udp({ host: '192.0.2.1', port: 0 }).listen()).rejects.toThrow(
      'the address 192.0.2.1 does not belong to this computer; choose another with --host',
    );
  });

  it.each([511, 65_508])('sends no datagrams of %d bytes', async (maxDatagramBytes) => {
    const listening = udp({ ...local, maxDatagramBytes }).listen();
    await expect(listening).rejects.toThrow(
      `datagrams of ${maxDatagramBytes} bytes cannot be; choose maxDatagramBytes from 512 to 65507`,
    );
    await expect(listening).rejects.toBeInstanceOf(TransportError);
  });
});

describe('who does not get through a UDP port', () => {
  const source = { address: '198.51.100.7', port: 4_711 };
  const remoteAddress = '198.51.100.7:4711';

  it('is told of as a stray when he says no HELLO', () => {
    const { network, listener } = onFakeNetwork();
    const faults = faultsOf(listener);
    network.receive(encodeFrame({ type: 'ping' }), source);
    const text = 'a datagram of somebody who is not connected, and no HELLO';
    expect(faults).toEqual([{ kind: 'unsolicited', remoteAddress, text }]);
  });

  it('is told of when his cookie is somebody else’s, or too old', () => {
    const clock = new SteadyClock();
    const { network, listener } = onFakeNetwork({ clock });
    const faults = faultsOf(listener);
    const text = 'its cookie is too old or not its own';
    const token = network.tokenOf(source);
    network.receive(encodeFrame({ ...hello, token }), { ...source, port: 1 });
    expect(faults).toEqual([{ kind: 'refused', remoteAddress: '198.51.100.7:1', text }]);
    clock.increment(60_000);
    network.receive(encodeFrame({ ...hello, token }), source);
    expect(faults.slice(1)).toEqual([{ kind: 'refused', remoteAddress, text }]);
  });

  it('is told of when too many come at once, or are there already', () => {
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
      { kind: 'refused', remoteAddress, text: 'too many in this second say HELLO without a cookie' },
    ]);
  });

  it('is nobody who comes in as he should, and nobody any more when the port is shut', async () => {
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
