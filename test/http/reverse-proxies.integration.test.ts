import { afterEach, describe, expect, it } from '@jest/globals';
import { connect as connectSocket } from 'node:net';
import { once } from 'node:events';
import { SimulatedClock } from 'xstate';
import type { Connection } from '../../src/transports/transport.js';
import type { RejectedConnection } from '../../src/net/rejected-connections.js';
import { webSocket, type WebSocketOptions } from '../../src/transports/websocket/index.js';
import type { HttpPeer, HttpRequest } from '../../src/http/index.js';
import { until } from '../support/inbox.js';
import { RawSocket, upgradeRequest } from '../support/raw-socket.js';
import { addsForwardedFor, plainProxyPass, ReverseProxy } from '../support/reverse-proxy.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Port {
  readonly port: number;
  readonly accepted: readonly Connection[];
  readonly faults: readonly RejectedConnection[];
}

async function open(options: WebSocketOptions = {}): Promise<Port> {
  const listener = await webSocket({ host: '127.0.0.1', port: 0, pingIntervalMs: 0, ...options }).listen();
  cleanUps.push(() => listener.close());
  const accepted: Connection[] = [];
  listener.connections$.subscribe((connection) => {
    accepted.push(connection);
    cleanUps.push(() => {
      connection.destroy();
    });
  });
  const faults: RejectedConnection[] = [];
  listener.rejected$?.subscribe((fault) => faults.push(fault));
  return { port: listener.addresses[0]!.port, accepted, faults };
}

/** Returns the status of an upgrade with these headers. */
async function upgrade(port: number, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const socket = await RawSocket.connect(port);
  cleanUps.push(() => {
    socket.destroy();
  });
  socket.write(upgradeRequest(headers));
  const answer = await socket.receive((bytes) => bytes.includes('\r\n\r\n'));
  return answer.toString().slice(9, 12);
}

async function through(port: number, rewrite = addsForwardedFor): Promise<number> {
  const proxy = await ReverseProxy.start(port, rewrite);
  cleanUps.push(() => proxy.close());
  return Number(new URL(proxy.url).port);
}

describe('a connection through a reverse proxy', () => {
  it('has the address of the peer if the proxy is trusted', async () => {
    const { port, accepted } = await open({ trustedProxies: ['127.0.0.1'] });
    // The test is the outer proxy and ReverseProxy the inner one. Both are on 127.0.0.1.
    expect(await upgrade(await through(port), { 'X-Forwarded-For': '203.0.113.7' })).toBe('101');
    expect(accepted).toMatchObject([{ remoteAddress: '203.0.113.7:0', isForwarded: true }]);
  });

  it('has the address of the proxy if it is not trusted', async () => {
    const { port, accepted } = await open();
    expect(await upgrade(await through(port), { 'X-Forwarded-For': '203.0.113.7' })).toBe('101');
    expect(accepted).toMatchObject([{ remoteAddress: expect.stringMatching(/^127\.0\.0\.1:\d+$/), isForwarded: true }]);
  });

  it('has the address that the proxy adds, and ignores addresses from the client', async () => {
    const { port, accepted } = await open({ trustedProxies: ['127.0.0.1'] });
    const proxied = await through(port);
    // Only Linux has loopback addresses other than 127.0.0.1.
    const socket = connectSocket({
      host: '127.0.0.1',
      port: proxied,
      localAddress: process.platform === 'linux' ? '127.0.0.2' : undefined,
    });
    cleanUps.push(() => socket.destroy());
    await once(socket, 'connect');
    socket.write(upgradeRequest({ 'X-Forwarded-For': '203.0.113.7, 198.51.100.1' }));
    await until(() => accepted.length === 1);
    expect(accepted[0]!.remoteAddress).toBe(process.platform === 'linux' ? '127.0.0.2:0' : '198.51.100.1:0');
  });

  it('counts as this computer if the proxy adds no header', async () => {
    const { port, accepted } = await open({ trustedProxies: ['127.0.0.1'] });
    expect(await upgrade(await through(port, plainProxyPass))).toBe('101');
    expect(accepted).toMatchObject([
      { remoteAddress: expect.stringMatching(/^127\.0\.0\.1:\d+$/), isForwarded: false },
    ]);
  });
});

describe('a route behind a reverse proxy', () => {
  it('receives the address of the client', async () => {
    const seen: HttpPeer[] = [];
    const { port } = await open({
      trustedProxies: ['127.0.0.1'],
      routes: [
        {
          answer: (request: HttpRequest) => (seen.push(request), { status: 200 }),
          upgrade: (_request, socket, _head, peer) => (seen.push(peer), socket.destroy(), true),
        },
      ],
    });
    const proxied = await through(port);
    const headers = { 'X-Forwarded-For': '203.0.113.7' };
    await fetch(`http://127.0.0.1:${port}/`);
    await fetch(`http://127.0.0.1:${proxied}/`, { headers });
    const socket = await RawSocket.connect(port);
    cleanUps.push(() => {
      socket.destroy();
    });
    socket.write(upgradeRequest(headers));
    await until(() => seen.length === 3);
    const proxiedPeer = { remoteAddress: '203.0.113.7:0', isForwarded: true, isLocal: false };
    expect(seen).toMatchObject([
      { remoteAddress: expect.stringMatching(/^127\.0\.0\.1:\d+$/), isForwarded: false, isLocal: true },
      proxiedPeer,
      proxiedPeer,
    ]);
  });
});

describe('limits behind a reverse proxy', () => {
  it('reject a peer that connects too often by its own address, and no other peer', async () => {
    const clock = new SimulatedClock();
    const { port, faults } = await open({
      trustedProxies: ['127.0.0.1'],
      connectsPerSecond: 2,
      maxWaiting: 0,
      clock,
    });
    const from = (address: string): Promise<string> => upgrade(port, { 'X-Forwarded-For': address });
    expect([await from('203.0.113.7'), await from('203.0.113.7'), await from('203.0.113.7')]).toEqual([
      '101',
      '101',
      '503',
    ]);
    expect(await from('203.0.113.8')).toBe('101');
    expect(faults).toMatchObject([
      { kind: 'refused', remoteAddress: '203.0.113.7:0', text: 'its address connects more than 2 times per second' },
    ]);
  });

  it('make it wait like any other connection', async () => {
    const clock = new SimulatedClock();
    const { port, accepted } = await open({ trustedProxies: ['127.0.0.1'], connectsPerSecond: 1, clock });
    const headers = { 'X-Forwarded-For': '203.0.113.7' };
    expect(await upgrade(port, headers)).toBe('101');
    const second = upgrade(port, headers);
    await fetch(`http://127.0.0.1:${port}/`); // earlier input was read
    expect(accepted).toHaveLength(1);
    clock.increment(1_000);
    expect(await second).toBe('101');
  });

  it('count all peers of an untrusted proxy on this computer as one address', async () => {
    const { port } = await open({ connectsPerSecond: 2, maxWaiting: 0, clock: new SimulatedClock() });
    const statuses = ['203.0.113.7', '203.0.113.8', '203.0.113.9'].map((one) =>
      upgrade(port, { 'X-Forwarded-For': one }),
    );
    expect((await Promise.all(statuses)).sort()).toEqual(['101', '101', '503']);
    expect(await upgrade(port)).toBe('101'); // a client on this computer
  });

  it('apply to plain requests too', async () => {
    const { port } = await open({ connectsPerSecond: 1, maxWaiting: 0, clock: new SimulatedClock() });
    const ask = async (): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}/`, { headers: { Via: '1.1 proxy' } })).status;
    expect([await ask(), await ask()]).toEqual([200, 503]);
  });
});

describe('the origin of a page behind a reverse proxy', () => {
  const page = { Origin: 'https://show.example', Host: 'localhost' };
  const told = { 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Host': 'show.example' };
  const trustedProxies = ['127.0.0.1'];

  it('has the same host if a trusted proxy sends the host, and that host is allowed', async () => {
    const { port } = await open({ trustedProxies, allowHosts: ['show.example'] });
    expect(await upgrade(port, { ...page, ...told })).toBe('101');
    expect(await upgrade(port, { ...page, ...told, 'X-Forwarded-Host': 'other.example' })).toBe('403');
    expect(await upgrade(port, { ...page, 'X-Forwarded-For': '203.0.113.7', Host: 'show.example' })).toBe('101');
  });

  it('does not, if the host is not allowed', async () => {
    const { port } = await open({ trustedProxies });
    expect(await upgrade(port, { ...page, ...told })).toBe('403');
  });

  it('does not, if the proxy is not trusted', async () => {
    const { port } = await open({ allowHosts: ['show.example'] });
    expect(await upgrade(port, { ...page, ...told })).toBe('403');
  });

  it("is not the loopback of the router: a page on the peer's own computer has that name too", async () => {
    const { port } = await open();
    const local = { Origin: 'http://localhost:3000', Host: '127.0.0.1:7330' };
    expect(await upgrade(port, local)).toBe('101');
    expect(await upgrade(port, { ...local, 'X-Forwarded-For': '203.0.113.7' })).toBe('403');
  });
});

describe('trustedProxies', () => {
  it('with an invalid address fails to listen with a one-sentence error', async () => {
    await expect(webSocket({ host: '127.0.0.1', port: 0, trustedProxies: ['proxy'] }).listen()).rejects.toThrow(
      '"proxy" is not an address or network of a trusted proxy; write it as 192.168.1.2, 10.0.0.0/8 or fd00::/8',
    );
  });
});
