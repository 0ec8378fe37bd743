import { describe, expect, it } from '@jest/globals';
import { CLOSE_GRACE_MS, ConnectionLost } from '../../src/transports/transport.js';
import { framed, frameOf } from '../support/frames.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { WebSocketClient } from '../support/websocket-client.js';
import { SteadyClock } from '../support/steady-clock.js';
import { open, connected, connectedRaw, fill, ended } from './websocket-harness.js';
import { urlOf } from '../support/open-listener.js';

describe('closing a WebSocket', () => {
  it.each([
    [1000, 'completed'],
    [undefined, 'completed'],
    [1001, new ConnectionLost('the peer closed with code 1001')],
    [1002, new ConnectionLost('the peer closed with code 1002')],
    [1011, new ConnectionLost('the peer closed with code 1011')],
    [4000, new ConnectionLost('the peer closed with code 4000')],
  ])('with the code %s ends batches$ with %s', async (code, end) => {
    const { client, inbox } = await connected();
    client.socket.close(code, code === undefined ? undefined : 'forged\nline');
    expect(await inbox.ended).toEqual(end);
  });

  it('sends the reason, truncated at a whole character', async () => {
    const { client, connection } = await connected();
    connection.close({ kind: 'policy', text: 'a' + 'é'.repeat(100) });
    expect(await client.ended).toEqual({ code: 1008, reason: 'a' + 'é'.repeat(59) });
  });

  it('cuts off a peer that does not answer the close', async () => {
    const clock = new SteadyClock();
    const { raw, connection, inbox } = await connectedRaw({ clock });
    connection.close({ kind: 'goingAway', text: '' });
    connection.write(framed('websocket', [frameOf(20)])); // nothing may follow a close frame
    expect(await raw.receive(({ length }) => length >= 4)).toEqual(Buffer.of(0x88, 2, 0x03, 0xe9));
    clock.increment(CLOSE_GRACE_MS - 1);
    await turns(20);
    expect(inbox.end).toBeUndefined();
    expect(raw.received).toHaveLength(4);
    clock.increment(1);
    expect(await inbox.ended).toBe('completed');
  });

  it('completes if the peer answers the close with a reset', async () => {
    const { raw, connection, inbox } = await connectedRaw();
    connection.close({ kind: 'normal', text: '' });
    await raw.receive(({ length }) => length >= 4);
    raw.socket.resetAndDestroy();
    expect(await inbox.ended).toBe('completed');
  });

  it('awaits the close without pings', async () => {
    const clock = new SteadyClock();
    const { raw, connection, inbox } = await connectedRaw({ clock, pingIntervalMs: 100 });
    connection.close({ kind: 'normal', text: '' });
    for (let i = 0; i < 10; i++) clock.increment(100);
    await turns(20);
    expect(inbox.end).toBeUndefined();
    expect(raw.received).toHaveLength(4);
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

  it('ends its own side when the peer ends its side', async () => {
    const { raw, inbox } = await connectedRaw();
    raw.socket.end(); // allowHalfOpen: this end continues to read
    await ended(raw);
    expect(await inbox.ended).toEqual(new ConnectionLost('the connection ended without a Close frame'));
  });

  it('does not keep the socket of a peer that ended its side and does not read', async () => {
    const clock = new SteadyClock();
    const { raw, connection, inbox } = await connectedRaw({ clock, pingIntervalMs: 0 });
    raw.socket.pause();
    await fill(connection);
    raw.socket.end();
    await until(() => {
      clock.increment(CLOSE_GRACE_MS); // from the time at which the peer's end was read
      return inbox.end !== undefined;
    });
    expect(inbox.end).toBeInstanceOf(ConnectionLost);
  });

  it('detects a reset', async () => {
    const { raw, inbox } = await connectedRaw();
    raw.socket.resetAndDestroy();
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    expect(String(inbox.end)).toContain('the connection failed: read ECONNRESET');
  });

  it('receives the answer to its close without a subscriber', async () => {
    const { listener, accepted } = await open({ clock: new SteadyClock() });
    const client = await WebSocketClient.connect(urlOf(listener));
    accepted[0]!.close({ kind: 'overloaded', text: 'no room' });
    expect((await client.ended).code).toBe(1013); // without any elapsed time
  });

  it('leaves no socket after 200 peers', async () => {
    const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    await turns(200); // those of the previous test are closing
    const before = sockets();
    const { listener, accepted } = await open();
    for (let round = 0; round < 20; round++) {
      const clients = await Promise.all(Array.from({ length: 10 }, () => WebSocketClient.connect(urlOf(listener))));
      const inboxes = accepted.splice(0).map(({ batches$ }) => new Inbox(batches$));
      expect(inboxes).toHaveLength(10);
      clients.forEach((client, i) => {
        if (i % 2 === 0) client.close();
        else client.destroy();
      });
      await Promise.all([...inboxes, ...clients].map((one): Promise<unknown> => one.ended));
    }
    await until(() => sockets() <= before);
  });
});
