import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NEVER } from 'rxjs';
import { type Client, type ClientOptions, connect, type LinkOptions } from '../../src/client/node.js';
import { createRouter, type Router, type Transport, webSocket } from '../../src/index.js';
import { quic } from '../../src/transports/quic/index.js';
import { pipe, tcp } from '../../src/transports/tcp/index.js';
import type { TlsSource } from '../../src/net/tls.js';
import { TransportUnavailable } from '../../src/net/transport-error.js';
import { udp } from '../../src/transports/udp/index.js';
import { until } from '../support/inbox.js';
import { quicCertificate } from '../support/quic-client.js';

const host = '127.0.0.1';
const certificate = await quicCertificate();
const tls: TlsSource = { credentials: certificate, renewed$: NEVER };
const folder = mkdtempSync(joinPath(tmpdir(), 'clasp-client-'));
const path = process.platform === 'win32' ? `\\\\.\\pipe\\clasp-client-${process.pid}` : joinPath(folder, 'clasp');

let router: Router;
let clients: Client[];
let url: string;

/** Every transport, with every encoding that it carries. A new transport is one line. */
const ways: readonly Way[] = [
  { name: 'ws, binary', door: (port) => webSocket({ port, host }) },
  { name: 'ws, CBOR', door: (port) => webSocket({ port, host }), options: { encoding: 'cbor' } },
  { name: 'ws, JSON', door: (port) => webSocket({ port, host }), options: { encoding: 'json' } },
  { name: 'wss', door: (port) => webSocket({ port, host, tls }), isEncrypted: true },
  { name: 'tcp', door: (port) => tcp({ port, host }) },
  { name: 'tcp, CBOR', door: (port) => tcp({ port, host }), options: { encoding: 'cbor' } },
  { name: 'tls', door: (port) => tcp({ port, host, tls }), isEncrypted: true },
  { name: 'unix', door: () => pipe({ path }) },
  { name: 'udp', door: (port) => udp({ port, host }), isLimited: true },
  { name: 'udp, CBOR', door: (port) => udp({ port, host }), options: { encoding: 'cbor' }, isLimited: true },
  ...(await onlyIfAvailable({ name: 'quic', door: (port) => quic({ port, host, tls }), isEncrypted: true })),
];

interface Way {
  readonly name: string;
  /** @param port 0 for any */
  readonly door: (port: number) => Transport;
  readonly options?: ClientOptions;
  readonly isEncrypted?: boolean;
  /** Whether a frame must fit into a datagram. */
  readonly isLimited?: boolean;
}

/** QUIC needs a package with native binaries, which are not available on every computer. */
async function onlyIfAvailable(way: Way): Promise<readonly Way[]> {
  try {
    await (await way.door(0).listen()).close();
    return [way];
  } catch (error) {
    if (!(error instanceof TransportUnavailable)) throw error;
    process.stderr.write(`not tested: ${way.name}. ${error.message}\n`);
    return [];
  }
}

afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function open(door: Way['door'], port = 0): Promise<number> {
  router = createRouter({ drainTimeoutSeconds: 1 });
  const [address] = await router.listen(door(port));
  url = address!.url;
  return address!.port;
}

describe.each(ways)('over $name', ({ door, options = {}, isEncrypted = false, isLimited = false }) => {
  let port: number;

  const join = async (more: ClientOptions & LinkOptions = {}): Promise<Client> => {
    const trust = isEncrypted ? { ca: certificate.ca, servername: 'localhost' } : {};
    const client = await connect(url, { ...options, ...trust, ...more });
    clients.push(client);
    return client;
  };

  beforeEach(async () => {
    clients = [];
    port = await open(door);
  });

  afterEach(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await router.stop();
  });

  it('transfers params, events and requests', async () => {
    const [desk, lamp] = [await join({ name: 'desk' }), await join({ name: 'lamp' })];
    const heard: unknown[] = [];
    await lamp.on('/lights/**', ({ kind, address, value }) => heard.push([kind, address, value])).ready;
    expect(await desk.set('/lights/1/dim', 0.5)).toEqual({ revision: 1 });
    desk.emit('/lights/go', 'now');
    await until(() => heard.length === 2);
    expect(heard).toEqual([
      ['param', '/lights/1/dim', 0.5],
      ['event', '/lights/go', 'now'],
    ]);
    expect(await lamp.get('/lights/1/dim')).toMatchObject({ value: 0.5, revision: 1, writer: desk.session });
    await expect(lamp.set('/lights/1/dim', 0, { revision: 7 })).rejects.toMatchObject({ code: 400 });
    expect(await lamp.ping()).toBeGreaterThanOrEqual(0);
    const { roundTripMicros } = await lamp.sync();
    expect(Math.abs(lamp.serverTime() / 1_000 - (performance.timeOrigin + performance.now()))).toBeLessThan(
      roundTripMicros / 1_000 + 1,
    );
  });

  it("transfers a value of the link's maximum size in both directions", async () => {
    const client = await join();
    const large = new Uint8Array(isLimited ? 1_200 : 65_000).fill(7);
    await client.set('/large', large);
    expect((await client.get('/large'))!.value).toEqual(large);
  });

  it('answers a thousand writes in one tick, each with its revision, and delivers them in order', async () => {
    const [desk, lamp] = [await join(), await join()];
    const heard: unknown[] = [];
    await lamp.on('/count', (signal) => signal.kind === 'param' && heard.push(signal.value)).ready;
    // Lost datagrams are not sent again, so over UDP the number of writes in flight stays below the size of any
    // socket buffer.
    const atOnce = isLimited ? 20 : 1_000;
    for (let begun = 0; begun < 1_000; begun += atOnce) {
      const answers = await Promise.all(Array.from({ length: atOnce }, (_, i) => desk.set('/count', begun + i)));
      expect(answers.map(({ revision }) => revision)).toEqual(Array.from(answers, (_, i) => begun + i + 1));
    }
    await until(() => heard.length === 1_000);
    expect(heard).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
  });

  it('a closed client has no session at the router, and keeps no handle open in the process', async () => {
    const client = await join();
    await client.close();
    // UDP has no close: there the session ends by its timeout, and router.stop() does not wait for it.
    if (!isLimited) await until(() => router.sessionCount === 0);
    expect(client.state).toBe('closed');
  });

  it('a client waits for a stopped router, and its subscriptions continue', async () => {
    const reconnect = { initialDelayMs: 20, maxDelayMs: 50 };
    const client = await join({ reconnect });
    const heard: unknown[] = [];
    await client.on('/a', (signal) => signal.kind === 'param' && heard.push(signal.value)).ready;
    await client.set('/a', 1);
    await router.stop();
    await until(() => client.state === 'reconnecting');
    await expect(client.set('/a', 2)).rejects.toMatchObject({ kind: 'offline' });
    await open(door, port);
    await until(() => client.state === 'open');
    const { revision } = await client.set('/a', 3);
    expect(revision).toBe(1); // another router
    await until(() => heard.length === 2);
    expect(heard).toEqual([1, 3]);
  });

  it('a client gets one sentence if the address has no listener', async () => {
    await router.stop();
    const attempt = join({ connectTimeoutMs: 2_000 });
    await expect(attempt).rejects.toMatchObject({ name: 'ClientError', kind: 'unreachable' });
    await expect(attempt).rejects.toThrow(url);
  });
});

describe('a certificate that is not trusted', () => {
  const encrypted = ways.filter(({ isEncrypted = false }) => isEncrypted);

  it.each(encrypted)('prevents a client from connecting over $name', async ({ door }) => {
    await open(door);
    const attempt = connect(url.replace(host, 'localhost'), { connectTimeoutMs: 3_000 });
    await expect(attempt).rejects.toMatchObject({ kind: 'unreachable', message: expect.stringMatching(/certificate/) });
    await router.stop();
  });
});
