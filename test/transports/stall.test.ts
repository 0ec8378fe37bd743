import { portOf } from '../support/open-listener.js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { NEVER } from 'rxjs';
import { encodeFrame } from '../../src/protocol/frame.js';
import { quicCloseCodes } from '../../src/transports/quic/constants.js';
import { quic } from '../../src/transports/quic/index.js';
import { tcp } from '../../src/transports/tcp/index.js';
import { CLOSE_GRACE_MS, type Connection, ConnectionLost, type Listener } from '../../src/transports/transport.js';
import { defaults as udpDefaults } from '../../src/transports/udp/constants.js';
import { UdpListener } from '../../src/transports/udp/listener.js';
import { webSocket } from '../../src/transports/websocket/index.js';
import { testCertificate } from '../support/certificates.js';
import { faultsOf } from '../support/rejected-connections.js';
import { FakeQuic } from '../support/fake-quic.js';
import { FakeUdpNetwork } from '../support/fake-udp-network.js';
import { framed, frameOf } from '../support/frames.js';
import { Inbox, until } from '../support/inbox.js';
import { RawSocket, upgradeRequest } from '../support/raw-socket.js';
import { inputRead, SteadyClock } from '../support/steady-clock.js';
import { TcpClient } from '../support/tcp-client.js';
import { hello } from '../support/udp-client.js';
import { WebSocketClient } from '../support/websocket-client.js';

// Models a stopped process, a suspended virtual machine or a blocked event loop: time passes, no timer runs, and input
// of live peers waits. All time is simulated; `clock.stall` is the stall.

const STALL_MS = 45_000;
const GRACE_MS = 30_000;
const local = { host: '127.0.0.1', port: 0 };

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function acceptedBy(listener: Listener): Connection[] {
  const accepted: Connection[] = [];
  cleanUps.push(() => listener.close());
  listener.connections$.subscribe((connection) => {
    accepted.push(connection);
    cleanUps.push(() => {
      connection.destroy();
    });
  });
  return accepted;
}

describe('after a stall, the WebSocket port', () => {
  /** A peer that has answered neither of two pings when the process stops. */
  async function unanswered(): Promise<{ clock: SteadyClock; client: WebSocketClient; inbox: Inbox }> {
    const clock = new SteadyClock();
    const listener = await webSocket({ ...local, clock }).listen();
    const accepted = acceptedBy(listener);
    const client = await WebSocketClient.connect(listener.addresses[0]!.url, { autoPong: false });
    await until(() => accepted.length === 1);
    const inbox = new Inbox(accepted[0]!.batches$);
    for (let ping = 1; ping <= 2; ping++) {
      const pinged = once(client.socket, 'ping');
      clock.increment(30_000);
      await pinged;
    }
    clock.stall(STALL_MS);
    return { clock, client, inbox };
  }

  it('keeps a peer whose pong waited unread', async () => {
    const { clock, client, inbox } = await unanswered();
    client.socket.pong();
    await inbox.receiveBatches(1);
    await clock.pass(GRACE_MS);
    expect(inbox.end).toBeUndefined();
  });

  it('loses a peer that stays silent in the grace period', async () => {
    const { clock, inbox } = await unanswered();
    await clock.pass(GRACE_MS - 1);
    expect(inbox.end).toBeUndefined();
    clock.increment(1);
    expect(await inbox.ended).toEqual(new ConnectionLost('the peer answered none of 2 pings'));
  });

  it('accepts an upgrade that waited unread past its deadline', async () => {
    const clock = new SteadyClock();
    const listener = await webSocket({ ...local, clock }).listen();
    const accepted = acceptedBy(listener);
    const faults = faultsOf(listener);
    const raw = await RawSocket.connect(portOf(listener));
    cleanUps.push(() => {
      raw.destroy();
    });
    await WebSocketClient.connect(listener.addresses[0]!.url); // the earlier one was accepted
    clock.stall(STALL_MS);
    await inputRead();
    raw.write(upgradeRequest());
    await until(() => accepted.length === 2);
    expect(faults).toEqual([]);
  });
});

describe('after a stall, the TCP port', () => {
  it('continues a TLS handshake that waited unread past its deadline', async () => {
    const clock = new SteadyClock();
    const certificate = await testCertificate();
    const listener = await tcp({ ...local, clock, tls: { credentials: certificate, renewed$: NEVER } }).listen();
    const accepted = acceptedBy(listener);
    const faults = faultsOf(listener);
    const socket = connect(portOf(listener), '127.0.0.1');
    await once(socket, 'connect');
    const quick = await TcpClient.connect(listener.addresses[0]!.url, { ca: certificate.ca });
    clock.stall(STALL_MS);
    await inputRead();
    const secured = connectTls({ socket, ca: certificate.ca, servername: 'localhost' });
    await once(secured, 'secureConnect');
    await until(() => accepted.length === 2);
    expect(faults).toEqual([]);
    secured.destroy();
    quick.vanish();
  });

  it('allows a peer to end its side, as requested before the stall', async () => {
    const clock = new SteadyClock();
    const listener = await tcp({ ...local, clock }).listen();
    const accepted = acceptedBy(listener);
    const client = await TcpClient.connect(listener.addresses[0]!.url);
    client.socket.allowHalfOpen = true; // its answer takes some time
    await until(() => accepted.length === 1);
    const inbox = new Inbox(accepted[0]!.batches$);
    accepted[0]!.close({ kind: 'normal', text: '' });
    await once(client.socket, 'end');
    clock.stall(CLOSE_GRACE_MS + STALL_MS);
    await inputRead();
    expect(inbox.end).toBeUndefined();
    client.socket.end();
    expect(await client.ended).toBe('closed');
    expect(await inbox.ended).toBe('completed');
  });
});

describe('after a stall, the UDP port', () => {
  const source = { address: '192.0.2.7', port: 4_000 };

  function open(): { clock: SteadyClock; network: FakeUdpNetwork; accepted: Connection[] } {
    const clock = new SteadyClock();
    const network = new FakeUdpNetwork();
    const listener = new UdpListener(network.asSocket(), { ...udpDefaults, clock });
    const accepted: Connection[] = [];
    listener.connections$.subscribe((connection) => accepted.push(connection));
    return { clock, network, accepted };
  }

  async function connected(): Promise<{ clock: SteadyClock; network: FakeUdpNetwork; inbox: Inbox }> {
    const { clock, network, accepted } = open();
    network.letIn(source);
    await until(() => accepted.length === 1);
    return { clock, network, inbox: new Inbox(accepted[0]!.batches$) };
  }

  it('keeps every peer that sends within the grace period', async () => {
    const { clock, network, inbox } = await connected();
    await clock.pass(20_000);
    clock.stall(STALL_MS);
    await inputRead();
    expect(inbox.end).toBeUndefined();
    network.receive(new Uint8Array(), source);
    await clock.pass(29_000);
    expect(inbox.end).toBeUndefined();
  });

  it('keeps a peer whose datagram is read in the turn after the timers', async () => {
    const { clock, network, inbox } = await connected();
    for (let i = 0; i < 29; i++) clock.increment(1_000);
    clock.increment(1_000); // no stall: the sweep is due, and the datagram is not read yet
    setImmediate(() => {
      network.receive(new Uint8Array(), source);
    });
    await clock.pass(3_000);
    expect(inbox.end).toBeUndefined();
  });

  it('loses a peer that stays silent in the grace period', async () => {
    const { clock, inbox } = await connected();
    clock.stall(STALL_MS);
    await clock.pass(GRACE_MS - 1);
    expect(inbox.end).toBeUndefined();
    await clock.pass(1);
    expect(await inbox.ended).toEqual(new ConnectionLost('the peer was silent for 30 s'));
  });

  it('accepts a HELLO whose cookie expired while it waited unread', async () => {
    const { clock, network, accepted } = open();
    const token = network.tokenOf(source);
    clock.increment(10_000);
    clock.stall(600_000);
    network.receive(encodeFrame({ ...hello, token }), source);
    await until(() => accepted.length === 1);
  });

  it('rejects such a cookie after the grace period', async () => {
    const { clock, network, accepted } = open();
    const token = network.tokenOf(source);
    clock.stall(600_000);
    clock.increment(GRACE_MS);
    network.receive(encodeFrame({ ...hello, token }), source);
    await inputRead();
    expect(accepted).toEqual([]);
  });
});

describe('after a stall, the QUIC port', () => {
  async function open(): Promise<{ clock: SteadyClock; library: FakeQuic; accepted: Connection[] }> {
    const clock = new SteadyClock();
    const library = new FakeQuic();
    const tls = { credentials: { key: '', cert: '' }, renewed$: NEVER };
    const listener = await quic({ ...local, tls, provider: library, clock, pingIntervalMs: 0 }).listen();
    const accepted: Connection[] = [];
    listener.connections$.subscribe((connection) => accepted.push(connection));
    return { clock, library, accepted };
  }

  it('accepts a stream that waited unread past its deadline', async () => {
    const { clock, library, accepted } = await open();
    const peer = library.arrive();
    clock.stall(STALL_MS);
    await inputRead();
    peer.open(frameOf(20));
    await clock.pass(GRACE_MS);
    expect(accepted).toHaveLength(1);
    expect(peer.closedWith).toBeUndefined();
  });

  it('keeps a peer that reads its queued bytes within the grace period', async () => {
    const { clock, library, accepted } = await open();
    const peer = library.arrive();
    const stream = peer.open(frameOf(20));
    const connection = accepted[0]!;
    connection.write(framed('raw', [frameOf(20)]));
    for (let look = 0; look < 2; look++) {
      peer.counts.packetsIn++;
      await clock.pass(1_000);
    }
    peer.counts.packetsIn++;
    clock.stall(STALL_MS);
    await inputRead();
    expect(peer.closedWith).toBeUndefined();
    stream.accept();
    await clock.pass(GRACE_MS);
    expect(peer.closedWith).toBeUndefined();
  });

  it('cuts off a peer that reads nothing in the grace period', async () => {
    const { clock, library, accepted } = await open();
    const peer = library.arrive();
    peer.open(frameOf(20));
    accepted[0]!.write(framed('raw', [frameOf(20)]));
    for (let look = 0; look < 2; look++) {
      peer.counts.packetsIn++;
      await clock.pass(1_000);
    }
    clock.stall(STALL_MS);
    peer.counts.packetsIn++;
    await clock.pass(GRACE_MS);
    expect(peer.closedWith?.code).toBe(quicCloseCodes.overloaded);
  });
});
