import { describe, expect, it } from '@jest/globals';
import { type AddressInfo, createServer } from 'node:net';
import { pipe, tcp } from '../../src/transports/tcp/index.js';
import { TcpConnection } from '../../src/transports/tcp/connection.js';
import { listening } from '../../src/net/stream-server.js';
import { CLOSE_GRACE_MS, ConnectionLost } from '../../src/transports/transport.js';
import { cleanUps } from '../support/clean-ups.js';
import { singly } from '../../src/protocol/frame-run.js';
import { framed, frameOf } from '../support/frames.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { RawSocket } from '../support/raw-socket.js';
import { TcpClient } from '../support/tcp-client.js';
import { SteadyClock } from '../support/steady-clock.js';
import { newPath, connected, connectedRaw, ended, fill, local, open, tls, trust } from './tcp-harness.js';
import { urlOf } from '../support/open-listener.js';

describe('closing TCP', () => {
  it.each([
    ['tcp', () => tcp(local)],
    ['tls', () => tcp({ ...local, tls })],
    ['pipe', () => pipe({ path: newPath() })],
  ])('answers the last frames of a peer that has ended its side, by %s', async (_, create) => {
    const { listener, accepted } = await open(create());
    const client = await TcpClient.connect(urlOf(listener), trust);
    await until(() => accepted.length === 1);
    const connection = accepted[0]!;
    client.socket.end(framed('length', [frameOf(20, 1)]));
    await turns(20); // so that the frames and the end are read in one turn of the event loop
    connection.batches$.subscribe({
      next: (frames) => {
        setImmediate(() => {
          connection.write(
            framed(
              'length',
              singly(frames).filter((frame) => frame instanceof Uint8Array),
            ),
          );
        });
      },
      error: () => undefined,
    });
    expect(await client.ended).toBe('closed');
    expect(client.frames).toEqual([frameOf(20, 1)]);
  });

  it('detects the end of the peer without a subscriber', async () => {
    const { listener, accepted } = await open(tcp({ ...local, clock: new SteadyClock() }));
    const client = await TcpClient.connect(urlOf(listener));
    await until(() => accepted.length === 1);
    client.send(frameOf(20));
    const gone = new Promise<void>((resolve) => {
      accepted[0]!.drained$.subscribe({ complete: resolve });
    });
    accepted[0]!.close({ kind: 'overloaded', text: 'no room' });
    await gone;
    expect(await new Inbox(accepted[0]!.batches$).ended).toBe('completed'); // without any elapsed time
  });

  it('is not a normal end if the socket is destroyed elsewhere', async () => {
    const clock = new SteadyClock();
    const server = createServer((socket) => {
      const peer = { transport: 'tcp', socket, remoteAddress: '', cut: () => socket.destroy() } as const;
      inbox = new Inbox(new TcpConnection(peer, { maxFrameBytes: 100, clock }).batches$);
      socket.destroy();
    });
    let inbox: Inbox | undefined;
    await listening(server, local, { failed: () => undefined, rejected: () => undefined });
    cleanUps.push(() => server.close());
    const raw = await RawSocket.connect((server.address() as AddressInfo).port); // invariant: it listens on a port
    await until(() => inbox !== undefined);
    expect(await inbox!.ended).toEqual(new ConnectionLost('the connection ended without a close message'));
    raw.destroy();
  });

  it('does not wait for a peer that does not end its side', async () => {
    const clock = new SteadyClock();
    const { raw, connection, inbox } = await connectedRaw({ clock });
    connection.close({ kind: 'goingAway', text: '' });
    connection.write(framed('length', [frameOf(20)]));
    await ended(raw);
    expect(raw.received).toHaveLength(0);
    raw.write(framed('length', [frameOf(20)])); // still sending
    clock.increment(CLOSE_GRACE_MS - 1);
    await turns(20);
    expect(inbox.end).toBeUndefined();
    clock.increment(1);
    expect(await inbox.ended).toBe('completed');
    expect(inbox.frames).toEqual([]);
    raw.write(framed('length', [frameOf(20)]));
    await raw.closed; // closed without an answer
  });

  it('does not wait for a peer that does not read', async () => {
    const clock = new SteadyClock();
    const { raw, connection, inbox } = await connectedRaw({ clock });
    raw.socket.pause();
    await fill(connection);
    connection.close({ kind: 'goingAway', text: '' });
    clock.increment(CLOSE_GRACE_MS);
    expect(await inbox.ended).toBe('completed');
  });

  it('gives a slow reader time', async () => {
    const clock = new SteadyClock();
    const { client, connection, inbox } = await connected({ clock });
    client.stall();
    await fill(connection);
    connection.close({ kind: 'goingAway', text: '' });
    client.resume();
    await until(() => connection.bufferedBytes < 500_000);
    clock.increment(CLOSE_GRACE_MS); // a part was read
    expect(await client.ended).toBe('closed');
    expect(await inbox.ended).toBe('completed');
    expect(client.rest).toHaveLength(0);
  });

  it('does not keep the socket of a peer that ended its side and does not read', async () => {
    const clock = new SteadyClock();
    const { raw, connection, inbox } = await connectedRaw({ clock });
    raw.socket.pause();
    await fill(connection);
    raw.socket.end();
    await until(() => {
      clock.increment(CLOSE_GRACE_MS); // from the time at which the peer's end was read
      return inbox.end !== undefined;
    });
    expect(inbox.end).toEqual(new ConnectionLost('the peer ended the connection without a close message'));
  });

  it('completes if the peer answers the end with a reset', async () => {
    const { raw, connection, inbox } = await connectedRaw();
    connection.close({ kind: 'normal', text: '' });
    await ended(raw);
    raw.socket.resetAndDestroy();
    expect(await inbox.ended).toBe('completed');
  });

  it('is an error if this side cuts a closing connection', async () => {
    const { connection, inbox } = await connectedRaw({ clock: new SteadyClock() });
    connection.close({ kind: 'normal', text: '' });
    connection.destroy();
    expect(await inbox.ended).toEqual(new ConnectionLost('the connection was cut by this side'));
  });

  it.each([
    ['plain', undefined],
    ['encrypted', tls],
  ])('leaves no %s socket after 100 peers', async (_, tls) => {
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((name) => /^(TCPSocket|TLS)Wrap$/.test(name)).length;
    await turns(200); // those of the previous test are closing
    const before = sockets();
    const { listener, accepted } = await open(tcp({ ...local, tls }));
    for (let round = 0; round < 10; round++) {
      const clients = await Promise.all(Array.from({ length: 10 }, () => TcpClient.connect(urlOf(listener), trust)));
      await until(() => accepted.length === 10);
      const inboxes = accepted.splice(0).map(({ batches$ }) => new Inbox(batches$));
      clients.forEach((client, i) => {
        if (i % 2 === 0) client.close();
        else client.vanish();
      });
      await Promise.all([...inboxes, ...clients].map((one): Promise<unknown> => one.ended));
    }
    await until(() => sockets() <= before);
  });
});
