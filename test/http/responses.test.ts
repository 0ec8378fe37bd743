import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { webSocket, type WebSocketOptions } from '../../src/transports/websocket/index.js';
import { RawSocket } from '../support/raw-socket.js';
import { WebSocketClient } from '../support/websocket-client.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function open(options: WebSocketOptions = {}): Promise<{ readonly port: number; readonly url: string }> {
  const listener = await webSocket({ host: '127.0.0.1', port: 0, pingIntervalMs: 0, ...options }).listen();
  cleanUps.push(() => listener.close());
  const { port } = listener.addresses[0]!;
  return { port, url: `http://127.0.0.1:${port}` };
}

describe('plain HTTP on the WebSocket port', () => {
  it('answers GET / with a page that names the router', async () => {
    const response = await fetch((await open()).url);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch('text/html');
    expect(response.headers.get('connection')).toBe('close');
    expect(await response.text()).toContain('<h1>CLASP router</h1>');
  });

  it('answers GET / with the page of the option statusPage, and with 500 if it throws', async () => {
    let page = (): string => '<p>2 sessions</p>';
    const { url } = await open({ statusPage: () => page() });
    expect(await (await fetch(url)).text()).toBe('<p>2 sessions</p>');
    page = () => {
      throw new Error('secret');
    };
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([500, 'the status page failed']);
  });

  it.each([
    ['HEAD', ''],
    ['POST', 'ok'],
    ['OPTIONS', 'ok'],
  ])('answers the probe %s / with 200', async (method, body) => {
    const response = await fetch((await open()).url, { method });
    expect([response.status, await response.text()]).toEqual([200, body]);
  });

  it.each(['PUT', 'DELETE', 'PATCH'])('answers %s / with 405 and the allowed methods', async (method) => {
    const response = await fetch((await open()).url, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST, OPTIONS']);
  });

  it.each(['/any', '/index.html', '/inspect/', '/metrics', '//', '/%2F'])(
    'answers an unknown path with 404: %s',
    async (path) => {
      const { url } = await open();
      const statuses = ['GET', 'HEAD', 'POST', 'PUT'].map(
        async (method) => (await fetch(url + path, { method })).status,
      );
      expect(await Promise.all(statuses)).toEqual([404, 404, 404, 404]);
    },
  );

  it('accepts a WebSocket upgrade on an unknown path', async () => {
    const { port } = await open();
    const client = await WebSocketClient.connect(`ws://127.0.0.1:${port}`, { path: '/any' });
    client.destroy();
    await client.ended;
  });

  it('answers OPTIONS * with 200', async () => {
    const raw = await RawSocket.connect((await open()).port);
    raw.write('OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect((await raw.receive((bytes) => bytes.includes('\r\n\r\n'))).toString()).toMatch(/^HTTP\/1\.1 200 /);
    raw.destroy();
  });

  it('does not read an endless body', async () => {
    const raw = await RawSocket.connect((await open()).port);
    raw.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\nxxxx');
    if (!raw.socket.readableEnded) await Promise.race([once(raw.socket, 'end'), raw.closed]);
    raw.destroy();
    expect(raw.received.toString()).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\nok$/);
  });
});
