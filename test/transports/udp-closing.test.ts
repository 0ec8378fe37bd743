import { describe, expect, it } from '@jest/globals';
import { encodeFrame } from '../../src/protocol/frame.js';
import { CLOSE_GRACE_MS, ConnectionLost } from '../../src/transports/transport.js';
import { udp } from '../../src/transports/udp/index.js';
import { cleanUps } from '../support/clean-ups.js';
import { type FakeUdpNetwork } from '../support/fake-udp-network.js';
import { frameOf } from '../support/frames.js';
import { turns, until } from '../support/inbox.js';
import { hello } from '../support/udp-client.js';
import { SteadyClock } from '../support/steady-clock.js';
import {
  acceptedBy,
  connected,
  error,
  fakePeer,
  getIn,
  local,
  messagesOf,
  onFakeNetwork,
  saidOn,
  somewhere,
} from './udp-harness.js';
import { portOf } from '../support/open-listener.js';

describe('a UDP close', () => {
  it('is ERROR 501 if the router stops, 1000 if the peer has left, and nothing otherwise', async () => {
    const { network, accepted } = onFakeNetwork();
    for (const kind of ['goingAway', 'normal', 'policy', 'overloaded'] as const) {
      const inbox = await fakePeer(network, accepted);
      accepted.at(-1)!.close({ kind, text: `that is ${kind}` });
      expect(await inbox.ended).toBe('completed');
    }
    expect(saidOn(network)).toEqual([error(501, 'that is goingAway'), error(1000, 'closed')]);
  });

  it.each(['close', 'destroy'] as const)('comes after earlier input of the peer, with %s', async (leave) => {
    const { network, accepted } = onFakeNetwork();
    const inbox = await fakePeer(network, accepted);
    network.receive(frameOf(20, 1), somewhere);
    if (leave === 'close') accepted[0]!.close({ kind: 'normal', text: 'bye' });
    else accepted[0]!.destroy();
    network.receive(frameOf(20, 2), somewhere);
    expect(await inbox.ended).toEqual(leave === 'close' ? 'completed' : expect.any(ConnectionLost));
    await turns();
    expect(inbox.frames.slice(1)).toEqual([frameOf(20, 1)]);
  });

  it('makes the peer an unvalidated source', async () => {
    const { listener, connection, client, inbox } = await connected();
    connection.close({ kind: 'normal', text: 'bye' });
    expect(await inbox.ended).toBe('completed');
    await client.send(frameOf(20));
    await until(() => listener.counts.ignored === 1);
    expect(listener.connectionCount).toBe(0);
  });
});

describe('closing a UDP port', () => {
  it('ends its connections, notifies their peers, and frees the port', async () => {
    const { listener, client, inbox } = await connected();
    await Promise.all([listener.close(), listener.close()]);
    expect(await inbox.ended).toEqual(new ConnectionLost('the UDP port has closed'));
    expect(messagesOf(await client.receive(1))).toEqual([error(501, 'the UDP port has closed')]);
    const again = await udp({ ...local, port: portOf(listener) }).listen();
    const accepted = acceptedBy(again);
    cleanUps.push(() => again.close());
    await getIn(client, accepted);
  });

  it('lets a stopping router close its sessions first', async () => {
    const { listener, connection, client, inbox } = await connected();
    const closed = listener.close();
    connection.write(frameOf(20, 1));
    connection.close({ kind: 'goingAway', text: 'The router is shutting down' });
    await closed;
    expect(await inbox.ended).toBe('completed');
    const received = await client.receive(2);
    expect(received).toContainEqual(frameOf(20, 1));
    expect(received).toContainEqual(encodeFrame(error(501, 'The router is shutting down')));
  });

  it('accepts no peer from then on, even with a valid cookie', async () => {
    const { network, listener, accepted } = onFakeNetwork();
    const inbox = await fakePeer(network, accepted);
    const token = network.tokenOf(somewhere);
    const closed = listener.close();
    network.receive(encodeFrame({ ...hello, token }), somewhere);
    network.receive(encodeFrame(hello), { address: '192.0.2.8', port: 4_001 });
    network.receive(frameOf(20, 1), somewhere);
    await closed;
    expect([accepted.length, network.closed]).toEqual([1, true]);
    expect(inbox.frames).toHaveLength(2); // input of connected peers was delivered until the end
    expect(network.sent.filter(({ port }) => port === 4_001)).toEqual([]);
  });

  it.each([
    ['the network takes it', (network: FakeUdpNetwork) => network.take(Infinity)],
    [
      'the grace period ends',
      (_: FakeUdpNetwork, clock: SteadyClock) => {
        clock.increment(CLOSE_GRACE_MS);
        return Promise.resolve();
      },
    ],
  ])('waits for unsent datagrams until %s', async (_, go) => {
    const clock = new SteadyClock();
    const { network, listener, accepted } = onFakeNetwork({ clock });
    await fakePeer(network, accepted);
    network.stuck = true;
    accepted[0]!.write(frameOf(20));
    const closed = listener.close();
    await turns(3);
    expect(network.closed).toBe(false);
    await go(network, clock);
    await closed;
    expect(network.closed).toBe(true);
  });
});
