import { describe, expect, it } from '@jest/globals';
import { encodeFrame } from '../../src/protocol/frame.js';
import { ConnectionLost } from '../../src/transports/transport.js';
import { UdpListener as Listening } from '../../src/transports/udp/listener.js';
import { FakeUdpNetwork } from '../support/fake-udp-network.js';
import { frameOf, numberOf } from '../support/frames.js';
import { concat, fromHex } from '../support/hex.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { hello } from '../support/udp-client.js';
import { SteadyClock } from '../support/steady-clock.js';
import { connected, fakePeer, getIn, listening, onFakeNetwork, somewhere } from './udp-harness.js';

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
