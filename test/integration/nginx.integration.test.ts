import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createInspector } from '../../src/inspector/inspector.js';
import { webSocket } from '../../src/index.js';
import { silentLogger } from '../../src/core/ports.js';
import type { Connection } from '../../src/transports/transport.js';
import { Nginx, whyNoNginx } from '../support/nginx.js';
import { until } from '../support/official-client.js';
import { upgradeRequest } from '../support/raw-socket.js';

const client = '203.0.113.7';
const forged = { 'X-Forwarded-For': '127.0.0.1' };
const forwardedFor = 'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;';
const realIp = 'proxy_set_header X-Real-IP $remote_addr;';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Site {
  readonly connections: readonly Connection[];
  /** Returns the answer to bytes that a client sends to nginx, as soon as it contains a text. */
  ask(request: string, isEnough: string): Promise<string>;
}

/** Starts a WebSocket port with an inspector for local clients, behind nginx on the same computer. */
async function start(directives: readonly string[], trustedProxies: readonly string[] = []): Promise<Site> {
  const inspector = createInspector({ machines: [], logger: silentLogger });
  const connections: Connection[] = [];
  const options = { routes: [inspector.route], trustedProxies };
  const listener = await webSocket({ host: '127.0.0.1', port: 0, pingIntervalMs: 0, ...options }).listen();
  cleanUps.push(() => {
    inspector.close();
    for (const connection of connections) connection.destroy();
    return listener.close();
  });
  listener.connections$.subscribe((connection) => connections.push(connection));
  const nginx = await Nginx.start(listener.addresses[0]!.port, directives);
  cleanUps.push(() => nginx.stop());
  return {
    connections,
    async ask(request, isEnough) {
      const socket = await nginx.connect(client);
      cleanUps.push(() => socket.destroy());
      socket.write(request);
      return received(socket, isEnough);
    },
  };
}

async function received(socket: Socket, isEnough: string): Promise<string> {
  let text = '';
  while (!text.includes(isEnough)) text += String((await once(socket, 'data'))[0]);
  return text;
}

const page = 'GET /inspect/ HTTP/1.1\r\nHost: localhost\r\n\r\n';
const feed = upgradeRequest().replace('GET / ', 'GET /inspect/feed ');

(whyNoNginx === undefined ? describe : describe.skip)(`nginx on the same computer${whyNoNginx ?? ''}`, () => {
  it.each([
    ['X-Forwarded-For', forwardedFor],
    ['X-Real-IP', realIp],
  ])('that adds %s does not open the inspector to its clients', async (_, directive) => {
    const { ask } = await start([directive]);
    expect(await ask(page, 'reverse proxy')).toMatch(/^HTTP\/1\.1 403 /);
    expect(await ask(feed, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 403 /);
  });

  it('that is trusted does not open the inspector either', async () => {
    const { ask } = await start([forwardedFor], ['127.0.0.1']);
    expect(await ask(page, 'reverse proxy')).toMatch(/^HTTP\/1\.1 403 /);
  });

  it('that adds no header serves the page, and its feed only with the key', async () => {
    const { ask } = await start([]);
    expect(await ask(page, '\r\n\r\n')).not.toMatch(/ 403 /);
    expect(await ask(feed, '"needsKey":true')).toMatch(/^HTTP\/1\.1 101 /);
  });

  it('that is trusted gives a connection the address of the client, whatever the client claims', async () => {
    const { ask, connections } = await start([forwardedFor], ['127.0.0.1']);
    expect(await ask(upgradeRequest(forged), '\r\n\r\n')).toMatch(/^HTTP\/1\.1 101 /);
    await until(() => connections.length === 1);
    expect(connections).toMatchObject([{ remoteAddress: `${client}:0`, isForwarded: true }]);
  });

  it('that is not trusted leaves a connection the address of nginx', async () => {
    const { ask, connections } = await start([forwardedFor]);
    expect(await ask(upgradeRequest(), '\r\n\r\n')).toMatch(/^HTTP\/1\.1 101 /);
    await until(() => connections.length === 1);
    expect(connections).toMatchObject([{ remoteAddress: expect.stringMatching(/^127\.0\.0\.1:/), isForwarded: true }]);
  });
});
