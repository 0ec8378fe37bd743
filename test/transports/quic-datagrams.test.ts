import { describe, expect, it } from '@jest/globals';
import { NEVER } from 'rxjs';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import {
  DATAGRAMS_PER_TURN,
  MAX_DATAGRAMS_READ_PER_TURN,
  MAX_WAITING_DATAGRAMS,
} from '../../src/transports/quic/constants.js';
import { DatagramReader, DatagramStamp, largestFrame } from '../../src/transports/quic/datagrams.js';
import { quic, type QuicOptions } from '../../src/transports/quic/index.js';
import type { Connection } from '../../src/transports/transport.js';
import { type FakePeer, FakeQuic, type FakeStream } from '../support/fake-quic.js';
import { frameOf, numberOf } from '../support/frames.js';
import { fromHex } from '../support/hex.js';
import { Inbox, turns } from '../support/inbox.js';
import { SteadyClock } from '../support/steady-clock.js';

const ping = encodeFrame({ type: 'ping' });

interface Door {
  readonly library: FakeQuic;
  readonly clock: SteadyClock;
  /** Creates a peer that has opened its stream with frame 0. */
  readonly arrive: () => { peer: FakePeer; stream: FakeStream; connection: Connection; inbox: Inbox };
}

async function openDoor(options: Partial<QuicOptions> = {}): Promise<Door> {
  const library = new FakeQuic();
  const clock = new SteadyClock();
  const tls = { credentials: { key: '', cert: '' }, renewed$: NEVER };
  const listener = await quic({ tls, provider: library, clock, datagrams: true, ...options }).listen();
  const accepted: Connection[] = [];
  listener.connections$.subscribe((connection) => accepted.push(connection));
  const arrive: Door['arrive'] = () => {
    const peer = library.arrive();
    const stream = peer.open(frameOf(20));
    const connection = accepted.at(-1)!;
    return { peer, stream, connection, inbox: new Inbox(connection.batches$) };
  };
  return { library, clock, arrive };
}

/** Creates a peer that has requested datagrams and received the answer. */
async function agreed(options: Partial<QuicOptions> = {}): Promise<Door & ReturnType<Door['arrive']>> {
  const door = await openDoor(options);
  const arrived = door.arrive();
  arrived.peer.datagram(ping);
  await turns(2);
  arrived.peer.datagrams.length = 0;
  return { ...door, ...arrived };
}

function numbersOf({ frames }: Inbox): number[] {
  return frames.map((frame) => numberOf(frame as Uint8Array)); // invariant: this transport has no JSON messages
}

describe('datagrams of a QUIC listener', () => {
  it('are disabled by default', async () => {
    const { library, arrive } = await openDoor({ datagrams: undefined });
    const { peer, connection, inbox } = arrive();
    peer.datagram(ping);
    peer.datagram(frameOf(20, 1));
    await turns();
    expect(library.listens[0]!.datagrams).toBe(false);
    expect(connection.datagrams).toBeUndefined();
    expect(peer.datagrams).toEqual([]);
    expect(numbersOf(inbox)).toEqual([0]);
  });

  it('start with a PING in a datagram, each of which is answered in a datagram', async () => {
    const { library, arrive } = await openDoor();
    const { peer, connection, inbox } = arrive();
    expect(library.listens[0]!.datagrams).toBe(true);
    peer.datagram(frameOf(20, 1)); // too early
    await turns();
    expect(connection.datagrams).toBeUndefined();
    peer.datagram(ping);
    peer.datagram(ping);
    await turns();
    expect(peer.datagrams.map((bytes) => decodeFrame(bytes).message)).toEqual([{ type: 'pong' }, { type: 'pong' }]);
    expect(connection.datagrams).toBeDefined();
    peer.datagram(frameOf(20, 2));
    await turns();
    expect(numbersOf(inbox)).toEqual([0, 2]);
    expect(inbox.batches.map(({ length }) => length)).toEqual([1, 0, 1]); // the PING is a sign of life
  });

  it('do not start with a PING on the stream', async () => {
    const { arrive } = await openDoor();
    const { stream, connection, inbox } = arrive();
    stream.push(ping);
    await inbox.receive(2);
    expect(connection.datagrams).toBeUndefined();
  });

  it('end with the connection', async () => {
    const { connection } = await agreed();
    const { datagrams } = connection;
    connection.close({ kind: 'normal', text: '' });
    expect(connection.datagrams).toBeUndefined();
    expect(() => datagrams!.send(frameOf(20))).not.toThrow();
  });

  it('merge the datagrams of one turn into one batch, in order with stream input', async () => {
    const { peer, stream, inbox } = await agreed();
    for (const number of [1, 2, 3]) peer.datagram(frameOf(20, number));
    stream.push(frameOf(20, 4));
    await turns();
    expect(numbersOf(inbox).toSorted()).toEqual([0, 1, 2, 3, 4]);
    expect(inbox.batches.filter(({ length }) => length === 3)).toHaveLength(1);
  });

  it.each([
    ['nothing', ''],
    ['less than a header', '530100'],
    ['a frame without payload', '53010000'],
    ['another magic', '54010001 41'],
    ['half a frame', '53010005 2100'],
    ['a frame and a byte', '53010001 41 00'],
    ['two frames', '53010001 41 53010001 41'],
    ['a truncated time', '53210001 00000000'],
  ])('ignore %s', async (_, hex) => {
    const { peer, inbox } = await agreed();
    peer.datagram(fromHex(hex));
    peer.datagram(frameOf(20, 1));
    await turns();
    expect(numbersOf(inbox)).toEqual([0, 1]);
    expect(peer.datagrams).toEqual([]);
    expect(peer.closedWith).toBeUndefined();
  });

  it('are read up to 256 per turn; the rest of a flood is lost and uses no memory', async () => {
    const { peer, inbox } = await agreed();
    for (let i = 1; i <= 10_000; i++) peer.datagram(frameOf(1_000, i));
    await turns();
    expect(inbox.frames).toHaveLength(1 + MAX_DATAGRAMS_READ_PER_TURN);
    peer.datagram(frameOf(20, 10_001));
    await turns();
    expect(numbersOf(inbox).at(-1)).toBe(10_001);
    expect(peer.closedWith).toBeUndefined();
  });

  it('are lost without a subscriber', async () => {
    const { library } = await openDoor();
    const peer = library.arrive();
    peer.datagram(ping); // before the stream, and therefore before the connection
    peer.open(frameOf(20));
    peer.datagram(ping);
    await turns();
    expect(peer.datagrams).toEqual([]);
  });
});

describe('sending datagrams by QUIC', () => {
  it('happens after the writes of the same turn, in order, with increasing times', async () => {
    const { peer, stream, clock, connection } = await agreed();
    clock.stall(1_700_000_000_000);
    connection.datagrams!.send(frameOf(20, 1));
    connection.datagrams!.send(frameOf(20, 2));
    stream.isQuick = true;
    const seen: string[] = [];
    stream.onAccepted = () => seen.push('stream');
    peer.onDatagram = (bytes) => seen.push(`datagram ${numberOf(bytes)}`);
    connection.write(frameOf(20, 9));
    await turns();
    expect(seen).toEqual(['stream', 'datagram 1', 'datagram 2']);
    const times = peer.datagrams.map((bytes) => Number(new DataView(bytes.buffer).getBigUint64(4)));
    expect(times).toEqual([1_700_000_000_000_000, 1_700_000_000_000_001]);
  });

  it('copies its input', async () => {
    const { peer, connection } = await agreed();
    const frame = frameOf(20, 1);
    connection.datagrams!.send(frame);
    frame.fill(0);
    await turns();
    expect(peer.datagrams.map(numberOf)).toEqual([1]);
  });

  it.each([
    [undefined, 1_128],
    [1_200, 1_128],
    [1_240, 1_168],
    [16_383, 1_192],
  ])('computes the frame size for a network with packets of %p bytes', async (maxPacketBytes, largest) => {
    const { peer, connection } = await agreed({ pingIntervalMs: 1_000 });
    expect(largestFrame(maxPacketBytes)).toBe(largest);
    peer.maxPacketBytes = maxPacketBytes;
    expect(connection.datagrams!.maxBytes).toBe(1_128);
  });

  it('updates the packet size from pings', async () => {
    const { peer, clock, connection } = await agreed({ pingIntervalMs: 1_000 });
    peer.maxPacketBytes = 1_452;
    clock.increment(1_000);
    expect(connection.datagrams!.maxBytes).toBe(1_192);
  });

  it('passes a few per turn to the library, and has no capacity while the queue of the port is full', async () => {
    const { peer, connection, arrive } = await agreed();
    for (let i = 0; i < MAX_WAITING_DATAGRAMS; i++) connection.datagrams!.send(frameOf(20, i));
    expect(connection.datagrams!.maxBytes).toBe(0);
    const other = arrive();
    other.peer.datagram(ping);
    await Promise.resolve();
    expect(peer.datagrams).toHaveLength(DATAGRAMS_PER_TURN);
    expect(connection.datagrams!.maxBytes).toBeGreaterThan(0);
    await turns(10);
    expect(peer.datagrams.map(numberOf)).toEqual(Array.from({ length: MAX_WAITING_DATAGRAMS }, (_, i) => i));
  });
});

describe('the order of datagrams', () => {
  const clock = new SteadyClock();

  it('is the order of sending: overtaken datagrams are dropped', () => {
    const [stamp, reader] = [new DatagramStamp(clock), new DatagramReader()];
    const sent = [0, 1, 2, 3, 4].map((i) => stamp.on(frameOf(20, i)));
    const arrivals = [0, 2, 1, 2, 4, 3];
    expect(arrivals.filter((i) => reader.read(sent[i]!) === 'frame')).toEqual([0, 2, 4]);
    expect(reader.dropped).toBe(3);
  });

  it('does not apply without times', () => {
    const reader = new DatagramReader();
    expect([3, 1, 2].map((i) => reader.read(frameOf(20, i)))).toEqual(['frame', 'frame', 'frame']);
  });

  it('does not change the frame, with or without an earlier timestamp', () => {
    const stamp = new DatagramStamp(clock);
    const message = { type: 'publish', signal: 'stream', address: '/a', samples: [1, 2] } as const;
    for (const timestamp of [undefined, 77]) {
      const frame = stamp.on(encodeFrame(message, { timestamp, qos: 1 }));
      expect(decodeFrame(frame)).toMatchObject({ message, qos: 1 });
      expect(decodeFrame(frame).timestamp).not.toBe(timestamp);
    }
  });
});
