import { describe, expect, it } from '@jest/globals';
import { pipe, tcp, type TcpOptions } from '../../src/transports/tcp/index.js';
import { type Connection, ConnectionLost, type Transport } from '../../src/transports/transport.js';
import { cleanUps } from '../support/clean-ups.js';
import { framed, frameOf } from '../support/frames.js';
import { Inbox, until } from '../support/inbox.js';
import { fillNetwork, passSeconds } from '../support/slow-peer.js';
import { SteadyClock } from '../support/steady-clock.js';
import { TcpClient } from '../support/tcp-client.js';
import { newPath, open } from './tcp-harness.js';
import { urlOf } from '../support/open-listener.js';

async function connected(transport: Transport): Promise<{ client: TcpClient; connection: Connection; inbox: Inbox }> {
  const { listener, accepted } = await open(transport);
  const client = await TcpClient.connect(urlOf(listener));
  await until(() => accepted.length === 1);
  const connection = accepted[0]!;
  cleanUps.push(() => {
    client.vanish();
  });
  return { client, connection, inbox: new Inbox(connection.batches$) };
}

function overTcp(clock: SteadyClock, options: Partial<TcpOptions> = {}): Transport {
  return tcp({ host: '127.0.0.1', port: 0, clock, ...options });
}

describe('a TCP peer that reads none of its queued bytes', () => {
  it('is lost after 60 s, even if more is sent to it', async () => {
    const clock = new SteadyClock();
    const { client, connection, inbox } = await connected(overTcp(clock));
    await fillNetwork(client, connection, 'length');
    for (let second = 0; second < 59; second++) {
      connection.write(framed('length', [frameOf(20)]));
      await passSeconds(clock, 1);
    }
    expect(inbox.end).toBeUndefined();
    const waiting = connection.bufferedBytes;
    await passSeconds(clock, 2);
    expect(await inbox.ended).toEqual(new ConnectionLost(`the peer read none of ${waiting} queued bytes for 60 s`));
  });

  it('is kept while it reads some of them, which counts as a sign of life', async () => {
    const clock = new SteadyClock();
    const { client, connection, inbox } = await connected(overTcp(clock));
    await fillNetwork(client, connection, 'length');
    for (let i = 1; i <= 4; i++) {
      await passSeconds(clock, 50);
      const waiting = connection.bufferedBytes;
      client.resume();
      await until(() => connection.bufferedBytes < waiting);
      client.stall();
      await fillNetwork(client, connection, 'length');
    }
    await passSeconds(clock, 20);
    expect(inbox.end).toBeUndefined();
    expect(inbox.batches.length).toBeGreaterThanOrEqual(4);
    expect(inbox.frames).toEqual([]);
  });

  it('is no longer watched when all bytes are sent', async () => {
    const clock = new SteadyClock();
    const { client, connection, inbox } = await connected(overTcp(clock));
    await fillNetwork(client, connection, 'length');
    client.resume();
    await until(() => connection.bufferedBytes === 0);
    await passSeconds(clock, 600);
    expect(inbox.end).toBeUndefined();
  });

  it.each([
    ['with stallMs 0', (clock: SteadyClock) => overTcp(clock, { stallMs: 0 })],
    [
      'over a pipe, which cannot be half-open',
      (clock: SteadyClock) =>
        pipe({
          path: newPath(),
          clock,
        }),
    ],
  ])('is kept %s', async (_, create) => {
    const clock = new SteadyClock();
    const { client, connection, inbox } = await connected(create(clock));
    await fillNetwork(client, connection, 'length');
    await passSeconds(clock, 300);
    expect(inbox.end).toBeUndefined();
  });
});

describe('a TCP connection', () => {
  it('requests PINGs after 30 s of silence, unless disabled; a pipe never does', async () => {
    const clock = new SteadyClock();
    expect((await connected(overTcp(clock))).connection.pingIntervalMs).toBe(30_000);
    expect((await connected(overTcp(clock, { pingIntervalMs: 0 }))).connection.pingIntervalMs).toBeUndefined();
    expect((await connected(pipe({ path: newPath(), clock }))).connection.pingIntervalMs).toBeUndefined();
  });
});
