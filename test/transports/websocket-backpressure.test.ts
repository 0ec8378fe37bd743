import { describe, expect, it } from '@jest/globals';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { WebSocketConnection } from '../../src/transports/websocket/connection.js';
import { UnfinishedMessages } from '../../src/transports/websocket/unfinished-messages.js';
import { framed, frameOf } from '../support/frames.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { SteadyClock } from '../support/steady-clock.js';
import { connected, fill } from './websocket-harness.js';

describe('drained$ of a WebSocket', () => {
  it('does not emit for writes that the network takes immediately', async () => {
    const { client, connection } = await connected();
    let drained = 0;
    connection.drained$.subscribe(() => drained++);
    connection.write(framed('websocket', [frameOf(20)]));
    expect(connection.bufferedBytes).toBe(0);
    await client.receive(1);
    client.stall();
    await fill(connection);
    client.resume();
    await until(() => drained === 1);
    const before = client.frames.length;
    connection.write(framed('websocket', [frameOf(20)]));
    await client.receive(before + 1);
    await turns(5);
    expect(drained).toBe(1);
  });

  it('is emitted while a ping waits after the last write', async () => {
    const clock = new SteadyClock();
    const unfinished: (() => void)[] = [];
    const socket = new Duplex({
      read: () => undefined,
      write: (_chunk, _encoding, done) => unfinished.push(done),
    });
    const connection = new WebSocketConnection(
      // The part that the connection uses; no real network delays bytes on request.
      socket as unknown as Socket,
      Buffer.alloc(0),
      {
        encoding: undefined,
        remoteAddress: '127.0.0.1:1',
        isForwarded: false,
        maxFrameBytes: 100,
        pingIntervalMs: 1_000,
        clock,
        unfinished: new UnfinishedMessages(),
      },
    );
    const buffered: number[] = [];
    connection.drained$.subscribe(() => buffered.push(connection.bufferedBytes));
    new Inbox(connection.batches$);
    connection.write(framed('websocket', [frameOf(20)]));
    clock.increment(1_000);
    expect(connection.bufferedBytes).toBe(24);
    unfinished.shift()!();
    await turns();
    expect([connection.bufferedBytes, buffered]).toEqual([2, []]);
    for (let done = unfinished.shift(); done !== undefined; done = unfinished.shift()) {
      done();
      await turns();
    }
    expect(buffered).toEqual([0]);
  });
});
