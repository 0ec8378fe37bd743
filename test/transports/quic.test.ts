import { afterEach, describe, expect, it } from '@jest/globals';
import { createSocket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import { firstValueFrom, NEVER, Subject } from 'rxjs';
import {
  ABORTED,
  MAX_STREAMLESS_PEERS,
  MAX_UNREAD_BYTES,
  MAX_UNREAD_BYTES_IN_ALL,
  READ_BYTES_PER_TURN,
  quicCloseCodes,
  STREAM_REFUSED,
} from '../../src/transports/quic/constants.js';
import type { Http3 } from '../../src/transports/quic/http3-module.js';
import { http3Provider } from '../../src/transports/quic/http3-provider.js';
import {
  quic,
  type QuicHandshakeFailure,
  type QuicOptions,
  type QuicServer,
  type QuicSession,
} from '../../src/transports/quic/index.js';
import type { TlsCredentials } from '../../src/net/tls.js';
import { CLOSE_GRACE_MS, type Connection, ConnectionLost, type Listener } from '../../src/transports/transport.js';
import type { CloseReason } from '../../src/util/close-reason.js';
import { TransportError } from '../../src/net/transport-error.js';
import { newCertificate } from '../support/certificates.js';
import { faultsOf } from '../support/rejected-connections.js';
import { type FakePeer, FakeQuic, FakeStream } from '../support/fake-quic.js';
import { framed, frameOf, numberOf } from '../support/frames.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { QuicClient, quicCertificate } from '../support/quic-client.js';
import { describeTransport } from './conformance.js';
import { SteadyClock } from '../support/steady-clock.js';

const certificate = await quicCertificate();
const local = { host: '127.0.0.1', port: 0, tls: { credentials: certificate, renewed$: NEVER } };

/** Why this computer has no QUIC, if so. */
const whyNot = await quic(local)
  .listen()
  .then(async (listener) => {
    await listener.close();
    return undefined;
  }, String);
const describeReal = whyNot === undefined ? describe : describe.skip;
if (whyNot === undefined) {
  describeTransport('quic', {
    sharesPort: true,
    closeIsLeaving: false,
    create: () => quic(local),
    connect: async (_, listener) => {
      const client = await connect(listener);
      // The router is notified of a stream with its first byte, and every frame starts with this one.
      client.write(Uint8Array.of(0x53));
      let opened = 1;
      return {
        send: (frames) => {
          client.write(Buffer.concat(frames).subarray(opened));
          opened = 0;
        },
        receive: (count) => client.receive(count),
        stall: () => client.relay.hold(),
        resume: () => client.relay.resume(),
        close: () => client.end(),
        destroy: () => void client.close(ABORTED),
        ended: client.ended.then((end) => (end.kind === 'lost' ? 'lost' : kindOf(end.code))),
      };
    },
    onSameAddress: (_, listener) => quic({ ...local, port: portOf(listener) }),
  });
} else {
  it.skip(`what needs a real QUIC is not tested: ${whyNot}`, () => undefined);
}

function kindOf(code: number): CloseReason['kind'] | 'lost' {
  const kinds = Object.keys(quicCloseCodes) as CloseReason['kind'][]; // invariant: a Record with exactly these keys
  return kinds.find((kind) => quicCloseCodes[kind] === code) ?? 'lost';
}

function portOf(listener: Listener): number {
  return listener.addresses[0]!.port; // invariant: a QUIC listener has one
}

function connect(listener: Listener): Promise<QuicClient> {
  return QuicClient.connect({ port: portOf(listener), ca: certificate.ca });
}

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** An open listener. Its connections are destroyed after the test. */
async function open(options: Partial<QuicOptions> = {}): Promise<{ listener: Listener; accepted: Connection[] }> {
  const listener = await quic({ ...local, ...options }).listen();
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

/** A listener of the real library, a client that connected with frame 0, and its connection. */
async function connected(
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
async function openFake(
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
async function connectedFake(options: Partial<QuicOptions> = {}): Promise<{
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

function numbersOf(inbox: Inbox): number[] {
  return inbox.frames.map((frame) => numberOf(frame as Uint8Array)); // invariant: this transport has no JSON messages
}

describe('accepting a QUIC connection', () => {
  it('requires a stream, and closes a peer that opens none within 10 s', async () => {
    const { library, clock, accepted } = await openFake();
    const silent = library.arrive();
    clock.increment(5_000);
    const quick = library.arrive();
    quick.open(frameOf(20));
    expect(accepted).toHaveLength(1);
    clock.increment(4_999);
    expect(silent.closedWith).toBeUndefined();
    await clock.pass(1);
    expect(silent.closedWith).toEqual({ code: quicCloseCodes.policy, text: 'no stream was opened within 10 s' });
    await turns();
    clock.increment(600_000);
    expect(quick.closedWith).toBeUndefined();
    expect(silent.open(frameOf(20)).resetWith).toBe(STREAM_REFUSED);
    expect(accepted).toHaveLength(1);
  });

  it('keeps all peers that have waited for their streams for less than a second', async () => {
    const { library, clock, accepted } = await openFake();
    const crowd = Array.from({ length: 2 * MAX_STREAMLESS_PEERS }, () => library.arrive());
    clock.increment(999);
    crowd.push(library.arrive());
    for (const peer of crowd) peer.open(frameOf(20));
    expect(crowd.filter(({ closedWith }) => closedWith !== undefined)).toEqual([]);
    expect(accepted).toHaveLength(crowd.length);
  });

  it('refuses a peer while four times as many wait for their streams, none of them for a second', async () => {
    const { library, listener } = await openFake();
    const faults = faultsOf(listener);
    const crowd = Array.from({ length: 4 * MAX_STREAMLESS_PEERS }, () => library.arrive());
    const next = library.arrive();
    expect(next.closedWith).toEqual({ code: quicCloseCodes.overloaded, text: '2048 peers have no stream' });
    expect(crowd.filter(({ closedWith }) => closedWith !== undefined)).toEqual([]);
    expect(faults.map(({ kind, text }) => [kind, text])).toEqual([['refused', '2048 peers have no stream']]);
  });

  it('refuses a new peer in the grace period after a stall, instead of closing one without a stream', async () => {
    const { library, clock } = await openFake();
    const crowd = Array.from({ length: MAX_STREAMLESS_PEERS }, () => library.arrive());
    clock.stall(5_000);
    expect(library.arrive().closedWith?.code).toBe(quicCloseCodes.overloaded);
    for (const peer of crowd) peer.open(frameOf(20));
    expect(crowd.filter(({ closedWith }) => closedWith !== undefined)).toEqual([]);
  });

  it('closes the peer that has waited longest for its stream if too many wait', async () => {
    const { library, clock, accepted } = await openFake();
    const waiting = Array.from({ length: MAX_STREAMLESS_PEERS }, () => library.arrive());
    waiting[0]!.open(frameOf(20));
    clock.increment(1_000);
    library.arrive();
    expect(waiting.filter(({ closedWith }) => closedWith !== undefined)).toEqual([]);
    clock.increment(1_000);
    library.arrive();
    expect(waiting.findIndex(({ closedWith }) => closedWith?.code === quicCloseCodes.overloaded)).toBe(1);
    expect(waiting.filter(({ closedWith }) => closedWith !== undefined)).toHaveLength(1);
    expect(accepted).toHaveLength(1);
  });

  it('allows one stream per connection', async () => {
    const { peer, stream, connection, inbox } = await connectedFake();
    const second = peer.open(frameOf(20, 9));
    expect(second.resetWith).toBe(STREAM_REFUSED);
    stream.push(frameOf(20, 1));
    await inbox.receive(2);
    connection.write(frameOf(20, 2));
    stream.accept();
    expect(numbersOf(inbox)).toEqual([0, 1]);
    expect(stream.accepted).toEqual([Buffer.from(frameOf(20, 2))]);
  });

  it.each([
    ['192.0.2.7', '192.0.2.7:50000'],
    ['::ffff:192.0.2.7', '192.0.2.7:50000'],
    ['2001:db8::1', '[2001:db8::1]:50000'],
  ])('writes the address %s as %s', async (host, text) => {
    const { library, accepted } = await openFake();
    library.arrive(host).open(frameOf(20));
    expect(accepted[0]!.remoteAddress).toBe(text);
  });

  it('reports its own IPv6 address in brackets', async () => {
    const { listener } = await openFake({ host: '::' });
    expect(listener.addresses).toEqual([{ transport: 'quic', host: '::', port: 7331, url: 'quic://[::]:7331' }]);
  });

  it('opens again with the current certificate', async () => {
    const renewed$ = new Subject<TlsCredentials>();
    const provider = new FakeQuic();
    const transport = quic({ provider, tls: { credentials: { key: 'k1', cert: 'c1' }, renewed$ } });
    await transport.listen();
    renewed$.next({ key: 'k2', cert: 'c2' });
    await transport.listen();
    expect(provider.listens.map(({ key, cert, alpn }) => [key, cert, alpn])).toEqual([
      ['k1', 'c1', 'clasp/2'],
      ['k2', 'c2', 'clasp/2'],
    ]);
  });
});

describe('a rejected QUIC peer', () => {
  const remoteAddress = '192.0.2.7:50000';

  it('is reported if it opens no stream, in time or at all', async () => {
    const { library, clock, listener } = await openFake();
    const faults = faultsOf(listener);
    library.arrive();
    library.arrive().end({ kind: 'closed', code: 0, text: '' });
    expect(faults).toEqual([{ kind: 'timeout', remoteAddress, text: 'it disconnected without opening a stream' }]);
    await clock.pass(10_000);
    expect(faults.slice(1)).toEqual([{ kind: 'timeout', remoteAddress, text: 'no stream was opened within 10 s' }]);
  });

  it('is the oldest of the address with the most, if too many have no stream', async () => {
    const { library, clock, listener } = await openFake();
    const faults = faultsOf(listener);
    for (let i = 0; i < MAX_STREAMLESS_PEERS; i++) library.arrive(`198.51.100.${i < 100 ? i : 200}`);
    clock.increment(2_000);
    library.arrive('192.0.2.1');
    await turns();
    const reason = 'its address has the most half-open connections, and another one waits';
    const text = `no stream was opened within 2 s: ${reason}`;
    expect(faults).toEqual([{ kind: 'timeout', remoteAddress: '198.51.100.200:50000', text }]);
  });

  it('is reported if the library reports a failed handshake', async () => {
    const { library, listener } = await openFake();
    const faults = faultsOf(listener);
    const text = "it does not trust this router's certificate";
    library.listens[0]!.onFailedHandshake!({ remoteHost: '::ffff:192.0.2.7', remotePort: 50_000, text });
    expect(faults).toEqual([{ kind: 'handshake', remoteAddress, text }]);
  });

  it('is not a peer with a stream, nor one that waited when the listener closed', async () => {
    const { library, clock, listener } = await openFake();
    const faults = faultsOf(listener);
    let complete = false;
    listener.rejected$!.subscribe({ complete: () => (complete = true) });
    const inside = library.arrive();
    inside.open(frameOf(20));
    inside.end({ kind: 'lost', text: 'idle timeout' });
    library.arrive();
    expect(complete).toBe(false);
    await listener.close();
    clock.increment(60_000);
    expect([faults, complete]).toEqual([[], true]);
  });
});

describe('closing a QUIC listener', () => {
  it('keeps its connections, accepts no new ones, and completes when the last has closed', async () => {
    const { library, listener, accepted } = await openFake();
    const [inside, waiting] = [library.arrive(), library.arrive()];
    const stream = inside.open(frameOf(20));
    const inbox = new Inbox(accepted[0]!.batches$);
    let shut = false;
    const closed = Promise.all([listener.close(), listener.close()]).then(() => (shut = true));
    const late = library.arrive();
    for (const { closedWith } of [waiting, late]) expect(closedWith?.code).toBe(quicCloseCodes.goingAway);
    stream.push(frameOf(20, 1));
    expect(numbersOf(inbox)).toEqual([0, 1]);
    await turns(5);
    expect([shut, library.closes]).toEqual([false, 0]);
    inside.end({ kind: 'closed', code: 0, text: '' });
    await closed;
    expect(library.closes).toBe(1);
    expect(accepted).toHaveLength(1);
  });

  it('reports a failed port, and releases it', async () => {
    const { library, listener } = await openFake();
    const told = firstValueFrom(listener.connections$).catch((error: unknown) => error);
    const again = new FakeQuic();
    const other = await quic({ ...local, provider: again }).listen();
    const end = new Promise((resolve) => other.connections$.subscribe({ error: resolve }));
    again.listens[0]!.onFault(new Error('no buffer space'));
    expect(await end).toEqual(new TransportError('the QUIC port failed: no buffer space'));
    expect(again.closes).toBe(1);
    expect(library.closes).toBe(0);
    expect(await told).toBeInstanceOf(Error); // there is already a subscriber
  });
});

describe('reading from a QUIC stream', () => {
  const frames = [frameOf(4, 1), frameOf(20, 2), frameOf(300, 3), frameOf(8, 4)];
  const bytes = framed('raw', frames);

  it('joins frames for any chunk boundaries', async () => {
    const { library, accepted } = await openFake();
    for (let at = 1; at < bytes.length; at++) {
      const stream = library.arrive().open(bytes.slice(0, at));
      const inbox = new Inbox(accepted.at(-1)!.batches$);
      stream.push(Buffer.from(bytes.subarray(at)));
      expect(inbox.frames).toEqual(frames);
    }
    expect(accepted).toHaveLength(bytes.length - 1);
  });

  it('joins frames that arrive byte by byte', async () => {
    const { library, accepted } = await openFake();
    const stream = library.arrive().open(bytes.slice(0, 1));
    const inbox = new Inbox(accepted[0]!.batches$);
    for (const byte of bytes.subarray(1)) stream.push(Buffer.of(byte));
    await inbox.receive(4);
    expect(inbox.frames).toEqual(frames);
  });

  it('emits one batch for the frames of one chunk, and none for a partial frame', async () => {
    const { stream, inbox } = await connectedFake();
    stream.push(bytes);
    stream.push(bytes.subarray(0, 10));
    await turns();
    expect(inbox.batches.map(({ length }) => length)).toEqual([1, 4, 1]);
  });

  it('loses nothing of a peer that leaves in its first packet', async () => {
    const { library, accepted } = await openFake();
    const peer = library.arrive();
    const stream = peer.open(frameOf(20, 1));
    stream.push(frameOf(20, 2));
    stream.destroy(); // as the library does before it notifies
    peer.end({ kind: 'closed', code: 0, text: '' });
    const inbox = new Inbox(accepted[0]!.batches$);
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    expect(numbersOf(inbox)).toEqual([1, 2]);
  });

  it('closes a desynchronized stream after the frames before the fault', async () => {
    const { peer, stream, inbox } = await connectedFake();
    stream.push(Buffer.concat([frameOf(20, 1), Buffer.from('GET / HTTP/1.1'), frameOf(20, 2)]));
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    expect(String(inbox.end)).toMatch(/the peer sent bytes that are not a frame: /);
    expect(numbersOf(inbox)).toEqual([0, 1]);
    expect(peer.closedWith?.code).toBe(quicCloseCodes.protocol);
  });

  it('is fair: a peer that sends without end does not block others', async () => {
    const { stream, inbox } = await connectedFake();
    await turns();
    const perTurn = READ_BYTES_PER_TURN / 16_384;
    for (let i = 1; i <= 10 * perTurn; i++) stream.push(frameOf(16_384, i));
    let last = inbox.frames.length;
    expect(last).toBeLessThanOrEqual(perTurn + 1);
    while (last < 10 * perTurn + 1) {
      await turns();
      expect(inbox.frames.length).toBeLessThanOrEqual(last + perTurn + 1);
      last = inbox.frames.length;
    }
    expect(numbersOf(inbox)).toEqual(Array.from({ length: 10 * perTurn + 1 }, (_, i) => i));
  });

  it('reads all input before the end', async () => {
    const { peer, stream, inbox } = await connectedFake();
    for (let i = 1; i <= 50; i++) stream.push(frameOf(16_384, i));
    peer.end({ kind: 'lost', text: 'idle timeout' });
    expect(await inbox.ended).toEqual(new ConnectionLost('the peer is gone: idle timeout'));
    expect(numbersOf(inbox)).toEqual(Array.from({ length: 51 }, (_, i) => i));
  });

  it('reports invalid bytes that it finds after the peer has left', async () => {
    const { stream, inbox } = await connectedFake();
    for (let i = 1; i <= 50; i++) stream.push(frameOf(16_384, i));
    stream.push(Buffer.from('GET / HTTP/1.1'));
    stream.push(null);
    await turns(); // `end` is emitted in a separate turn
    expect(inbox.frames.length).toBeLessThan(51);
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    expect(inbox.frames).toHaveLength(51);
  });
});

describe('a QUIC peer that sends more than the router reads', () => {
  const chunk = Buffer.from(frameOf(65_000));

  /** Sends while the connection is open. @returns the number of bytes sent */
  function flood(peer: FakePeer, stream: FakeStream, bytes: Buffer, limit = Infinity): number {
    let sent = 0;
    while (peer.closedWith === undefined && sent < limit) {
      stream.push(bytes);
      sent += bytes.length;
    }
    return sent;
  }

  it('is cut off at 8 MiB', async () => {
    const { library, accepted } = await openFake();
    const peer = library.arrive();
    const sent = flood(peer, peer.open(chunk), chunk);
    expect(sent).toBeGreaterThan(MAX_UNREAD_BYTES - 200_000);
    expect(sent).toBeLessThan(MAX_UNREAD_BYTES + 200_000);
    expect(peer.closedWith).toEqual({ code: quicCloseCodes.overloaded, text: 'more arrived than can be processed' });
    const inbox = new Inbox(accepted[0]!.batches$);
    expect(await inbox.ended).toEqual(
      new ConnectionLost('the peer sends too fast: more arrived than can be processed'),
    );
    expect(inbox.frames).toEqual([]);
  });

  it('is cut off earlier with single bytes, which use more memory than their size', async () => {
    const { library } = await openFake();
    const peer = library.arrive();
    expect(flood(peer, peer.open(chunk), Buffer.of(0x53))).toBeLessThan(MAX_UNREAD_BYTES / 200);
  });

  it('is cut off if the total is too large, but not if its own share is small', async () => {
    const { library, accepted } = await openFake();
    const floods = Array.from({ length: 10 }, () => {
      const peer = library.arrive();
      const stream = peer.open(chunk);
      return { peer, stream, sent: flood(peer, stream, chunk, 6_500_000) };
    });
    expect(floods.filter(({ peer }) => peer.closedWith !== undefined)).toEqual([]);
    const room = MAX_UNREAD_BYTES_IN_ALL - floods.reduce((sum, { sent }) => sum + sent, 0);
    const modest = Array.from({ length: Math.ceil(room / 50_000) }, () => {
      const peer = library.arrive();
      peer.open(frameOf(50_000));
      return peer;
    });
    expect(modest.filter(({ closedWith }) => closedWith !== undefined)).toEqual([]);
    const { peer, stream } = floods[3]!;
    stream.push(chunk);
    expect(peer.closedWith?.code).toBe(quicCloseCodes.overloaded);
    floods[4]!.stream.push(chunk); // there is capacity again
    expect(floods[4]!.peer.closedWith).toBeUndefined();
    for (const connection of accepted) connection.destroy();
    const next = Array.from({ length: 10 }, () => library.arrive());
    for (const again of next) flood(again, again.open(chunk), chunk, 6_000_000);
    expect(next.filter(({ closedWith }) => closedWith !== undefined)).toEqual([]);
  });
});

describe('a QUIC peer that reads nothing', () => {
  /** One second with these packets in both directions. */
  async function second(
    { clock, peer }: { clock: SteadyClock; peer: FakePeer },
    traffic: { packetsIn: number; packetsOut: number; bytesOut: number },
  ): Promise<void> {
    peer.counts.packetsIn += traffic.packetsIn;
    peer.counts.packetsOut += traffic.packetsOut;
    peer.counts.bytesOut += traffic.bytesOut;
    await clock.pass(1_000);
  }
  /** As measured: a ping and its answer. */
  const answersPings = { packetsIn: 1, packetsOut: 1, bytesOut: 42 };

  it('is cut off after 3 s if it answers pings throughout', async () => {
    const fake = await connectedFake();
    fake.connection.write(frameOf(20));
    for (let i = 0; i < 2; i++) await second(fake, answersPings);
    expect(fake.peer.pings).toBe(3);
    await fake.clock.pass(999);
    await turns();
    expect(fake.inbox.end).toBeUndefined();
    fake.peer.counts.packetsIn++;
    await fake.clock.pass(1);
    expect(await fake.inbox.ended).toEqual(new ConnectionLost('the peer read nothing for 3 s'));
    expect(fake.peer.closedWith).toEqual({ code: quicCloseCodes.overloaded, text: 'the peer read nothing for 3 s' });
  });

  it('is cut off although it receives many acknowledgements of its own bytes', async () => {
    const fake = await connectedFake({ stallMs: 3_000 });
    fake.connection.write(frameOf(20));
    for (let i = 0; i < 3; i++) await second(fake, { packetsIn: 1_000, packetsOut: 500, bytesOut: 500 * 50 });
    expect(await fake.inbox.ended).toBeInstanceOf(ConnectionLost);
  });

  it('is cut off if it stalls long after the first write', async () => {
    const fake = await connectedFake();
    for (let i = 0; i < 20; i++) {
      fake.connection.write(frameOf(20));
      fake.stream.accept();
      await second(fake, answersPings);
    }
    expect(fake.inbox.end).toBeUndefined();
    fake.connection.write(frameOf(20));
    for (let i = 0; i < 3; i++) await second(fake, answersPings);
    expect(await fake.inbox.ended).toBeInstanceOf(ConnectionLost);
  });

  it.each([
    ['is frozen or unreachable', { packetsIn: 0, packetsOut: 2, bytesOut: 32_766 }],
    ['is on a slow link', { packetsIn: 20, packetsOut: 76, bytesOut: 60_000 }],
    ['is on a slow link and sends much', { packetsIn: 1_000, packetsOut: 520, bytesOut: 500 * 50 + 20 * 1_200 }],
  ])('is kept if it %s, and receives the rest later', async (_, traffic) => {
    const fake = await connectedFake();
    fake.connection.write(frameOf(20));
    const drained = firstValueFrom(fake.connection.drained$);
    for (let i = 0; i < 25; i++) await second(fake, traffic);
    await turns();
    expect(fake.peer.closedWith).toBeUndefined();
    fake.stream.accept();
    await drained;
    expect(fake.connection.bufferedBytes).toBe(0);
    for (let i = 0; i < 10; i++) await second(fake, answersPings);
    expect(fake.inbox.end).toBeUndefined();
  });

  it('is kept while it reads a small part of many bytes', async () => {
    const fake = await connectedFake();
    for (let i = 0; i < 10; i++) fake.connection.write(frameOf(20));
    for (let i = 0; i < 9; i++) {
      await second(fake, answersPings);
      await second(fake, answersPings);
      fake.stream.accept();
    }
    await turns();
    expect(fake.inbox.end).toBeUndefined();
  });
});

describe('pings of QUIC', () => {
  it('keep an idle peer connected, and each answer is an empty batch', async () => {
    const { clock, peer, inbox } = await connectedFake({ pingIntervalMs: 10_000 });
    peer.counts.packetsIn = 5;
    clock.increment(10_000);
    clock.increment(10_000); // nothing arrived meanwhile
    peer.counts.packetsIn = 6;
    clock.increment(10_000);
    expect(peer.pings).toBe(3);
    expect(inbox.batches.map(({ length }) => length)).toEqual([1, 0, 0]);
  });

  it('answer a probe with an empty batch, unlike packets from before the probe', async () => {
    const { clock, peer, connection, inbox } = await connectedFake();
    peer.counts.packetsIn = 5;
    connection.probe?.();
    expect(peer.pings).toBe(1);
    clock.increment(1_000);
    expect(inbox.batches).toHaveLength(1); // the frame that opened the stream
    peer.counts.packetsIn = 6;
    clock.increment(250);
    peer.counts.packetsIn = 7;
    clock.increment(10_000);
    expect(inbox.batches.map(({ length }) => length)).toEqual([1, 0]);
  });

  it('are checked for 5 s after the last probe', async () => {
    const { clock, peer, connection, inbox } = await connectedFake();
    const quarters = (count: number): void => {
      for (let i = 0; i < count; i++) clock.increment(250);
    };
    connection.probe?.();
    quarters(16);
    connection.probe?.();
    quarters(19);
    peer.counts.packetsIn = 1;
    quarters(1);
    expect(inbox.batches.map(({ length }) => length)).toEqual([1, 0]);
    connection.probe?.();
    quarters(20);
    peer.counts.packetsIn = 2;
    quarters(20);
    expect(inbox.batches).toHaveLength(2);
  });

  it('are not sent if disabled, nor after the end', async () => {
    const off = await connectedFake();
    off.clock.increment(600_000);
    expect(off.peer.pings).toBe(0);
    const on = await connectedFake({ pingIntervalMs: 10_000 });
    on.connection.destroy();
    on.clock.increment(600_000);
    expect(on.peer.pings).toBe(0);
    expect(await on.inbox.ended).toBeInstanceOf(ConnectionLost);
  });
});

describe('drained$ of QUIC', () => {
  it('emits once when all buffered bytes are sent, and not for bytes that are sent immediately', async () => {
    const { stream, connection } = await connectedFake();
    const buffered: number[] = [];
    connection.drained$.subscribe(() => buffered.push(connection.bufferedBytes));
    for (let i = 0; i < 2; i++) {
      connection.write(frameOf(20));
      connection.write(frameOf(20));
      expect(connection.bufferedBytes).toBe(40);
      stream.accept();
      await turns();
      expect(connection.bufferedBytes).toBe(20);
      expect(buffered).toHaveLength(i);
      stream.accept();
      await turns();
    }
    stream.isQuick = true;
    connection.write(frameOf(20));
    await turns();
    expect(buffered).toEqual([0, 0]);
  });
});

describe('closing a QUIC connection', () => {
  it('ends the stream, waits for its other end, and closes with the reason', async () => {
    const { peer, stream, connection, inbox } = await connectedFake();
    connection.write(frameOf(20, 1));
    connection.close({ kind: 'policy', text: 'é'.repeat(100) });
    stream.accept();
    await once(stream, 'finish');
    expect(peer.closedWith).toBeUndefined();
    stream.push(frameOf(20, 9)); // dropped
    stream.push(null);
    expect(await inbox.ended).toBe('completed');
    expect(peer.closedWith).toEqual({ code: quicCloseCodes.policy, text: 'é'.repeat(60) });
    expect(stream.accepted).toEqual([Buffer.from(frameOf(20, 1))]);
    expect(numbersOf(inbox)).toEqual([0]);
  });

  it('drops received bytes that are not read yet', async () => {
    const { stream, connection, inbox } = await connectedFake();
    for (let i = 1; i <= 50; i++) stream.push(frameOf(16_384, i));
    const before = inbox.frames.length;
    connection.close({ kind: 'normal', text: '' });
    stream.push(null);
    expect(await inbox.ended).toBe('completed');
    expect(inbox.frames).toHaveLength(before);
    expect(before).toBeLessThan(50);
  });

  it('does not wait longer for a peer that does not answer, nor for a frozen one', async () => {
    const { clock, peer, connection, inbox } = await connectedFake();
    connection.write(frameOf(20, 1));
    connection.close({ kind: 'goingAway', text: 'bye' });
    peer.counts.packetsOut += 2;
    peer.counts.bytesOut += 32_766; // retransmitted in vain
    await clock.pass(CLOSE_GRACE_MS - 1);
    expect(peer.closedWith).toBeUndefined();
    await clock.pass(1);
    expect(peer.closedWith).toEqual({ code: quicCloseCodes.goingAway, text: 'bye' });
    expect(await inbox.ended).toBe('completed');
  });

  it('waits while the peer reads, even if the peer has already ended its side', async () => {
    const { clock, peer, stream, connection, inbox } = await connectedFake();
    for (let i = 0; i < 3; i++) connection.write(frameOf(20, i));
    connection.close({ kind: 'normal', text: '' });
    stream.push(null);
    for (let i = 0; i < 3; i++) {
      await turns();
      expect(peer.closedWith).toBeUndefined();
      stream.accept();
      await clock.pass(CLOSE_GRACE_MS);
    }
    await clock.pass(CLOSE_GRACE_MS);
    expect(stream.accepted).toHaveLength(3);
    expect(peer.closedWith?.code).toBe(quicCloseCodes.normal);
    expect(await inbox.ended).toBe('completed');
  });

  it('ends its side after the peer’s, which has time to read the rest', async () => {
    const { clock, peer, stream, connection, inbox } = await connectedFake();
    connection.write(frameOf(20, 1));
    stream.push(null);
    expect(await inbox.ended).toEqual(new ConnectionLost('the peer ended its stream without a close message'));
    connection.write(frameOf(20, 2)); // too late
    connection.close({ kind: 'internal', text: '' });
    stream.accept();
    await once(stream, 'close'); // both halves have ended
    expect(stream.accepted).toEqual([Buffer.from(frameOf(20, 1))]);
    expect(peer.closedWith).toBeUndefined();
    await clock.pass(CLOSE_GRACE_MS);
    expect(peer.closedWith).toBeUndefined(); // it read some bytes in this time
    await clock.pass(CLOSE_GRACE_MS);
    expect(peer.closedWith?.code).toBe(quicCloseCodes.normal);
  });

  it.each([
    ['the peer closed the connection without a close message', quicCloseCodes.normal, 'whatever'],
    ['the peer cut the connection with code 21249', quicCloseCodes.goingAway, ''],
    ['the peer cut the connection with code 12: key update', 12, 'key update'],
    ['the peer cut the connection with code 21264', ABORTED, ''],
    [`the peer cut the connection with code 7: ${'x'.repeat(120)}`, 7, 'x'.repeat(500)],
  ])('reports %s when the peer closes with %i', async (told, code, text) => {
    const { peer, inbox } = await connectedFake();
    peer.end({ kind: 'closed', code, text });
    expect(await inbox.ended).toEqual(new ConnectionLost(told));
  });

  it('is a loss if the peer resets its stream', async () => {
    const { peer, stream, inbox } = await connectedFake();
    stream.destroy(new Error('stream reset: 0'));
    expect(await inbox.ended).toEqual(new ConnectionLost('the peer reset its stream'));
    expect(peer.closedWith?.code).toBe(quicCloseCodes.protocol);
  });

  it('leaves no timer', async () => {
    for (const end of ['close', 'destroy', 'session'] as const) {
      const { clock, peer, connection, inbox } = await connectedFake({ pingIntervalMs: 1_000 });
      connection.write(frameOf(20));
      if (end === 'close') connection.close({ kind: 'normal', text: '' });
      if (end === 'destroy') connection.destroy();
      if (end !== 'session') await clock.pass(CLOSE_GRACE_MS);
      peer.end({ kind: 'closed', code: 0, text: '' });
      await inbox.ended;
      const pings = peer.pings;
      clock.increment(600_000);
      expect(peer.pings).toBe(pings);
    }
  });
});

describe('without a working QUIC library', () => {
  const missing = http3Provider(() => Promise.reject(new Error('Cannot find package')));
  /** The JavaScript of the package exists, but no binary for this computer. */
  const foreign = http3Provider(() => {
    const reject = (): Promise<never> => Promise.reject(new Error('Cannot find native binding. npm has a bug'));
    const server = Object.assign(new EventEmitter(), { listen: reject, close: () => Promise.resolve() });
    const http3: Http3 = { createQuicServer: () => server, connectQuicAsync: reject };
    return Promise.resolve({ default: http3 });
  });
  const [install, unfit] = [
    'QUIC needs the package @currentspace/http3: install it with "npm install @currentspace/http3" ' +
      '(it has binaries for Linux (x64 and arm64, glibc 2.34 or later) and for macOS (arm64)), or disable QUIC',
    'QUIC is not available on this computer: @currentspace/http3 does not support it ' +
      '(it has binaries for Linux (x64 and arm64, glibc 2.34 or later) and for macOS (arm64)); disable QUIC',
  ];

  it.each([
    ['missing', missing, install],
    ['not for this computer', foreign, unfit],
  ])('fails with one sentence if it is %s', async (_, provider, sentence) => {
    await expect(quic({ ...local, provider }).listen()).rejects.toEqual(new TransportError(sentence));
    const target = { address: '127.0.0.1', port: 7331, alpn: 'clasp/2' };
    await expect(provider.connect(target)).rejects.toEqual(new TransportError(sentence));
  });

  it('loads none before first use', () => {
    let loads = 0;
    const provider = http3Provider(() => {
      loads++;
      return Promise.reject(new Error('too early'));
    });
    quic({ ...local, provider });
    expect(loads).toBe(0);
  });
});

describe('events of @currentspace/http3', () => {
  /** The observable part of its server. */
  interface Inside {
    readonly _sessions: Map<number, object>;
    _onSessionClose(event: { readonly connHandle: number; readonly meta?: { readonly errorCode: number } }): void;
    /** The handles of the calls above. */
    readonly closes: readonly number[];
  }

  /** The package without its native part, with the same behavior. */
  async function loaded(): Promise<{
    port: QuicServer;
    server: EventEmitter & Inside;
    sessions: QuicSession[];
    failures: QuicHandshakeFailure[];
    faults: Error[];
  }> {
    const closes: number[] = [];
    const inside: Inside = {
      _sessions: new Map(),
      _onSessionClose: ({ connHandle }) => void closes.push(connHandle),
      closes,
    };
    const server = Object.assign(new EventEmitter(), inside, {
      listen: (port: number, address: string) => Promise.resolve({ address, port }),
      close: () => Promise.resolve(),
    });
    const http3: Http3 = {
      createQuicServer: () => server,
      connectQuicAsync: () => Promise.reject(new Error('not here')),
    };
    const sessions: QuicSession[] = [];
    const failures: QuicHandshakeFailure[] = [];
    const faults: Error[] = [];
    const port = await http3Provider(() => Promise.resolve({ default: http3 })).listen({
      ...certificate,
      port: 0,
      host: '127.0.0.1',
      alpn: 'clasp/2',
      limits: { maxConnections: 1, maxIdleTimeoutMs: 1, streamWindowBytes: 1 },
      onSession: (session) => sessions.push(session),
      onFailedHandshake: (failure) => failures.push(failure),
      onFault: (error) => faults.push(error),
    });
    return { port, server, sessions, failures, faults };
  }

  it('of a closed session do not concern the port; events of the runtime do', async () => {
    const { server, faults } = await loaded();
    server.emit('error', Object.assign(new Error('session error'), { code: 'ERR_HTTP3_SESSION_ERROR' }));
    server.emit('error', new Error('no code at all'));
    const fault = Object.assign(new Error('recvmsg failed'), { code: 'ERR_HTTP3_RUNTIME_UNSUPPORTED' });
    server.emit('error', fault);
    expect(faults).toEqual([fault]);
  });

  it('for streams are passed on for bidirectional streams of the client', async () => {
    const { server, sessions } = await loaded();
    const handle = Object.assign(new EventEmitter(), { remoteAddress: '192.0.2.7', remotePort: 1 });
    server.emit('session', handle);
    const streams: unknown[] = [];
    sessions[0]!.handle({
      stream: (stream) => streams.push(stream),
      datagram: () => undefined,
      closed: () => undefined,
    });
    const made = [0, 1, 2, 3].map((id) => Object.assign(new FakeStream(), { id }));
    for (const stream of made) {
      handle.emit('stream', stream);
      stream.emit('error', new Error('stream reset: 0')); // would end the process without a listener
    }
    expect(streams).toEqual([made[0]]);
    expect(made.map(({ resetWith }) => resetWith)).toEqual([undefined, ...Array<number>(3).fill(STREAM_REFUSED)]);
  });

  it('for an end are passed on once, and pings of a closed session have no effect', async () => {
    const { server, sessions } = await loaded();
    const handle = Object.assign(new EventEmitter(), {
      remoteAddress: '192.0.2.7',
      remotePort: 1,
      ping: () => {
        throw new Error('unknown connection');
      },
      getMetrics: () => null,
    });
    server.emit('session', handle);
    const ends: unknown[] = [];
    sessions[0]!.handle({ stream: () => undefined, datagram: () => undefined, closed: (end) => ends.push(end) });
    sessions[0]!.ping();
    expect(sessions[0]!.traffic()).toBeUndefined();
    handle.emit('error', new Error('session error'));
    handle.emit('close', { errorCode: 0, reason: 'idle timeout' });
    handle.emit('close', { errorCode: 5, reason: '' });
    expect(ends).toEqual([{ kind: 'lost', text: 'idle timeout' }]);
  });

  it('for a router that closes immediately become one sentence', async () => {
    const session = Object.assign(new EventEmitter(), {
      openStream: () => {
        throw new Error('the router accepts no more connections');
      },
      close: () => Promise.resolve(),
      sendDatagram: () => false,
      getMetrics: () => null,
    });
    const http3: Http3 = {
      createQuicServer: () => {
        throw new Error('not here');
      },
      connectQuicAsync: () => Promise.resolve(session),
    };
    const target = { address: '127.0.0.1', port: 7331, alpn: 'clasp/2' };
    await expect(http3Provider(() => Promise.resolve({ default: http3 })).connect(target)).rejects.toEqual(
      new TransportError('no QUIC connection to 127.0.0.1 port 7331: the router accepts no more connections'),
    );
  });

  it.each([
    [0x100 + 120, 'it uses another protocol than clasp/2 over QUIC'],
    [0x100 + 48, "it does not trust this router's certificate"],
    [0x100 + 80, 'its QUIC handshake failed with TLS alert 80'],
    [0, 'it disconnected during its QUIC handshake'],
  ])('for a handshake that failed with code %i become words', async (errorCode, text) => {
    const { server, failures } = await loaded();
    const strange = Object.assign(new EventEmitter(), { remoteAddress: '192.0.2.7', remotePort: 1 });
    server._sessions.set(1, strange);
    server._onSessionClose({ connHandle: 1, meta: { errorCode } });
    expect(failures).toEqual([{ remoteHost: '192.0.2.7', remotePort: 1, text }]);
    server._sessions.set(2, strange);
    server.emit('session', strange);
    server._onSessionClose({ connHandle: 2, meta: { errorCode } });
    server._onSessionClose({ connHandle: 3 });
    expect([failures.length, server.closes]).toEqual([1, [1, 2, 3]]);
  });

  it('for local closes are not awaited, because they come late or never', async () => {
    const { port, server, sessions } = await loaded();
    const closes: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      server.emit('session', Object.assign(new EventEmitter(), { close: (...with_: unknown[]) => closes.push(with_) }));
    }
    const ends = sessions.map((session) => {
      const told: unknown[] = [];
      session.handle({ stream: () => undefined, datagram: () => undefined, closed: (end) => told.push(end) });
      return told;
    });
    sessions[0]!.close(5, 'why');
    expect(ends).toEqual([[], []]); // not during the call
    await turns();
    sessions[0]!.close(6, 'again');
    await port.close();
    expect(closes).toEqual([[5, 'why']]);
    expect(ends).toEqual([[{ kind: 'closed', code: 5, text: 'why' }], [{ kind: 'lost', text: 'the port was closed' }]]);
  });
});

describeReal('QUIC on the network', () => {
  it('rejects a client with another protocol, and no other', async () => {
    const { listener, accepted } = await open();
    const port = portOf(listener);
    const stranger = QuicClient.connect({ port, ca: certificate.ca, alpn: 'h3', handshakeMs: 300 });
    await expect(stranger).rejects.toThrow(
      /^no answer from 127\.0\.0\.1 port \d+ over QUIC; .* and that it supports h3$/,
    );
    const client = await connect(listener);
    client.write(frameOf(20));
    await until(() => accepted.length === 1);
  });

  it('reports failed handshakes', async () => {
    const { listener } = await open({ maxIdleTimeoutMs: 300 });
    const faults = faultsOf(listener);
    const [port, { cert }] = [portOf(listener), await newCertificate()];
    await expect(QuicClient.connect({ port, ca: certificate.ca, alpn: 'h3', handshakeMs: 300 })).rejects.toThrow();
    await until(() => faults.length === 1);
    await expect(QuicClient.connect({ port, ca: cert })).rejects.toThrow();
    await until(() => faults.length === 2);
    const remoteAddress = expect.stringMatching(/^127\.0\.0\.1:[1-9]\d*$/) as unknown;
    expect(faults).toEqual([
      { kind: 'handshake', remoteAddress, text: 'it uses another protocol than clasp/2 over QUIC' },
      { kind: 'handshake', remoteAddress, text: "it does not trust this router's certificate" },
    ]);
  });

  it('gives a client a plain reason why it cannot connect', async () => {
    const { listener } = await open();
    const { cert } = await newCertificate();
    await expect(QuicClient.connect({ port: portOf(listener), ca: cert })).rejects.toThrow(
      /^no QUIC connection to 127\.0\.0\.1 port \d+: its certificate is not trusted or not issued to localhost; provide /,
    );
    const target = { port: 7331, alpn: 'clasp/2', address: 'nowhere.invalid' };
    await expect(http3Provider().connect(target)).rejects.toThrow(
      /^no QUIC connection to nowhere\.invalid port 7331: .*ENOTFOUND/,
    );
  });

  it('serves other clients while one connects and sends nothing', async () => {
    const { listener, accepted } = await open({ handshakeMs: 1_000 });
    const silent = await connect(listener);
    const client = await connect(listener);
    client.write(frameOf(20));
    await until(() => accepted.length === 1);
    expect(await silent.ended).toEqual({
      kind: 'closed',
      code: quicCloseCodes.policy,
      text: 'no stream was opened within 1 s',
    });
    expect(accepted).toHaveLength(1);
  });

  it('survives invalid packets', async () => {
    const { listener, client, inbox } = await connected();
    const socket = createSocket('udp4');
    // Random bytes are only noise. These have the bits of long and short headers, of version negotiation and of Initial
    // packets.
    for (const first of [0x00, 0x40, 0x53, 0x80, 0xc0, 0xc3, 0xff]) {
      for (const length of [1, 7, 50, 1_200, 9_000]) {
        const garbage = Buffer.alloc(length, first);
        garbage.writeUInt8(first, 0);
        socket.send(garbage, portOf(listener), '127.0.0.1');
      }
    }
    await turns(20);
    client.write(frameOf(20, 1));
    await inbox.receive(2);
    const other = await connect(listener);
    await other.close(0);
    await new Promise<void>((resolve) => socket.close(resolve));
  });

  it('reports a killed client as lost after the idle time', async () => {
    const { client, inbox } = await connected({ maxIdleTimeoutMs: 300 });
    client.relay.close();
    expect(await inbox.ended).toEqual(new ConnectionLost('the peer is gone: idle timeout'));
    expect(await client.ended).toEqual({ kind: 'lost', text: 'idle timeout' });
  });

  it('keeps a silent client that is alive', async () => {
    const { client, inbox } = await connected({ maxIdleTimeoutMs: 400, pingIntervalMs: 50 });
    await inbox.receiveBatches(20); // the first has the frame, and each other one is the answer to a ping
    client.write(frameOf(20, 1));
    await inbox.receive(2);
    expect(numbersOf(inbox)).toEqual([0, 1]);
  });

  it('allows no second stream', async () => {
    const { listener, accepted } = await open();
    const { default: http3 } = await import('@currentspace/http3');
    const session = await http3.connectQuicAsync(
      { address: '127.0.0.1', port: portOf(listener), servername: 'localhost' },
      { ca: certificate.ca, alpn: ['clasp/2'], connectTimeoutMs: 5_000, runtimeMode: 'portable' },
    );
    session.on('error', () => undefined);
    cleanUps.push(() => session.close());
    const stream = session.openStream();
    stream.on('error', () => undefined);
    stream.write(frameOf(20, 1));
    expect(() => session.openStream().write(frameOf(20, 9))).toThrow('StreamLimit');
    await until(() => accepted.length === 1);
    const inbox = new Inbox(accepted[0]!.batches$);
    stream.write(frameOf(20, 2));
    await inbox.receive(2);
    expect(numbersOf(inbox)).toEqual([1, 2]);
  });

  it('reports bytes that are not a frame', async () => {
    const { client, inbox } = await connected();
    client.write(Buffer.from('GET / HTTP/1.1'));
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    const text = 'bytes that are not a frame';
    expect(await client.ended).toEqual({ kind: 'closed', code: quicCloseCodes.protocol, text });
  });

  it('keeps its port until the last peer has left, then releases it', async () => {
    const { listener, client, connection, inbox } = await connected();
    let shut = false;
    const closed = listener.close().then(() => (shut = true));
    const late = await connect(listener).then(
      (lateClient) => lateClient.ended,
      () => undefined, // closed before it had finished connecting
    );
    if (late !== undefined) expect(late).toMatchObject({ code: quicCloseCodes.goingAway });
    client.write(frameOf(20, 1));
    await inbox.receive(2);
    connection.write(framed('raw', [frameOf(20, 2)]));
    await client.receive(1);
    expect(shut).toBe(false);
    client.end();
    await closed;
    await (await quic({ ...local, port: portOf(listener) }).listen()).close();
  });

  it('keeps nothing of 50 clients that connect and disconnect at once', async () => {
    const { listener, accepted } = await open();
    const clients = await Promise.all(Array.from({ length: 50 }, () => connect(listener)));
    clients.forEach((client, i) => {
      client.write(frameOf(20, i));
    });
    await until(() => accepted.length === 50);
    const inboxes = accepted.map(({ batches$ }) => new Inbox(batches$));
    await Promise.all(inboxes.map((inbox) => inbox.receive(1)));
    clients.forEach((client, i) => {
      if (i % 2 === 0) client.end();
      else void client.close(ABORTED);
    });
    const ends = await Promise.all(inboxes.map(({ ended }) => ended));
    const ended = String(new ConnectionLost('the peer ended its stream without a close message'));
    expect(ends.filter((end) => String(end) === ended)).toHaveLength(25);
    await listener.close(); // waits for each of them
  });
});

describeReal('an unavailable QUIC port', () => {
  it('reports that it is in use, with the fix', async () => {
    const { listener } = await open();
    const port = portOf(listener);
    await expect(quic({ ...local, port }).listen()).rejects.toThrow(
      `port ${port} is already in use; stop the other program or choose another with the option port`,
    );
  });

  it('reports an address that this computer does not have, or an invalid one', async () => {
    await expect(quic({ ...local, host: '192.0.2.1' }).listen()).rejects.toThrow(
      'the address 192.0.2.1 does not belong to this computer; choose another with the option host',
    );
    await expect(quic({ ...local, host: 'nowhere.invalid' }).listen()).rejects.toThrow(
      'the host name nowhere.invalid cannot be resolved; choose an address of this computer with the option host',
    );
  });

  it('reports an invalid port', async () => {
    await expect(quic({ ...local, port: 70_000 }).listen()).rejects.toThrow('port 70000 is invalid; choose');
  });

  it('reports what is wrong with the certificate', async () => {
    const { key } = await newCertificate();
    const withCredentials = (credentials: TlsCredentials): Promise<Listener> =>
      quic({ ...local, tls: { credentials, renewed$: NEVER } }).listen();
    for (const credentials of [
      { key: certificate.key, cert: 'nonsense' },
      { key: 'nonsense', cert: certificate.cert },
    ]) {
      await expect(withCredentials(credentials)).rejects.toThrow(
        /^the certificate for QUIC or its private key cannot be read \(.+\); provide both as PEM, the key without a passphrase$/,
      );
    }
    await expect(withCredentials({ key, cert: certificate.cert })).rejects.toEqual(
      new TransportError('the certificate for QUIC does not belong to the private key; provide a matching pair'),
    );
  });
});
