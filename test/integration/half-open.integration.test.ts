import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { NEVER } from 'rxjs';
import type { Client } from '../../src/client/node.js';
import { createRouter, type Router, webSocket } from '../../src/index.js';
import { quic } from '../../src/transports/quic/index.js';
import { pipe, tcp } from '../../src/transports/tcp/index.js';
import type { Transport } from '../../src/transports/transport.js';
import { TransportUnavailable } from '../../src/net/transport-error.js';
import { udp } from '../../src/transports/udp/index.js';
import { quicCertificate } from '../support/quic-client.js';

/** The client has a network namespace of its own, behind a pair of virtual interfaces. */
const namespace = `clasp-${process.pid}`;
const [near, far] = [`cl${process.pid % 100_000}a`, `cl${process.pid % 100_000}b`];
/** Four addresses of RFC 2544 per run, so that concurrent runs do not collide. */
const block = process.pid % 32_768;
const net = `198.${18 + (block >> 14)}.${(block >> 6) & 0xff}`;
const [routerHost, clientHost] = [`${net}.${4 * (block & 0x3f) + 1}`, `${net}.${4 * (block & 0x3f) + 2}`];

function ip(...args: string[]): boolean {
  return spawnSync('ip', args).status === 0;
}

/** Creates the namespace. @returns whether this computer permits it */
function makeNamespace(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !ip('netns', 'add', namespace)) return false;
  return (
    ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', namespace) &&
    ip('addr', 'add', `${routerHost}/30`, 'dev', near) &&
    ip('link', 'set', near, 'up') &&
    ip('-n', namespace, 'addr', 'add', `${clientHost}/30`, 'dev', far) &&
    ip('-n', namespace, 'link', 'set', far, 'up')
  );
}

function removeNamespace(): void {
  ip('link', 'del', near);
  ip('netns', 'del', namespace);
}

const hasNamespace = makeNamespace();
if (!hasNamespace) removeNamespace();
const itInNamespace = hasNamespace ? it : it.skip;
const itOnUnix = process.platform === 'win32' ? it.skip : it;

const certificate = await quicCertificate();
const tls = { credentials: certificate, renewed$: NEVER };
const folder = mkdtempSync(join(tmpdir(), 'clasp-'));
const caFile = join(folder, 'ca.pem');
writeFileSync(caFile, certificate.ca);

/** Each transport with short timeouts, so that the test does not take minutes. */
function transportsAt(host: string): Readonly<Record<string, Transport>> {
  return {
    ws: webSocket({ host, port: 0, pingIntervalMs: 2_000 }),
    tcp: tcp({ host, port: 0, pingIntervalMs: 2_000 }),
    tls: tcp({ host, port: 0, tls, pingIntervalMs: 2_000 }),
    udp: udp({ host, port: 0, idleMs: 5_000 }),
    quic: quic({ host, port: 0, tls, maxIdleTimeoutMs: 5_000, pingIntervalMs: 500 }),
  };
}

let router: Router;
let traffic: ReturnType<typeof setInterval>;
let watcher: Client;
const reasons: string[] = [];
const urls = new Map<string, string>();
const children: ChildProcess[] = [];
let wills = 0;

async function open(place: string, transports: Readonly<Record<string, Transport>>): Promise<void> {
  for (const [name, transport] of Object.entries(transports)) {
    try {
      const [address] = await router.listen(transport);
      urls.set(`${place} ${name}`, address!.url);
    } catch (error) {
      if (!(error instanceof TransportUnavailable)) throw error;
      process.stderr.write(`${error.message}\n`); // its tests are skipped
    }
  }
}

beforeAll(async () => {
  router = createRouter();
  await open('here', transportsAt('127.0.0.1'));
  if (process.platform !== 'win32') await open('here', { pipe: pipe({ path: join(folder, 'clasp.sock') }) });
  if (hasNamespace) await open('there', transportsAt(routerHost));
  else process.stderr.write('no half-open connections: making network namespaces takes root on Linux, and `ip`\n');
  router.on('session.closed', ({ name, end }) => {
    if (name === 'departing') reasons.push(end.kind);
  });
  watcher = await router.connect({ name: 'watcher' });
  let count = 0;
  const ignore = (): void => undefined; // the last one can be unanswered when the client closes
  traffic = setInterval(() => void watcher.set('/traffic', ++count).catch(ignore), 100);
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  await until(() => router.sessionCount === 1);
  reasons.length = 0;
});

afterAll(async () => {
  clearInterval(traffic);
  await watcher.close();
  await router.stop();
  if (hasNamespace) removeNamespace();
  rmSync(folder, { recursive: true, force: true });
});

interface Departing {
  readonly child: ChildProcess;
  /** Address of its last will. */
  readonly will: string;
}

/** Starts a client in its own process that has set a last will and receives the traffic. */
async function enter(url: string, inNamespace: boolean): Promise<Departing> {
  const will = `/wills/${++wills}`;
  const script = fileURLToPath(new URL('../support/departing-client.mjs', import.meta.url));
  const command = [process.execPath, script, url, will, caFile];
  const [file, ...args] = inNamespace ? ['ip', 'netns', 'exec', namespace, ...command] : command;
  const child = spawn(file!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  return { child, will };
}

/** Starts a client over each transport in a network; those that get PINGs have answered one. */
async function enterAll(place: 'here' | 'there'): Promise<readonly Departing[]> {
  const { pong: pongs } = router.statistics().messages;
  const open = ['ws', 'tcp', 'tls', 'udp', 'quic'].map((name) => urls.get(`${place} ${name}`));
  const clients = await Promise.all(
    open.filter((url) => url !== undefined).map((url) => enter(url, place === 'there')),
  );
  await until(() => router.statistics().messages.pong! >= pongs! + 2);
  expect(reasons).toEqual([]);
  return clients;
}

/** Waits in real time: the network, the processes and the timeouts here are real. */
async function until(isMet: () => boolean): Promise<void> {
  while (!isMet()) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function expectLost(clients: readonly Departing[]): Promise<void> {
  await until(() => reasons.length >= clients.length);
  expect(reasons).toEqual(clients.map(() => 'lost'));
  for (const { will } of clients) expect((await watcher.get(will))?.value).toBe(true);
}

// All transports at once, because each takes its time: ws, tcp, tls, udp, and quic if it is installed.
describe('a client over each transport that receives data continuously', () => {
  itInNamespace('is lost if its network is down and no close of its connection arrives', async () => {
    const clients = await enterAll('there');
    try {
      ip('-n', namespace, 'link', 'set', far, 'down');
      await expectLost(clients);
    } finally {
      ip('-n', namespace, 'link', 'set', far, 'up');
    }
  });

  itOnUnix('is lost when its process stands still; over a pipe it is kept, which cannot be half-open', async () => {
    const piped = await enter(urls.get('here pipe')!, false);
    const clients = await enterAll('here');
    for (const { child } of [piped, ...clients]) child.kill('SIGSTOP');
    await expectLost(clients);
    expect(router.sessionCount).toBe(2); // the watcher's session and that of the pipe
  });
});
