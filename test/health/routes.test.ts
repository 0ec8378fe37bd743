import { afterEach, describe, expect, it } from '@jest/globals';
import { createMetrics } from '../../src/health/metrics.js';
import { healthRoute, metricsRoute } from '../../src/health/routes.js';
import { webSocket } from '../../src/transports/websocket/index.js';
import { type HttpRoute, openHttpPort } from '../../src/http/index.js';
import { parseExposition } from './exposition.js';
import { figures } from './figures.js';

let ready = true;
// The assignment checks that the types fit: neither side imports the other's.
const routes: readonly HttpRoute[] = [
  healthRoute({ isReady: () => ready }),
  metricsRoute(createMetrics({ source: { statistics: () => figures } })),
];

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function portOfItsOwn(): Promise<string> {
  const port = await openHttpPort({ port: 0, routes });
  cleanUps.push(() => port.close());
  return port.url;
}

async function webSocketPort(): Promise<string> {
  const listener = await webSocket({ host: '127.0.0.1', port: 0, routes }).listen();
  cleanUps.push(() => listener.close());
  return listener.addresses[0]!.url.replace('ws:', 'http:');
}

describe.each([
  ['a dedicated port', portOfItsOwn],
  ['the WebSocket port', webSocketPort],
])('the health and metrics routes on %s', (_, open) => {
  it('answer /healthz with ok, whether ready or not', async () => {
    const url = await open();
    for (ready of [true, false]) {
      const response = await fetch(`${url}/healthz`);
      expect([response.status, await response.text()]).toEqual([200, 'ok']);
      expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    }
  });

  it.each([
    [true, 200, 'ready'],
    [false, 503, 'not ready'],
  ])('answer /readyz while ready is %p with %p', async (isReady, status, body) => {
    const url = await open();
    ready = isReady;
    const response = await fetch(`${url}/readyz?from=a-probe`);
    expect([response.status, await response.text()]).toEqual([status, body]);
    const head = await fetch(`${url}/readyz`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([status, '']);
  });

  it('answer /metrics in the text format', async () => {
    const response = await fetch(`${await open()}/metrics`);
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
    const families = parseExposition(await response.text());
    expect(families.get('clasp_sessions_active')?.samples.get('clasp_sessions_active')).toBe(101);
  });
});

describe('a request that no route handles', () => {
  it.each([
    ['GET', '/', 404, 'not found'],
    ['GET', '/healthz/', 404, 'not found'],
    ['POST', '/metrics', 404, 'not found'],
    ['DELETE', '/healthz', 405, 'only GET, HEAD and POST'],
  ])('is refused on a dedicated port: %s %s', async (method, path, status, body) => {
    const response = await fetch((await portOfItsOwn()) + path, { method });
    expect([response.status, await response.text()]).toEqual([status, body]);
  });

  it.each([
    ['GET', '/', 200, /CLASP router/],
    ['POST', '/healthz', 404, /^not found\n$/],
    ['DELETE', '/healthz', 404, /^not found\n$/],
  ])('is answered on the WebSocket port as without the routes: %s %s', async (method, path, status, body) => {
    const response = await fetch((await webSocketPort()) + path, { method });
    expect([response.status, await response.text()]).toEqual([status, expect.stringMatching(body)]);
  });
});
