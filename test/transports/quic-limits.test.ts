import { describe, expect, it } from '@jest/globals';
import { MAX_UNREAD_BYTES, MAX_UNREAD_BYTES_IN_ALL, quicCloseCodes } from '../../src/transports/quic/constants.js';
import { ConnectionLost } from '../../src/transports/transport.js';
import { type FakePeer, type FakeStream } from '../support/fake-quic.js';
import { frameOf } from '../support/frames.js';
import { Inbox } from '../support/inbox.js';
import { connectedFake, openFake } from './quic-harness.js';

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
