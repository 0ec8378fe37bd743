import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { NEVER } from 'rxjs';
import type { Client } from '../../src/client/node.js';
import { createRouter, type Router, webSocket } from '../../src/index.js';
import { encodeFrame } from '../../src/protocol/frame.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import type { Value } from '../../src/protocol/values/value.js';
import { quic } from '../../src/transports/quic/index.js';
import { pipe, tcp } from '../../src/transports/tcp/index.js';
import type { Transport } from '../../src/transports/transport.js';
import { TransportUnavailable } from '../../src/net/transport-error.js';
import { udp } from '../../src/transports/udp/index.js';
import { OfficialClient, until } from '../support/official-client.js';
import { quicCertificate } from '../support/quic-client.js';

const host = '127.0.0.1';
const certificate = await quicCertificate();
const tls = { credentials: certificate, renewed$: NEVER };
const folder = mkdtempSync(join(tmpdir(), 'clasp-'));
const caFile = join(folder, 'ca.pem');
writeFileSync(caFile, certificate.ca);
const path = process.platform === 'win32' ? `\\\\.\\pipe\\clasp-${process.pid}` : join(folder, 'clasp.sock');

/** Each transport. If only a timeout can show that a process was killed, that timeout is short. */
const transports: Readonly<Record<string, Transport>> = {
  ws: webSocket({ host, port: 0 }),
  wss: webSocket({ host, port: 0, tls }),
  tcp: tcp({ host, port: 0 }),
  tls: tcp({ host, port: 0, tls }),
  pipe: pipe({ path }),
  udp: udp({ host, port: 0, idleMs: 3_000 }),
  quic: quic({ host, port: 0, tls, maxIdleTimeoutMs: 3_000 }),
};

let router: Router;
let watcher: Client;
const urls = new Map<string, string>();
const reasons: string[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  router = createRouter();
  for (const [name, transport] of Object.entries(transports)) {
    try {
      const [address] = await router.listen(transport);
      urls.set(name, address!.url);
    } catch (error) {
      if (!(error instanceof TransportUnavailable)) throw error;
      process.stderr.write(`${error.message}\n`); // its tests are skipped
    }
  }
  router.on('session.closed', ({ name, end }) => {
    if (name === 'departing') reasons.push(end.kind);
  });
  watcher = await router.connect({ name: 'watcher' });
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  reasons.length = 0;
});

afterAll(async () => {
  await watcher.close();
  await router.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a client in its own process, which has set its last will. */
async function depart(url: string, willAddress: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('../support/departing-client.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, url, willAddress, caFile], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

const ends: readonly (readonly [string, (child: ChildProcess) => void, 'left' | 'lost'])[] = [
  ['calls close()', (child) => child.stdin!.write('close\n'), 'left'],
  ['exits without it', (child) => child.stdin!.write('exit\n'), 'lost'],
  ['is killed', (child) => child.kill('SIGKILL'), 'lost'],
];

describe.each(Object.keys(transports))('a client process over %s', (name) => {
  it.each(ends)('that %s runs its last will only if it is lost', async (how, end, kind) => {
    const url = urls.get(name);
    if (url === undefined) return; // beforeAll has printed the reason
    const address = `/wills/${name}/${how.split(' ')[0]}`;
    end(await depart(url, address));
    await until(() => reasons.length > 0, 'its session is over');
    expect(reasons).toEqual([kind]);
    expect((await watcher.get(address))?.value).toBe(kind === 'lost' ? true : undefined);
  });
});

describe('the official client', () => {
  it('runs no last will if it calls close(), which sends a Close frame without a code', async () => {
    const client = await OfficialClient.connect(urls.get('ws')!, { name: 'departing' });
    const set = new Map<string, Value>(Object.entries({ type: 'set', address: '/wills/official', value: true }));
    const meta = { default: encodeValue(new Map<string, Value>([['messages', [set]]])) };
    // It has no method for ANNOUNCE, and its socket is private. It is the `ws` of the test support.
    const { ws } = client.clasp as unknown as { readonly ws: { send(bytes: Uint8Array): void } };
    ws.send(
      encodeFrame({ type: 'announce', namespace: '', signals: [{ address: '/$clasp/will', type: 'event', meta }] }),
    );
    await until(() => client.all('ack').length > 0, 'the router has the will');
    client.close();
    await until(() => reasons.length > 0, 'its session is over');
    expect(reasons).toEqual(['left']);
    expect(await watcher.get('/wills/official')).toBeUndefined();
  });
});

describe('a client in the process of the router', () => {
  it('has left when it calls close()', async () => {
    const client = await router.connect({ name: 'departing' });
    const will = { messages: [{ type: 'set', address: '/wills/local', value: true }] };
    await client.announce('/local', [{ address: '/$clasp/will', type: 'event', meta: { default: will } }]);
    await client.close();
    await until(() => reasons.length > 0, 'its session is over');
    expect(reasons).toEqual(['left']);
    expect(await watcher.get('/wills/local')).toBeUndefined();
  });
});
