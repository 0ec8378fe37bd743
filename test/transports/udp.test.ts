import { describe, expect, it } from '@jest/globals';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { filter, map } from 'rxjs';
import { systemClock } from '../../src/util/clock.js';
import { type Connection, ConnectionLost, type Transport } from '../../src/transports/transport.js';
import { TransportError } from '../../src/net/transport-error.js';
import { udp } from '../../src/transports/udp/index.js';
import { UdpListener as Listening } from '../../src/transports/udp/listener.js';
import { cleanUps } from '../support/clean-ups.js';
import { frameOf } from '../support/frames.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { UdpClient } from '../support/udp-client.js';
import { describeTransport } from './conformance.js';
import { clientOf, fakePeer, getIn, listening, local, onFakeNetwork, open } from './udp-harness.js';
import { portOf } from '../support/open-listener.js';

/** macOS sends no larger ones by default (`net.inet.udp.maxdgram`). */
const LARGEST = process.platform === 'darwin' ? 9_216 : 65_507;

describeTransport('udp', {
  datagrams: true,
  create: () => pastHello(udp({ ...local, maxDatagramBytes: LARGEST })),
  connect: async (_, listener) => {
    const client = await UdpClient.connect(portOf(listener));
    cleanUps.push(() => {
      client.close();
    });
    return {
      send: (frames) => {
        for (const frame of frames) void client.send(frame);
      },
      receive: async (count) => (await client.receive(count)).slice(0, count), // the ERROR of a close can follow
      stall: () => undefined,
      resume: () => undefined,
      close: () => undefined,
      destroy: () => undefined,
      ended: new Promise(() => undefined), // UDP signals no end
    };
  },
  onSameAddress: (_, listener) => udp({ ...local, port: portOf(listener) }),
});

/** The suite starts with its own first frame; over UDP a HELLO precedes it. */
function pastHello(transport: Transport): Transport {
  return {
    name: transport.name,
    listen: async () => {
      const listener = await transport.listen();
      return {
        addresses: listener.addresses,
        connections$: listener.connections$.pipe(map(withoutHello)),
        close: () => listener.close(),
      };
    },
  };
}

function withoutHello(connection: Connection): Connection {
  let first = true;
  const batches$ = connection.batches$.pipe(
    map((batch) => {
      const rest = first ? batch.slice(1) : batch;
      first = false;
      return rest;
    }),
    filter((batch) => batch.length > 0),
  );
  // The methods and fields of the connection itself, bound to it, because they access private ones.
  return new Proxy(connection, {
    get(target, name) {
      if (name === 'batches$') return batches$;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

describe('a UDP socket', () => {
  it('ends all connections with an error if it fails', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const listener = new Listening(socket, { ...listening, clock: systemClock });
    const fault = new Promise<unknown>((resolve) => {
      listener.connections$.subscribe({
        next: (connection) => inboxes.push(new Inbox(connection.batches$)),
        error: resolve,
      });
    });
    const inboxes: Inbox[] = [];
    const client = await UdpClient.connect(portOf(listener));
    cleanUps.push(() => {
      client.close();
    });
    await until(() => inboxes.length === 1);
    const cause = Object.assign(new Error('recvmsg EBADF'), { code: 'EBADF' });
    socket.emit('error', cause);
    expect(await fault).toEqual(new TransportError('the UDP port failed: recvmsg EBADF'));
    expect(await inboxes[0]!.ended).toEqual(new ConnectionLost('the UDP port failed: recvmsg EBADF'));
    await listener.close();
    const again = await udp({ ...local, port: portOf(listener) }).listen(); // the port is free
    await again.close();
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ENETDOWN', 'EHOSTUNREACH'])('survives %s', async (code) => {
    const { network, listener, accepted } = onFakeNetwork();
    const inbox = await fakePeer(network, accepted);
    network.emit('error', Object.assign(new Error(`recvmsg ${code}`), { code }));
    await turns();
    expect([listener.counts.networkFaults, inbox.end, listener.connectionCount]).toEqual([1, undefined, 1]);
  });

  const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === '::1'),
  );
  const itOnIPv6 = hasIPv6 ? it : it.skip; // a computer without IPv6 cannot test it

  itOnIPv6('on ::1 serves IPv6', async () => {
    const { listener, accepted } = await open({ host: '::1' });
    expect(listener.addresses[0]).toMatchObject({ host: '::1', url: `udp://[::1]:${portOf(listener)}` });
    const client = await clientOf(listener, { host: '::1' });
    const { connection, inbox } = await getIn(client, accepted);
    expect(connection.remoteAddress).toBe(`[::1]:${client.localPort}`);
    connection.write(frameOf(20, 1));
    expect(await client.receive(1)).toEqual([frameOf(20, 1)]);
    await client.send(frameOf(20, 2));
    expect((await inbox.receive(2))[1]).toEqual(frameOf(20, 2));
  });

  it('reports IPv4 through an IPv6 socket as IPv4', async () => {
    const { network, accepted } = onFakeNetwork();
    await fakePeer(network, accepted, { address: '::ffff:192.0.2.7', port: 4_000 });
    await fakePeer(network, accepted, { address: 'fe80::1%eth0', port: 4_001 });
    expect(accepted.map(({ remoteAddress }) => remoteAddress)).toEqual(['192.0.2.7:4000', '[fe80::1%eth0]:4001']);
    expect(network.sent[0]!.address).toBe('::ffff:192.0.2.7'); // but the answer uses the form of the socket
  });

  it('accepts a host name', async () => {
    const { listener } = await open({ host: 'localhost' });
    expect(listener.addresses[0]!.host).toBe('127.0.0.1');
  });

  it('reports a port that is in use, with the fix', async () => {
    const { listener } = await open();
    const port = portOf(listener);
    await expect(udp({ ...local, port }).listen()).rejects.toThrow(
      new RegExp(`^port ${port} is already in use; stop the other program or choose another with the option port`),
    );
  });

  it('reports an invalid port', async () => {
    await expect(udp({ ...local, port: 70_000 }).listen()).rejects.toThrow('port 70000 is invalid; choose');
    await expect(udp({ host: '192.0.2.1', port: 0 }).listen()).rejects.toThrow(
      'the address 192.0.2.1 does not belong to this computer; choose another with the option host',
    );
  });

  it.each([511, 65_508])('sends no datagrams of %d bytes', async (maxDatagramBytes) => {
    const listening = udp({ ...local, maxDatagramBytes }).listen();
    await expect(listening).rejects.toThrow(
      `datagrams of ${maxDatagramBytes} bytes are not possible; choose maxDatagramBytes from 512 to 65507`,
    );
    await expect(listening).rejects.toBeInstanceOf(TransportError);
  });
});
