import { describe, expect, it } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Clock } from '../../src/util/clock.js';
import { RejectedConnections } from '../../src/net/rejected-connections.js';
import { listenLimits } from '../../src/net/listen-limits.js';
import { PendingConnections } from '../../src/http/pending-connections.js';
import type { HttpServer } from '../../src/http/http-server.js';
import { webSocket } from '../../src/transports/websocket/index.js';
import { ConnectionLost } from '../../src/transports/transport.js';
import { framed, frameOf } from '../support/frames.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { RawSocket, upgradeRequest } from '../support/raw-socket.js';
import { describeTransport } from './conformance.js';
import { SteadyClock } from '../support/steady-clock.js';
import {
  certificate,
  source,
  SecureClient,
  open,
  connected,
  handshake,
  tcpConnect,
  closed,
  expectAlive,
  fingerprintOf,
} from './websocket-tls-harness.js';
import { portOf, urlOf } from '../support/open-listener.js';
import { kindOf, local } from './websocket-harness.js';

describe('with TLS', () => {
  describeTransport('websocket', {
    create: () => webSocket({ ...local, tls: source }),
    connect: async (_, listener) => {
      const { socket, inbox, code } = await SecureClient.connect(listener);
      return {
        send: (frames) => {
          for (const frame of frames) socket.send(frame);
        },
        receive: (count) => inbox.receive(count),
        stall: () => {
          socket.pause();
        },
        resume: () => {
          socket.resume();
        },
        close: () => {
          socket.close(1000);
        },
        destroy: () => {
          socket.terminate();
        },
        ended: code.then(kindOf),
      };
    },
    onSameAddress: (_, listener) => webSocket({ host: '127.0.0.1', port: portOf(listener), tls: source }),
  });
});

/**
 * PendingConnections with a server, and sockets with equal addresses, which no real network assigns on request. The
 * sockets have the parts that it uses.
 */
function doorstep(clock: Clock): { port: EventEmitter; server: EventEmitter; socket: () => Socket } {
  const [port, server] = [new EventEmitter(), new EventEmitter()];
  const faults = new RejectedConnections();
  const step = new PendingConnections({
    ...listenLimits({ handshakeMs: 100 }),
    awaited: 'WebSocket upgrade',
    faults,
    clock,
  });
  step.watch({ port, http: server, tls: server } as unknown as HttpServer);
  const address = { localAddress: 'here', remoteAddress: 'there', remotePort: 1 };
  return { port, server, socket: () => Object.assign(new Duplex(), address) as unknown as Socket };
}

describe('the encrypted WebSocket port', () => {
  it('has the scheme wss, and reports its peers', async () => {
    const { listener, client, connection } = await connected();
    expect(urlOf(listener)).toBe(`wss://127.0.0.1:${portOf(listener)}`);
    // `ws` hides the socket; a TLS socket has a port like any other.
    const { _socket: socket } = client.socket as unknown as { _socket: TLSSocket };
    expect(connection.remoteAddress).toBe(`127.0.0.1:${socket.localPort}`);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('supports %s', async (version) => {
    const { listener } = await open();
    const { secured } = await handshake(listener, { minVersion: version, maxVersion: version });
    expect(secured.getProtocol()).toBe(version);
    expect(secured.getPeerX509Certificate()?.fingerprint256).toBe(fingerprintOf(certificate));
  });

  it('does not support TLS 1.1', async () => {
    const { listener } = await open();
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(handshake(listener, old)).rejects.toThrow(/protocol version|ECONNRESET/);
  });

  it('serves a page to browsers', async () => {
    const { listener } = await open();
    const [answer] = (await once(
      get({ host: '127.0.0.1', port: portOf(listener), ca: certificate.ca, agent: false }),
      'response',
    )) as [IncomingMessage];
    const page = await text(answer);
    expect([answer.statusCode, page]).toEqual([200, expect.stringContaining('with wss:// in front')]);
  });

  it('cuts off slow handshakes at any step, and accepts others meanwhile', async () => {
    const clock = new SteadyClock();
    const { listener, accepted } = await open({ clock, pingIntervalMs: 0 });
    const silent = await tcpConnect(listener);
    const halfway = await tcpConnect(listener);
    halfway.write(Buffer.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01)); // a ClientHello of 512 bytes that is incomplete
    const late = await tcpConnect(listener);
    clock.increment(6_000);
    // Progress does not extend the deadline.
    const secured = connectTls({ socket: late, ca: certificate.ca, servername: 'localhost' });
    await once(secured, 'secureConnect');
    secured.on('error', () => undefined).resume();
    secured.write('GET / HTTP/1.1\r\nUpgrade: webso');
    const client = await SecureClient.connect(listener);
    expect(accepted).toHaveLength(1);
    const inbox = new Inbox(accepted[0]!.batches$);
    clock.increment(3_999);
    await turns(20);
    expect([silent, halfway, late, secured].map((socket) => socket.destroyed)).toEqual([false, false, false, false]);
    clock.increment(1);
    await Promise.all([silent, halfway, secured].map((socket) => closed(socket.resume())));
    clock.increment(10_000);
    await expectAlive(client, accepted[0]!, inbox);
  });

  it('closes pending connections when it closes', async () => {
    const { listener } = await open({ clock: new SteadyClock() }); // no deadline expires
    const silent = await tcpConnect(listener);
    const { secured } = await handshake(listener);
    await turns(10);
    await listener.close();
    await Promise.all([closed(silent.resume()), closed(secured)]);
  });

  it('distinguishes a closed connection from a new one with the same address', async () => {
    const clock = new SteadyClock();
    const { port, server, socket } = doorstep(clock);
    const [gone, here, secured, unknown] = [socket(), socket(), socket(), socket()];
    port.emit('connection', gone);
    port.emit('connection', here);
    gone.emit('close');
    server.emit('secureConnection', secured);
    expect(secured.destroyed).toBe(false);
    server.emit('secureConnection', unknown); // its deadline would never run
    expect(unknown.destroyed).toBe(true);
    await clock.pass(100);
    expect(here.destroyed).toBe(true);
  });

  it('keeps no deadline for a closed connection', () => {
    const pending = new Set<unknown>();
    const setTimeout = (callback: () => void): unknown => {
      pending.add(callback);
      return callback;
    };
    const { port, socket } = doorstep({ now: () => 0, setTimeout, clearTimeout: (id) => pending.delete(id) });
    const gone = socket();
    port.emit('connection', gone);
    expect(pending.size).toBe(2); // its deadline, and the watch of the clock
    gone.emit('close');
    expect(pending.size).toBe(0);
  });

  it.each([
    ['a request without TLS', upgradeRequest()],
    ['garbage', '\x16\x03\x01\x00\x02zz' + 'z'.repeat(300)],
  ])('closes the connection on %s, without effect on others', async (_, bytes) => {
    const { listener, accepted, client, connection, inbox } = await connected();
    const raw = await RawSocket.connect(portOf(listener));
    raw.write(bytes);
    raw.socket.on('end', () => {
      raw.destroy();
    });
    await raw.closed;
    expect(raw.received.toString()).not.toMatch('HTTP');
    await expectAlive(client, connection, inbox);
    expect(accepted).toHaveLength(1);
  });

  it('survives peers that reset the connection before, during and after the handshake', async () => {
    const { listener, client, connection, inbox } = await connected();
    for (let round = 0; round < 20; round++) {
      const before = connectTcp({ host: '127.0.0.1', port: portOf(listener) });
      await once(before, 'connect');
      before.resetAndDestroy();
      const within = await tcpConnect(listener);
      connectTls({ socket: within, ca: certificate.ca }).on('error', () => undefined);
      await turns(round % 5);
      within.resetAndDestroy();
      const { below } = await handshake(listener);
      below.resetAndDestroy();
    }
    await expectAlive(client, connection, inbox);
  });

  it('leaves no socket after 60 peers', async () => {
    const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    await turns(200); // those of the previous test are closing
    const before = sockets();
    const { listener, accepted } = await open();
    for (let round = 0; round < 6; round++) {
      const clients = await Promise.all(Array.from({ length: 10 }, () => SecureClient.connect(listener)));
      await until(() => accepted.length === 10);
      const inboxes = accepted.splice(0).map(({ batches$ }) => new Inbox(batches$));
      clients.forEach(({ socket }, i) => {
        if (i % 2 === 0) socket.close();
        else socket.terminate();
      });
      await Promise.all([...inboxes.map(({ ended }) => ended), ...clients.map(({ code }) => code)]);
    }
    await until(() => sockets() <= before);
  });

  it('detects a reset, and a peer that ends its side', async () => {
    const { listener, accepted } = await open();
    for (const leave of ['resetAndDestroy', 'end'] as const) {
      const { secured, below } = await handshake(listener);
      secured.write(upgradeRequest());
      await until(() => accepted.length === 1);
      const inbox = new Inbox(accepted.shift()!.batches$);
      await turns(5);
      if (leave === 'end') secured.end();
      else below.resetAndDestroy();
      expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
      await closed(secured);
    }
  });

  it('counts buffered bytes exactly, and emits once when they are sent', async () => {
    const { client, connection } = await connected();
    const buffered: number[] = [];
    connection.drained$.subscribe(() => buffered.push(connection.bufferedBytes));
    const bytes = framed('websocket', [frameOf(1_000)]);
    connection.write(bytes);
    connection.write(bytes);
    expect(connection.bufferedBytes).toBe(2 * bytes.length); // encryption never completes during the call
    await client.inbox.receive(2);
    await until(() => buffered.length > 0);
    await turns(10);
    expect(buffered).toEqual([0]);
    client.socket.pause();
    const large = framed('websocket', [frameOf(65_000)]);
    for (let stuck = 0; stuck < 20; stuck = connection.bufferedBytes > 0 ? stuck + 1 : 0) {
      if (connection.bufferedBytes < 1_000_000) connection.write(large);
      await turns();
    }
    const before = connection.bufferedBytes;
    connection.write(bytes);
    expect(connection.bufferedBytes - before).toBe(bytes.length);
  });
});
