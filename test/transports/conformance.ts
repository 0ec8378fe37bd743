import { afterEach, describe, expect, it } from '@jest/globals';
import { firstValueFrom } from 'rxjs';
import {
  type Connection,
  ConnectionLost,
  type SingleFrame,
  type Listener,
  type Transport,
} from '../../src/transports/transport.js';
import type { CloseReason } from '../../src/util/close-reason.js';
import { TransportError } from '../../src/net/transport-error.js';
import { singly } from '../../src/protocol/frame-run.js';
import { digests, framed, frameOf, numberOf } from '../support/frames.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { describeDepartures } from './departures.js';

/** The other end of a connection under test: a client library or a test double. */
export interface Peer {
  /** Sends complete frames in this order. */
  send(frames: readonly Uint8Array[]): void;
  receive(count: number): Promise<readonly SingleFrame[]>;
  /** Stops reading until `resume`. */
  stall(): void;
  resume(): void;
  /** Ends the connection as its transport defines it: a Close frame with code 1000, or the end of a byte stream. */
  close(): void;
  /** Cuts the connection. */
  destroy(): void;
  /** How the connection ended for the peer: the kind of the close reason, or 'lost'. */
  readonly ended: Promise<CloseReason['kind'] | 'lost'>;
}

export interface TransportUnderTest {
  /** Creates a transport on an unused address. */
  create(): Transport;
  connect(transport: Transport, listener: Listener): Promise<Peer>;
  /** Returns a transport whose `listen` fails because the listener already uses its address. */
  onSameAddress(transport: Transport, listener: Listener): Transport;
  /**
   * Whether the transport uses datagrams. Datagrams can be lost or reordered, and no end is signaled. A peer that does
   * not read blocks no others, and connections end with their listener. The suite then sends in amounts that fit every
   * socket buffer, each after the previous one has arrived. @default false
   */
  readonly datagrams?: boolean;
  /** Whether there are network buffers between peer and router. @default true */
  readonly hasNetwork?: boolean;
  /**
   * What a peer can detect at its end. `reason`: why it was closed. `cut`: a close, distinguishable from a cut, but
   * without a reason (TCP). `nothing`: a cut between two frames looks like a close (pipes). @default 'reason'
   */
  readonly tellsEnd?: 'reason' | 'cut' | 'nothing';
  /**
   * Whether {@link Peer.close} means that the peer leaves. The end of a byte stream does not, because a system sends it
   * for a killed program too. @default true
   */
  readonly closeIsLeaving?: boolean;
  /**
   * Whether all connections use the one socket of their listener, which closes after the last of them. @default false
   */
  readonly sharesPort?: boolean;
}

const closeKinds: readonly CloseReason['kind'][] = [
  'normal',
  'goingAway',
  'protocol',
  'policy',
  'tooLarge',
  'internal',
  'overloaded',
];

/** Tests of the contract in transport.ts. Every transport with individual peers passes all of them. */
export function describeTransport(
  name: string,
  {
    create,
    connect,
    onSameAddress,
    datagrams = false,
    hasNetwork = true,
    tellsEnd = 'reason',
    closeIsLeaving = true,
    sharesPort = false,
  }: TransportUnderTest,
): void {
  /** How `batches$` ends when the peer closes. */
  const closed = closeIsLeaving ? 'completed' : (expect.any(ConnectionLost) as unknown);
  const itOnStreams = datagrams ? it.skip : it; // the tests of the datagram transport cover its behavior
  const itOnSharedLoops = datagrams || !hasNetwork ? it.skip : it;
  const itOnOwnSockets = datagrams || sharesPort ? it.skip : it; // the same applies here

  /** Checks that the peer is notified of the end, if its transport can do so. */
  async function expectToldEnd(peer: Peer, end: CloseReason['kind'] | 'lost'): Promise<void> {
    if (datagrams) return;
    const canTell = tellsEnd === 'reason' || (tellsEnd === 'cut' && end === 'lost');
    expect(await peer.ended).toBe(canTell ? end : 'normal');
  }

  /** Sorts items of datagrams, which can overtake each other, even on loopback. */
  function ordered<T extends string | number>(things: readonly T[]): readonly T[] {
    return datagrams ? [...things].sort() : things;
  }

  describe(`${name} keeps the contract of a transport`, () => {
    const cleanUps: (() => unknown)[] = [];
    afterEach(async () => {
      for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
    });

    async function listen(): Promise<{ transport: Transport; listener: Listener; accept: () => Promise<Connection> }> {
      const transport = create();
      const listener = await transport.listen();
      cleanUps.push(() => listener.close());
      const accepted: Connection[] = [];
      listener.connections$.subscribe((connection) => {
        accepted.push(connection);
        cleanUps.push(() => {
          connection.destroy();
        });
      });
      const accept = async (): Promise<Connection> => {
        await until(() => accepted.length > 0);
        return accepted.shift()!; // invariant: the line above waited for one
      };
      return { transport, listener, accept };
    }

    async function pair(): Promise<{ listener: Listener; connection: Connection; peer: Peer }> {
      const { transport, listener, accept } = await listen();
      const [connection, peer] = await Promise.all([accept(), connect(transport, listener)]);
      return { listener, connection, peer };
    }

    it('reports where it listens and who connected', async () => {
      const { listener, connection } = await pair();
      expect(listener.addresses).toEqual([expect.objectContaining({ transport: name })]);
      expect(connection.transport).toBe(name);
      expect(connection.remoteAddress).toMatch(/^(127\.0\.0\.1:[1-9]\d*|(memory|pipe):\d+)$/);
    });

    it('carries complete frames in both directions', async () => {
      const { connection, peer } = await pair();
      const inbox = new Inbox(connection.batches$);
      const lengths = [4, 5, 125, 126, 127, 1_000, 65_535];
      const { maxFrameBytes = Infinity } = connection;
      const frames = lengths.map((length, i) => frameOf(Math.min(length, maxFrameBytes), i));
      peer.send(frames);
      expect(ordered(digests(await inbox.receive(frames.length)))).toEqual(ordered(digests(frames)));
      connection.write(framed(connection.framing, frames));
      expect(ordered(digests(await peer.receive(frames.length)))).toEqual(ordered(digests(frames)));
    });

    it('carries the largest frame in both directions, 65,547 bytes unless stated otherwise', async () => {
      const { connection, peer } = await pair();
      const inbox = new Inbox(connection.batches$);
      const frame = frameOf(connection.maxFrameBytes ?? 65_547, 7);
      peer.send([frame]);
      expect(digests(await inbox.receive(1))).toEqual(digests([frame]));
      connection.write(framed(connection.framing, [frame]));
      expect(digests(await peer.receive(1))).toEqual(digests([frame]));
    });

    it('keeps the order of 10,000 frames in both directions', async () => {
      const { connection, peer } = await pair();
      const inbox = new Inbox(connection.batches$);
      const numbers = Array.from({ length: 10_000 }, (_, i) => i);
      for (const i of numbers) {
        peer.send([frameOf(40, i)]);
        connection.write(framed(connection.framing, [frameOf(40, i)]));
        if (datagrams && i % 50 === 49) await Promise.all([inbox.receive(i + 1), peer.receive(i + 1)]);
      }
      // Frames of this test are bytes; a string would fail in numberOf.
      const numbersOf = (frames: readonly SingleFrame[]): readonly number[] =>
        ordered(frames.map((frame) => numberOf(frame as Uint8Array)));
      expect(numbersOf(await inbox.receive(10_000))).toEqual(ordered(numbers));
      expect(numbersOf(await peer.receive(10_000))).toEqual(ordered(numbers));
    });

    it('delivers the frames of one write in one or a few batches, never split', async () => {
      const { connection, peer } = await pair();
      const inbox = new Inbox(connection.batches$);
      const frames = Array.from({ length: 100 }, (_, i) => frameOf(30, i));
      peer.send(frames);
      expect(ordered(digests(await inbox.receive(100)))).toEqual(ordered(digests(frames)));
      expect(inbox.batches.length).toBeLessThan(50);
    });

    itOnSharedLoops('reads a bounded part of one peer per turn of the event loop, and finally all of it', async () => {
      const { connection, peer } = await pair();
      let [inTurn, most, total] = [0, 0, 0];
      connection.batches$.subscribe({
        next: (batch) => {
          if (inTurn === 0) setImmediate(() => (inTurn = 0));
          for (const { length } of singly<SingleFrame>(batch)) {
            inTurn += length;
            total += length;
          }
          most = Math.max(most, inTurn);
        },
        error: () => undefined, // the connection is cut at the end of the test
      });
      peer.send(Array.from({ length: 1_500 }, (_, i) => frameOf(1_000, i)));
      await until(() => total === 1_500_000);
      expect(most).toBeLessThanOrEqual(4 * 65_536);
    });

    itOnStreams('keeps all input from before the subscription, including the end', async () => {
      const { connection, peer } = await pair();
      const frames = [frameOf(20, 1), frameOf(20, 2)];
      peer.send(frames);
      peer.close();
      await turns(20);
      const inbox = new Inbox(connection.batches$);
      expect(await inbox.ended).toEqual(closed);
      expect(inbox.frames).toEqual(frames);
    });

    it('allows one subscription to batches$', async () => {
      const { connection, peer } = await pair();
      const first = new Inbox(connection.batches$);
      expect(await new Inbox(connection.batches$).ended).toBeInstanceOf(Error);
      peer.send([frameOf(20)]);
      expect(await first.receive(1)).toHaveLength(1);
    });

    itOnStreams('survives peers that connect and disconnect without sending', async () => {
      const { transport, listener, accept } = await listen();
      for (const leave of ['close', 'destroy'] as const) {
        const [connection, peer] = await Promise.all([accept(), connect(transport, listener)]);
        const inbox = new Inbox(connection.batches$);
        peer[leave]();
        expect(await inbox.ended).toEqual(leave === 'close' ? closed : expect.any(ConnectionLost));
        expect(inbox.frames).toEqual([]);
      }
    });

    it.each(closeKinds)('closes with the reason %s after sending buffered frames', async (kind) => {
      const { connection, peer } = await pair();
      const inbox = new Inbox(connection.batches$);
      const frames = Array.from({ length: datagrams ? 5 : 50 }, (_, i) => frameOf(10_000, i));
      connection.write(framed(connection.framing, frames));
      connection.close({ kind, text: 'because' });
      await expectToldEnd(peer, kind);
      expect(ordered(digests(await peer.receive(frames.length)))).toEqual(ordered(digests(frames)));
      expect(await inbox.ended).toBe('completed');
    });

    it('closes with a text that exceeds the limit of a reason', async () => {
      const { connection, peer } = await pair();
      const inbox = new Inbox(connection.batches$);
      connection.close({ kind: 'policy', text: 'a' + 'é'.repeat(200) });
      await expectToldEnd(peer, 'policy');
      expect(await inbox.ended).toBe('completed');
    });

    it('closes a connection without subscribers', async () => {
      const { connection, peer } = await pair();
      peer.send([frameOf(20)]);
      connection.close({ kind: 'overloaded', text: 'no room' });
      await expectToldEnd(peer, 'overloaded');
      expect(await new Inbox(connection.batches$).ended).toBe('completed');
    });

    it('ignores a second close, a write or a destroy after the end', async () => {
      const { connection, peer } = await pair();
      const inbox = new Inbox(connection.batches$);
      connection.close({ kind: 'normal', text: 'bye' });
      connection.close({ kind: 'internal', text: 'again' });
      connection.write(framed(connection.framing, [frameOf(20)]));
      await expectToldEnd(peer, 'normal');
      expect(await peer.receive(0)).toEqual([]);
      expect(await inbox.ended).toBe('completed');
      connection.write(framed(connection.framing, [frameOf(20)]));
      connection.close({ kind: 'normal', text: 'bye' });
      connection.destroy();
      await turns(5);
      expect(inbox.end).toBe('completed');
      expect(connection.bufferedBytes).toBe(0);
    });

    it('drops input of the peer after its own close', async () => {
      const { connection, peer } = await pair();
      const inbox = new Inbox(connection.batches$);
      connection.close({ kind: 'normal', text: 'bye' });
      peer.send([frameOf(20)]);
      expect(await inbox.ended).toBe('completed');
      expect(inbox.frames).toEqual([]);
    });

    it('ends with an error on both sides when destroyed', async () => {
      const { connection, peer } = await pair();
      const inbox = new Inbox(connection.batches$);
      connection.destroy();
      connection.destroy();
      expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
      await expectToldEnd(peer, 'lost');
      expect(inbox.frames).toEqual([]);
    });

    itOnStreams('buffers for a peer that stops reading, and emits when all is sent', async () => {
      const { connection, peer } = await pair();
      const inbox = new Inbox(connection.batches$);
      peer.stall();
      const frame = frameOf(65_000);
      const bytes = framed(connection.framing, [frame]);
      let written = 0;
      // The capacity of the network is unknown: write until bytes have stayed buffered for a while.
      for (let stuck = 0; stuck < 20; stuck = connection.bufferedBytes > 0 ? stuck + 1 : 0) {
        if (connection.bufferedBytes < 1_000_000) {
          connection.write(bytes);
          written++;
        }
        await turns();
      }
      const drained = firstValueFrom(connection.drained$).then(() => connection.bufferedBytes);
      peer.resume();
      expect(await drained).toBe(0);
      expect(await peer.receive(written)).toHaveLength(written);
      expect(inbox.end).toBeUndefined();
    });

    it('completes drained$ at the end', async () => {
      const { connection } = await pair();
      const inbox = new Inbox(connection.batches$);
      const completed = new Promise<void>((resolve) => {
        connection.drained$.subscribe({ complete: resolve });
      });
      connection.close({ kind: 'normal', text: 'bye' });
      await completed;
      expect(await inbox.ended).toBe('completed');
    });

    itOnOwnSockets('keeps its connections when the listener closes, and accepts no others', async () => {
      const { transport, listener, accept } = await listen();
      let complete = false;
      const [connection, peer] = await Promise.all([accept(), connect(transport, listener)]);
      const inbox = new Inbox(connection.batches$);
      await Promise.all([listener.close(), listener.close()]);
      await expect(connect(transport, listener)).rejects.toThrow();
      peer.send([frameOf(20, 1)]);
      expect(await inbox.receive(1)).toEqual([frameOf(20, 1)]);
      connection.write(framed(connection.framing, [frameOf(20, 2)]));
      expect(await peer.receive(1)).toEqual([frameOf(20, 2)]);
      // The address is available again while they are open.
      const again = await onSameAddress(transport, listener).listen();
      again.connections$.subscribe({ complete: () => (complete = true) });
      expect(complete).toBe(false);
      await again.close();
      expect(complete).toBe(true);
    });

    it('keeps peers that connect before the subscription', async () => {
      const transport = create();
      const listener = await transport.listen();
      cleanUps.push(() => listener.close());
      const peer = await connect(transport, listener);
      cleanUps.push(() => {
        peer.destroy();
      });
      expect(await firstValueFrom(listener.connections$)).toMatchObject({ transport: name });
    });

    it('reports that an address is in use', async () => {
      const { transport, listener } = await listen();
      const error: unknown = await onSameAddress(transport, listener)
        .listen()
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TransportError);
      expect((error as TransportError).message).toMatch(/already .+; .+/); // the problem and the fix
    });
  });

  if (!datagrams) describeDepartures(name, { create, connect, closeIsLeaving, expectToldEnd });
}
