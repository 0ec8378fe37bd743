import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createInspector, type Inspector } from '../../src/inspector/inspector.js';
import { createRouter, type Router, webSocket } from '../../src/index.js';
import { health } from '../../src/health/index.js';
import { silentLogger } from '../../src/core/ports.js';
import { httpRequest } from '../support/http-request.js';
import { RawSocket, upgradeRequest } from '../support/raw-socket.js';

const proxyHeaders = [
  ['Forwarded', 'for=203.0.113.7'],
  ['X-Forwarded-For', '203.0.113.7'],
  ['X-Forwarded-For', '127.0.0.1'],
  ['X-Forwarded-For', ''],
  ['X-Forwarded-Host', 'show.example'],
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-Port', '443'],
  ['X-Real-IP', '203.0.113.7'],
  ['CF-Connecting-IP', '203.0.113.7'],
  ['Via', '1.1 proxy'],
] as const;

let router: Router;
let inspector: Inspector;
let port: number;
const sockets: RawSocket[] = [];

async function start(trustedProxies: readonly string[] = [], isRemote = false): Promise<void> {
  inspector = createInspector({ machines: [], logger: silentLogger, isRemote });
  const routes = [inspector.route];
  router = createRouter({
    transports: [webSocket({ port: 0, host: '127.0.0.1', routes, trustedProxies, allowHosts: ['show.example'] })],
    services: [health()],
  });
  inspector.watch(router);
  const [address] = await router.start();
  ({ port } = address!); // there is one listener
}

/** Returns the answer to an upgrade request at the feed. */
async function upgradeFeed(headers: Readonly<Record<string, string>>): Promise<string> {
  const socket = await RawSocket.connect(port);
  sockets.push(socket);
  socket.write(upgradeRequest(headers).replace('GET / ', 'GET /inspect/feed '));
  return (await socket.receive((bytes) => bytes.includes('\r\n\r\n'))).toString();
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  inspector.close();
  await router.stop();
});

describe.each([
  ['that is not trusted', []],
  ['that is trusted', ['127.0.0.1']],
])('the inspector for local clients, behind a proxy %s', (_, trusted) => {
  beforeEach(() => start(trusted));

  it.each(proxyHeaders)('refuses its page to a request with %s: %s', async (name, value) => {
    const { status, body } = await httpRequest(port, '/inspect/', { headers: { [name]: value } });
    expect(status).toBe(403);
    expect(body).toContain('this request came through a reverse proxy; the option isRemote allows others');
  });

  it.each(proxyHeaders)('refuses its feed to a request with %s: %s', async (name, value) => {
    expect(await upgradeFeed({ [name]: value })).toMatch(/^HTTP\/1\.1 403 /);
  });

  it('serves its page and its feed to a request without such a header', async () => {
    expect((await httpRequest(port, '/inspect/')).status).not.toBe(403); // 503: the page is not built
    expect(await upgradeFeed({})).toMatch(/^HTTP\/1\.1 101 /);
  });

  it('finds such a header behind more headers than are read', async () => {
    const many = Object.fromEntries(Array.from({ length: 120 }, (_unused, i) => [`X-${i}`, '1']));
    const headers = { Host: 'localhost', ...many, 'X-Forwarded-For': '203.0.113.7' };
    expect((await httpRequest(port, '/inspect/', { headers })).status).toBe(431);
    expect(await upgradeFeed(headers)).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('leaves probes open to every peer', async () => {
    const headers = { 'X-Forwarded-For': '203.0.113.7' };
    expect((await httpRequest(port, '/healthz', { headers })).status).toBe(200);
  });
});

describe('the inspector for remote clients', () => {
  it('accepts a request through a reverse proxy', async () => {
    await start([], true);
    const headers = { 'X-Forwarded-For': '203.0.113.7' };
    expect((await httpRequest(port, '/inspect/', { headers })).status).not.toBe(403);
    expect(await upgradeFeed(headers)).toMatch(/^HTTP\/1\.1 101 /);
  });
});
