import { afterEach, describe, expect, it } from '@jest/globals';
import { webSocket } from '../../src/transports/websocket/index.js';
import { type Connection, ConnectionLost } from '../../src/transports/transport.js';
import { Inbox, until } from '../support/inbox.js';
import { fillNetwork, passSeconds } from '../support/slow-peer.js';
import { SteadyClock } from '../support/steady-clock.js';
import { WebSocketClient } from '../support/websocket-client.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A connection whose peer answers no ping, because it reads pings late or never. */
async function connected(
  clock: SteadyClock,
): Promise<{ client: WebSocketClient; connection: Connection; inbox: Inbox }> {
  const listener = await webSocket({ host: '127.0.0.1', port: 0, clock }).listen();
  cleanUps.push(() => listener.close());
  const accepted: Connection[] = [];
  listener.connections$.subscribe((connection) => accepted.push(connection));
  const client = await WebSocketClient.connect(listener.addresses[0]!.url, { autoPong: false });
  await until(() => accepted.length === 1);
  const connection = accepted[0]!;
  cleanUps.push(() => {
    connection.destroy();
    client.destroy();
  });
  return { client, connection, inbox: new Inbox(connection.batches$) };
}

describe('a WebSocket peer that reads slowly', () => {
  it('is alive while it reads some of its queued bytes, because pings wait behind them', async () => {
    const clock = new SteadyClock();
    const { client, connection, inbox } = await connected(clock);
    await fillNetwork(client, connection, 'websocket');
    for (let i = 1; i <= 6; i++) {
      await passSeconds(clock, 30);
      const waiting = connection.bufferedBytes;
      client.resume();
      await until(() => connection.bufferedBytes < waiting);
      await fillNetwork(client, connection, 'websocket');
    }
    expect(inbox.end).toBeUndefined();
    expect(inbox.batches.length).toBeGreaterThanOrEqual(5);
  });

  it('is lost within 90 s if it reads nothing', async () => {
    const clock = new SteadyClock();
    const { client, connection, inbox } = await connected(clock);
    await fillNetwork(client, connection, 'websocket');
    await passSeconds(clock, 91);
    expect(await inbox.ended).toEqual(new ConnectionLost('the peer answered none of 2 pings'));
  });
});
