import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { EMPTY } from 'rxjs';
import { tcp } from '../../src/transports/tcp/index.js';
import type { Connection, Listener, Transport } from '../../src/transports/transport.js';
import type { RejectedConnection } from '../../src/net/rejected-connections.js';
import { webSocket } from '../../src/transports/websocket/index.js';
import { SteadyClock } from '../support/steady-clock.js';
import { type TestCertificate, testCertificate } from '../support/certificates.js';
import { fromElsewhere } from '../support/from-elsewhere.js';
import { turns } from '../support/inbox.js';
import { RawSocket, upgradeRequest } from '../support/raw-socket.js';
import { eventually } from './support/eventually.js';

/**
 * Small, so that the flood needs only a few hundred sockets. The total limit of half-open connections is at most four
 * times as high.
 */
const limits = { maxHalfOpen: 64, maxHalfOpenPerAddress: 16, connectsPerSecond: 0, maxConnectsPerSecond: 0 };
const maxWaiting = 300;

let certificate: TestCertificate;
beforeAll(async () => {
  certificate = await testCertificate();
});

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A port under attack. Its clock advances only when a test advances it. */
class FloodedPort {
  readonly clock = new SteadyClock();
  readonly faults: RejectedConnection[] = [];
  readonly accepted: Connection[] = [];
  #listener!: Listener; // set by `open`, which creates every instance
  /** Number of accepted sockets, and the simulated source address. */
  #arrived = 0;
  #address = '';

  static async open(make: (clock: SteadyClock) => Transport): Promise<FloodedPort> {
    const port = new FloodedPort();
    cleanUps.push(
      fromElsewhere(() => {
        port.#arrived++;
        return port.#address;
      }),
    );
    port.#listener = await make(port.clock).listen();
    cleanUps.push(() => port.#listener.close());
    port.#listener.rejected$!.subscribe((fault) => port.faults.push(fault));
    port.#listener.connections$.subscribe((connection) => {
      port.accepted.push(connection);
      cleanUps.push(() => {
        connection.destroy();
      });
    });
    return port;
  }

  /** Connects from an address. Resolves when the port has accepted the sockets. */
  async connect(address: string, count = 1): Promise<readonly RawSocket[]> {
    this.#address = address;
    const end = this.#arrived + count;
    const { port } = this.#listener.addresses[0]!;
    const raws = await Promise.all(Array.from({ length: count }, () => RawSocket.connect(port)));
    for (const raw of raws) {
      cleanUps.push(() => {
        raw.destroy();
      });
    }
    await eventually(() => this.#arrived === end, 'the port to accept all');
    await turns(5);
    return raws;
  }

  count(kind: RejectedConnection['kind']): number {
    return this.faults.filter((fault) => fault.kind === kind).length;
  }
}

type Handshake = (raw: RawSocket) => Promise<unknown>;

const upgrade: Handshake = async (raw) => {
  raw.write(upgradeRequest());
  await raw.receive((bytes) => bytes.includes('101 Switching'));
};

const secure: Handshake = (raw) => {
  const secured = connectTls({ socket: raw.socket, servername: 'localhost', ca: certificate.ca });
  secured.on('error', () => undefined);
  return once(secured, 'secureConnect');
};

describe.each<readonly [string, (clock: SteadyClock) => Transport, string, Handshake]>([
  [
    'WebSocket',
    (clock) => webSocket({ host: '127.0.0.1', port: 0, ...limits, maxWaiting, clock, pingIntervalMs: 0 }),
    'GET / HTTP/1.1\r\nX-', // an incomplete request
    upgrade,
  ],
  [
    'TLS',
    (clock) => {
      const tls = { credentials: certificate, renewed$: EMPTY };
      return tcp({ host: '127.0.0.1', port: 0, tls, ...limits, maxWaiting, clock });
    },
    '\x16\x03\x01\x02\x00\x01', // an incomplete ClientHello
    secure,
  ],
])('connections that are opened and held, by %s', (_, make, beginning, complete) => {
  it('from one address are bounded, and do not delay another address', async () => {
    const port = await FloodedPort.open(make);
    const held = await port.connect('192.0.2.66', 400);
    for (const raw of held) raw.write(beginning);
    // 64 handshakes start, 300 connections wait, and the others exceed the limit.
    await eventually(() => port.count('refused') === 36, 'the rest to be closed');
    const [honest] = await port.connect('192.0.2.1');
    await complete(honest!);
    await eventually(() => port.accepted.length === 1, 'the honest one to be accepted');
    port.clock.increment(1_000);
    const [later] = await port.connect('192.0.2.2');
    await complete(later!);
    await eventually(() => port.accepted.length === 2, 'the later one to be accepted');
    expect(port.count('refused')).toBe(36);
  });

  it('from many addresses are bounded, and delay another address by a second at most', async () => {
    const port = await FloodedPort.open(make);
    for (let i = 0; i < 5; i++) {
      const held = await port.connect(`198.51.100.${i}`, 80);
      for (const raw of held) raw.write(beginning);
    }
    // 64 handshakes start per address, up to 256. The others wait.
    expect(port.faults).toEqual([]);
    const [honest] = await port.connect('192.0.2.1');
    await turns(20);
    port.clock.increment(1_000);
    await complete(honest!);
    await eventually(() => port.accepted.length === 1, 'the honest one to be accepted');
    expect(port.accepted[0]!.remoteAddress).toMatch(/^192\.0\.2\.1:/);
    // One of the held connections was closed to make place for it.
    await eventually(() => port.count('timeout') > 0, 'one of them to be closed');
    expect(port.count('refused')).toBe(0);
  });

  it('from the address of an honest client delay that client by at most half a handshake timeout', async () => {
    const port = await FloodedPort.open(make);
    const held = await port.connect('192.0.2.66', 64);
    for (const raw of held) raw.write(beginning);
    port.clock.increment(1_000);
    const [honest] = await port.connect('192.0.2.66');
    port.clock.increment(4_000);
    await complete(honest!);
    await eventually(() => port.accepted.length === 1, 'the honest one to be accepted');
    expect(port.count('refused')).toBe(0);
  });
});
