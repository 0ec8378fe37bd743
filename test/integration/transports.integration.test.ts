import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { NEVER } from 'rxjs';
import { type Client, type ClientOptions, connect, type LinkOptions } from '../../src/client/node.js';
import { openCertificate } from '../../src/certificates/index.js';
import { createRouter, type Router, webSocket } from '../../src/index.js';
import { http3Provider, quic } from '../../src/transports/quic/index.js';
import { pipe, tcp } from '../../src/transports/tcp/index.js';
import { TransportUnavailable } from '../../src/net/transport-error.js';
import { udp } from '../../src/transports/udp/index.js';
import type { TestCertificate } from '../support/certificates.js';
import { until } from '../support/official-client.js';
import { quicCertificate } from '../support/quic-client.js';

/** Every transport of one router. */
const ways = [
  { door: 'ws', encoding: 'binary' },
  { door: 'ws', encoding: 'cbor' },
  { door: 'ws', encoding: 'json' },
  { door: 'wss', encoding: 'binary' },
  { door: 'tcp', encoding: 'binary' },
  { door: 'tcp', encoding: 'cbor' },
  { door: 'tls', encoding: 'binary' },
  { door: 'pipe', encoding: 'binary' },
  { door: 'pipe', encoding: 'cbor' },
  { door: 'quic', encoding: 'binary' },
  { door: 'quic', encoding: 'cbor' },
  { door: 'udp', encoding: 'binary' },
  { door: 'udp', encoding: 'cbor' },
] as const;
type Way = (typeof ways)[number];

let router: Router;
let certificate: TestCertificate;
let folder: string;
const urls = new Map<Way['door'], string>();
const clients: Client[] = [];

beforeAll(async () => {
  certificate = await quicCertificate();
  folder = mkdtempSync(join(tmpdir(), 'clasp-'));
  router = createRouter({ name: 'All doors', drainTimeoutSeconds: 2 });
  const host = '127.0.0.1';
  const tls = { credentials: certificate, renewed$: NEVER };
  const path = process.platform === 'win32' ? `\\\\.\\pipe\\clasp-${process.pid}` : join(folder, 'clasp.sock');
  const doors = {
    ws: webSocket({ host, port: 0 }),
    wss: webSocket({ host, port: 0, tls }),
    tcp: tcp({ host, port: 0 }),
    tls: tcp({ host, port: 0, tls }),
    pipe: pipe({ path }),
    udp: udp({ host, port: 0 }),
    quic: quic({ host, port: 0, tls, provider: http3Provider() }),
  };
  for (const [door, transport] of Object.entries(doors)) {
    try {
      const [address] = await router.listen(transport);
      urls.set(door as Way['door'], address!.url); // the keys of `doors`
    } catch (error) {
      if (!(error instanceof TransportUnavailable)) throw error;
      process.stderr.write(`${error.message}\n`); // its tests are skipped
    }
  }
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

afterAll(async () => {
  await router.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function enter({ door, encoding }: Way): Promise<Client> {
  const options: ClientOptions & LinkOptions = {
    name: `${door} ${encoding}`,
    encoding,
    ca: certificate.ca,
    servername: 'localhost',
    reconnect: false,
  };
  const client = await connect(urls.get(door)!, options);
  clients.push(client);
  return client;
}

/** The transports that are available on this computer. */
function open(): readonly Way[] {
  return ways.filter(({ door }) => urls.has(door));
}

function isReliable({ door }: Way): boolean {
  return door !== 'udp';
}

describe('one router with many listeners', () => {
  it('delivers the messages of one transport over all others: all of them, in order, if the transport guarantees that', async () => {
    const publisher = await enter(ways[0]);
    const listeners = await Promise.all(
      open().map(async (way) => {
        const client = await enter(way);
        const heard: { revision: number; value: unknown }[] = [];
        const events: unknown[] = [];
        await client.on(
          '/feed/param',
          ({ revision, value }) => void heard.push({ revision: Number(revision), value }),
          {
            types: ['param'],
          },
        ).ready;
        await client.on('/feed/event', ({ value }) => void events.push(value), { types: ['event'] }).ready;
        return { way, client, heard, events };
      }),
    );
    const total = 500;
    for (let i = 1; i <= total; i++) {
      publisher.emit('/feed/event', i);
      await publisher.set('/feed/param', i);
    }
    for (const { way, heard, events } of listeners.filter((listener) => isReliable(listener.way))) {
      await until(() => heard.length >= total && events.length >= total, `all messages by ${way.door} ${way.encoding}`);
      expect(heard).toEqual(Array.from({ length: total }, (_, i) => ({ revision: i + 1, value: i + 1 })));
      expect(events).toEqual(Array.from({ length: total }, (_, i) => i + 1));
    }
    for (const { client, heard } of listeners.filter((listener) => !isReliable(listener.way))) {
      // UDP guarantees nothing. On one computer some messages arrive, and a revision distinguishes old from new.
      expect(heard.length).toBeGreaterThan(0);
      for (const { revision, value } of heard) expect(value).toBe(revision);
      expect((await client.get('/feed/param'))?.value).toBe(total);
    }
  });

  it('accepts and acknowledges messages over each transport', async () => {
    const listener = await enter(ways[0]);
    const heard = new Map<string, unknown>();
    await listener.on('/from/**', ({ address, value }) => void heard.set(address, value)).ready;
    for (const way of open()) {
      const client = await enter(way);
      const address = `/from/${way.door}/${way.encoding}`;
      // Int, Float and bytes keep their kind.
      for (const [i, value] of [7n, 0.5, Uint8Array.of(1, 2, 3), new Map([['x', 1]])].entries()) {
        expect(await client.set(`${address}/${i}`, value)).toEqual({ revision: 1 });
        await until(() => heard.has(`${address}/${i}`));
        expect(heard.get(`${address}/${i}`)).toEqual(value);
      }
    }
  });

  it('sends late joiners every param over each transport', async () => {
    const publisher = await enter(ways[0]);
    const count = 400;
    const long = 'an/address/that/is/long/enough/to/need/many/datagrams';
    await Promise.all(Array.from({ length: count }, (_, i) => publisher.set(`/late/${long}/${i}`, i)));
    for (const way of open()) {
      const client = await enter(way);
      const values = new Map<string, unknown>();
      // The next request recovers a lost datagram.
      do {
        const stop = client.on('/late/**', ({ address, value }) => void values.set(address, value), {
          types: ['param'],
        });
        await stop.ready;
        await client.ping();
        stop();
      } while (values.size < count && !isReliable(way));
      expect(values.size).toBe(count);
      expect([...values.values()]).toEqual(expect.arrayContaining([0, count - 1]));
    }
  });

  it('carries the largest message of each transport', async () => {
    const publisher = await enter(ways[0]);
    const largest = 'x'.repeat(65_000);
    for (const way of open()) {
      const client = await enter(way);
      const address = `/large/${way.door}/${way.encoding}`;
      const value = isReliable(way) ? largest : 'x'.repeat(1_200);
      let heard: unknown;
      await client.on(address, (signal) => void (heard = signal.value)).ready;
      await publisher.set(address, value);
      await until(() => heard !== undefined);
      expect(heard).toBe(value);
    }
  });

  it('is trusted by its own self-signed certificate, over each TLS transport', async () => {
    const own = await openCertificate({ dataDir: folder, names: ['localhost', '127.0.0.1'] });
    const host = '127.0.0.1';
    const router = createRouter();
    const doors = [
      webSocket({ host, port: 0, tls: own.source }),
      tcp({ host, port: 0, tls: own.source }),
      ...(urls.has('quic') ? [quic({ host, port: 0, tls: own.source })] : []),
    ];
    for (const door of doors) {
      const [address] = await router.listen(door);
      const { cert: ca } = own.source.credentials;
      const client = await connect(address!.url, { ca, servername: 'localhost', reconnect: false });
      expect(client.state).toBe('open');
      await client.close();
    }
    await router.stop();
  });

  it('notifies all sessions when it stops', async () => {
    const second = createRouter({ drainTimeoutSeconds: 2 });
    const [{ url } = { url: '' }] = await second.listen(tcp({ host: '127.0.0.1', port: 0 }));
    const [ws] = await second.listen(webSocket({ host: '127.0.0.1', port: 0 }));
    const [datagrams] = await second.listen(udp({ host: '127.0.0.1', port: 0 }));
    const states: string[] = [];
    for (const each of [url, ws!.url, datagrams!.url]) {
      const client = await connect(each, { reconnect: false });
      client.onState(({ state }) => void states.push(state));
    }
    await second.stop();
    await until(() => states.length === 3);
    expect(states).toEqual(['closed', 'closed', 'closed']);
  });
});
