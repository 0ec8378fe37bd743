import { describe, expect, it } from '@jest/globals';
import { CLOSE_GRACE_MS } from '../../src/transports/transport.js';
import { cleanUps } from '../support/clean-ups.js';
import { frameOf, numberOf } from '../support/frames.js';
import { concat } from '../support/hex.js';
import { turns, until } from '../support/inbox.js';
import { SteadyClock } from '../support/steady-clock.js';
import { clientOf, connected, error, fakePeer, messagesOf, onFakeNetwork } from './udp-harness.js';

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
