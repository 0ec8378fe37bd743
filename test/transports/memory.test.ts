import { describe, expect, it } from '@jest/globals';
import { memory, memoryLink, type MemoryTransport } from '../../src/transports/memory/index.js';
import { CLOSE_GRACE_MS, ConnectionLost, type Transport } from '../../src/transports/transport.js';
import type { CloseReason } from '../../src/util/close-reason.js';
import { framed, frameOf } from '../support/frames.js';
import { Inbox, turns } from '../support/inbox.js';
import { describeTransport, type Peer } from './conformance.js';
import { SteadyClock } from '../support/steady-clock.js';

describeTransport('memory', {
  create: () => memory(),
  // Invariant: create() returned it.
  connect: (transport) => Promise.resolve().then(() => connectMemory(transport as MemoryTransport)),
  onSameAddress: (transport): Transport => transport,
  hasNetwork: false,
});

function connectMemory(transport: MemoryTransport): Peer {
  const client = transport.connect();
  const inbox = new Inbox(client.batches$);
  return {
    send: (frames) => client.write(framed('raw', frames)),
    receive: async (count) => inbox.receive(count),
    stall: () => client.stall(),
    resume: () => client.resume(),
    close: () => client.close({ kind: 'normal', text: 'bye' }),
    destroy: () => client.destroy(),
    ended: inbox.ended.then((end): CloseReason['kind'] | 'lost' =>
      end === 'completed' ? (client.closeReason?.kind ?? 'normal') : 'lost',
    ),
  };
}

describe('memoryLink', () => {
  it.each([
    ['normal', 'completed'],
    ['goingAway', new ConnectionLost('the peer closed with the reason goingAway')],
    ['overloaded', new ConnectionLost('the peer closed with the reason overloaded')],
  ] as const)('treats a client that closes with the reason %s as %s', async (kind, end) => {
    const { client, server } = memoryLink();
    client.close({ kind, text: '' });
    expect(await new Inbox(server.batches$).ended).toEqual(end);
  });

  it('creates one batch per write', async () => {
    const { client, server } = memoryLink();
    const inbox = new Inbox(server.batches$);
    client.write(framed('raw', [frameOf(20, 1), frameOf(20, 2)]));
    client.write(framed('raw', [frameOf(20, 3)]));
    expect(inbox.batches).toEqual([]); // never during the call
    expect(await inbox.receiveBatches(2)).toEqual([[frameOf(20, 1), frameOf(20, 2)], [frameOf(20, 3)]]);
  });

  it('joins a frame that was written in pieces', async () => {
    const { client, server } = memoryLink();
    const inbox = new Inbox(server.batches$);
    const frame = frameOf(20, 1);
    for (const byte of frame) client.write(Uint8Array.of(byte));
    expect(await inbox.receive(1)).toEqual([frame]);
  });

  it('copies the bytes when they are written', async () => {
    const { client, server } = memoryLink();
    const inbox = new Inbox(server.batches$);
    const bytes = frameOf(20, 1);
    client.write(bytes);
    bytes.fill(0);
    expect(await inbox.receive(1)).toEqual([frameOf(20, 1)]);
  });

  it('carries JSON messages from the client, in order with frames', async () => {
    const { client, server } = memoryLink();
    const inbox = new Inbox(server.batches$);
    client.sendText('{"type":"ping"}');
    client.write(frameOf(20, 1));
    expect(await inbox.receive(2)).toEqual(['{"type":"ping"}', frameOf(20, 1)]);
  });

  it('delivers after its latency, to the millisecond', async () => {
    const clock = new SteadyClock();
    const { client, server } = memoryLink({ latencyMs: 30, clock });
    const inbox = new Inbox(server.batches$);
    client.write(frameOf(20, 1));
    clock.increment(10);
    client.write(frameOf(20, 2));
    clock.increment(19);
    await turns();
    expect(inbox.frames).toEqual([]);
    clock.increment(1);
    expect(inbox.frames).toEqual([frameOf(20, 1)]);
    expect(client.bufferedBytes).toBe(20);
    clock.increment(10);
    expect(inbox.frames).toEqual([frameOf(20, 1), frameOf(20, 2)]);
    expect(client.bufferedBytes).toBe(0);
  });

  it('loses complete frames by its ratio', async () => {
    const rolls = [0.1, 0.5, 0.49, 0.9];
    const { client, server } = memoryLink({ lossRatio: 0.5, random: () => rolls.shift()! });
    const inbox = new Inbox(server.batches$);
    client.write(
      framed(
        'raw',
        [1, 2, 3, 4].map((n) => frameOf(20, n)),
      ),
    );
    expect(await inbox.receiveBatches(1)).toEqual([[frameOf(20, 2), frameOf(20, 4)]]);
  });

  it('counts the bytes that a stalled peer has not read', () => {
    const { client, server } = memoryLink();
    new Inbox(client.batches$);
    client.stall();
    server.write(frameOf(100));
    server.write(frameOf(50));
    expect(server.bufferedBytes).toBe(150);
  });

  it('ends on bytes that are not a frame', async () => {
    const { client, server } = memoryLink();
    const [atClient, atServer] = [new Inbox(client.batches$), new Inbox(server.batches$)];
    client.write(Uint8Array.of(0x47, 0x45, 0x54, 0x20));
    expect(await atServer.ended).toEqual(expect.any(ConnectionLost));
    expect(String(atServer.end)).toContain('not a frame');
    expect(await atClient.ended).toEqual(expect.any(ConnectionLost));
  });

  it('cuts off a peer that does not read the close', async () => {
    const clock = new SteadyClock();
    const { client, server } = memoryLink({ clock });
    const [atClient, atServer] = [new Inbox(client.batches$), new Inbox(server.batches$)];
    client.stall();
    server.write(frameOf(20));
    server.close({ kind: 'goingAway', text: 'bye' });
    clock.increment(CLOSE_GRACE_MS - 1);
    await turns();
    expect(atServer.end).toBeUndefined();
    clock.increment(1);
    expect(await atServer.ended).toBe('completed');
    expect(await atClient.ended).toBeInstanceOf(ConnectionLost);
    expect(atClient.frames).toEqual([]);
  });

  it('drops input that arrives while its close is in transit', async () => {
    const clock = new SteadyClock();
    const { client, server } = memoryLink({ clock, latencyMs: 30 });
    const atServer = new Inbox(server.batches$);
    new Inbox(client.batches$);
    client.write(frameOf(20));
    clock.increment(10);
    server.close({ kind: 'normal', text: 'bye' });
    clock.increment(20);
    clock.increment(10);
    expect(await atServer.ended).toBe('completed');
    expect(atServer.frames).toEqual([]);
  });

  it('reports that nothing listens', async () => {
    const transport = memory();
    expect(() => transport.connect()).toThrow('nothing listens on this in-memory transport; call listen() first');
    const listener = await transport.listen();
    await listener.close();
    expect(() => transport.connect()).toThrow('nothing listens');
  });
});
