import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { STREAM_STALL_MS } from '../../src/http/route.js';
import { webSocket, type WebSocketOptions } from '../../src/transports/websocket/index.js';
import {
  type HttpAnswer,
  type HttpPortOptions,
  type HttpRequest,
  type HttpRoute,
  openHttpPort,
} from '../../src/http/index.js';
import { turns, until } from '../support/inbox.js';
import { RawSocket, upgradeRequest } from '../support/raw-socket.js';
import { SteadyClock } from '../support/steady-clock.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Served {
  readonly url: string;
  readonly port: number;
  readonly close: () => Promise<void>;
  readonly accepted: () => number;
}

/** A WebSocket listener with routes. */
async function serve(routes: readonly HttpRoute[], options: WebSocketOptions = {}): Promise<Served> {
  const listener = await webSocket({ host: '127.0.0.1', port: 0, pingIntervalMs: 0, routes, ...options }).listen();
  let accepted = 0;
  listener.connections$.subscribe((connection) => {
    accepted++;
    cleanUps.push(() => {
      connection.destroy();
    });
  });
  const close = (): Promise<void> => listener.close();
  cleanUps.push(close);
  const { port, url } = listener.addresses[0]!;
  return { url: url.replace('ws:', 'http:'), port, close, accepted: () => accepted };
}

function answering(answer: HttpRoute['answer'] & object): HttpRoute {
  return { answer };
}

async function raw(port: number, request: string): Promise<RawSocket> {
  const socket = await RawSocket.connect(port);
  cleanUps.push(() => {
    socket.destroy();
  });
  socket.write(request);
  return socket;
}

describe('a route on the WebSocket port', () => {
  it('is called in order, and requests that no route accepts get the usual answer', async () => {
    const asked: string[] = [];
    const route = (name: string, answer: HttpAnswer | undefined): HttpRoute =>
      answering(({ path }) => {
        asked.push(`${name} ${path}`);
        return path === '/page' ? answer : undefined;
      });
    const { url } = await serve([{}, route('first', undefined), route('second', { status: 201, body: 'two' })]);
    const response = await fetch(`${url}/page`);
    expect([response.status, await response.text()]).toEqual([201, 'two']);
    expect(await (await fetch(`${url}/`)).text()).toContain('<h1>CLASP router</h1>');
    expect(asked).toEqual(['first /page', 'second /page', 'first /', 'second /']);
  });

  it.each([
    ['/a?b=1&c=%20', '/a', 'b=1&c=+'],
    ['/a%2Fb', '/a%2Fb', ''],
    ['/a/../b', '/a/../b', ''],
    ['//a', '//a', ''],
    ['/?', '/', ''],
    ['http://elsewhere.example/a?b', '/a', 'b='],
    ['http://elsewhere.example', '/', ''],
    ['http://elsewhere.example?b', '/', 'b='],
  ])('splits the target %s into the path %s and the query %s', async (target, path, query) => {
    let seen: HttpRequest | undefined;
    const { port } = await serve([answering((request) => ((seen = request), { status: 204 }))]);
    const socket = await raw(port, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nX-More: yes\r\n\r\n`);
    await socket.receive((bytes) => bytes.includes('\r\n\r\n'));
    expect([seen?.method, seen?.path, seen?.query.toString(), seen?.headers['x-more']]).toEqual([
      'GET',
      path,
      query,
      'yes',
    ]);
    expect(seen?.remoteAddress).toBe(`127.0.0.1:${socket.socket.localPort}`);
  });

  it.each(['PUT', 'DELETE', 'OPTIONS', 'PATCH'])('is not called for %s', async (method) => {
    const { url } = await serve([answering(() => ({ status: 418 }))]);
    expect((await fetch(url, { method })).status).toBe(method === 'OPTIONS' ? 200 : 405);
  });

  it('is not called for the target *', async () => {
    const { port } = await serve([answering(() => ({ status: 418 }))]);
    const socket = await raw(port, 'GET * HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect((await socket.receive((bytes) => bytes.includes('\r\n\r\n'))).toString()).toMatch(/^HTTP\/1.1 404 /);
  });

  it('sends its own headers and the required common ones', async () => {
    const headers = { 'Cache-Control': 'max-age=60', 'Content-Security-Policy': "default-src 'self'" };
    const { url } = await serve([
      answering(() => ({ status: 200, type: 'text/css', headers, body: Buffer.from('ä') })),
    ]);
    const response = await fetch(url);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/css',
      'content-length': '2',
      'cache-control': 'max-age=60',
      'content-security-policy': "default-src 'self'",
      'x-content-type-options': 'nosniff',
      connection: 'close',
    });
  });

  it('reads a body', async () => {
    const { url } = await serve([answering(async ({ readBody }) => ({ status: 200, body: await readBody() }))]);
    const sent = 'x'.repeat(65_536);
    expect(await (await fetch(url, { method: 'POST', body: sent })).text()).toBe(sent);
    expect(await (await fetch(url, { method: 'POST', body: '' })).text()).toBe('');
    expect((await fetch(url)).status).toBe(200);
  });

  it.each([
    ['with a declared length', 'Content-Length: 100000000\r\n\r\nxxxx'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n' + `1000\r\n${'x'.repeat(4_096)}\r\n`.repeat(17)],
  ])('rejects a body that is too large, %s', async (_, rest) => {
    const errors: unknown[] = [];
    const { port } = await serve([answering(async ({ readBody }) => ({ status: 200, body: await readBody() }))], {
      onRouteError: (error) => errors.push(error),
    });
    const socket = await raw(port, `POST / HTTP/1.1\r\nHost: localhost\r\n${rest}`);
    socket.socket.on('end', () => socket.socket.end());
    await socket.closed;
    expect(socket.received.toString()).toMatch(/^HTTP\/1.1 413 [^]*the body is larger than 65536 bytes$/);
    expect(errors).toEqual([]);
  });

  it('does not wait for a body past its deadline', async () => {
    const clock = new SteadyClock();
    const errors: unknown[] = [];
    const { port } = await serve([answering(async ({ readBody }) => ({ status: 200, body: await readBody() }))], {
      clock,
      onRouteError: (error) => errors.push(error),
    });
    const socket = await raw(port, 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nx');
    await turns(20);
    clock.increment(10_000);
    socket.socket.end();
    await socket.closed;
    expect([socket.received.length, errors]).toEqual([0, []]); // the peer's fault only
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
    ['returns an invalid answer', () => ({ status: 200, headers: { 'X-Bad': 'a\nb' } })],
  ])('that %s is a 500 without details, and is reported to the operator', async (_, answer) => {
    const errors: unknown[] = [];
    const { url } = await serve([answering(answer)], { onRouteError: (error) => errors.push(error) });
    for (const method of ['GET', 'POST']) {
      const response = await fetch(url, { method });
      expect([response.status, await response.text()]).toEqual([500, 'internal error']);
    }
    expect(errors).toHaveLength(2);
    expect(String(errors[0])).toMatch(/secret|Invalid character/);
  });
});

describe('a route that sends a stream', () => {
  const events = (): Readable => new Readable({ read: () => undefined });

  it('sends it as it is produced, past the deadline of the listener', async () => {
    const clock = new SteadyClock();
    const body = events();
    const { url } = await serve([answering(() => ({ status: 200, type: 'text/event-stream', body }))], { clock });
    const response = await fetch(url);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = response.body!.getReader();
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      body.push(event);
      expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe(event);
      clock.increment(100_000);
    }
    body.push(null);
    expect((await reader.read()).done).toBe(true);
  });

  it('ends it when the peer disconnects or the listener closes', async () => {
    const bodies = [events(), events()];
    const streams = bodies[Symbol.iterator]();
    const { port, close } = await serve([answering(() => ({ status: 200, body: streams.next().value! }))]);
    const request = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const [first, second] = [await raw(port, request), await raw(port, request)];
    for (const socket of [first, second]) await socket.receive((bytes) => bytes.includes('\r\n\r\n'));
    first.destroy();
    await until(() => bodies.some(({ destroyed }) => destroyed));
    expect(bodies.filter(({ destroyed }) => destroyed)).toHaveLength(1);
    second.socket.on('end', () => second.socket.end());
    await close();
    await second.closed;
    await until(() => bodies.every(({ destroyed }) => destroyed));
  });

  it('sends none for HEAD', async () => {
    const body = events();
    const { url } = await serve([answering(() => ({ status: 206, type: 'a/b', body }))]);
    const response = await fetch(url, { method: 'HEAD' });
    expect([response.status, response.headers.get('content-type'), body.destroyed]).toEqual([206, 'a/b', true]);
  });

  it('aborts it if it fails, and the router continues', async () => {
    const body = events();
    const { port } = await serve([answering(() => ({ status: 200, body }))]);
    const socket = await raw(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    body.push('half');
    await socket.receive((bytes) => bytes.includes('half'));
    body.destroy(new Error('disk'));
    socket.socket.end();
    await socket.closed;
    expect(socket.received.toString()).toMatch(/4\r\nhalf\r\n$/); // without the empty chunk that marks the end
    expect((await (await raw(port, upgradeRequest())).receive(({ length }) => length > 0)).toString()).toMatch('101');
  });

  it('cuts off a peer that reads nothing', async () => {
    const clock = new SteadyClock();
    const body = new Readable({ read: () => body.push(Buffer.alloc(65_536)) });
    const { port } = await serve([answering(() => ({ status: 200, body }))], { clock });
    const socket = await raw(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await socket.receive((bytes) => bytes.length > 1_000_000);
    socket.socket.pause();
    await turns(500); // until the network is full
    clock.increment(STREAM_STALL_MS); // it has read since the last check: it can stay
    await turns(20);
    expect(body.destroyed).toBe(false);
    clock.increment(STREAM_STALL_MS);
    await turns(20);
    expect(body.destroyed).toBe(true);
  });

  it('cuts off a peer that does not read the end', async () => {
    const clock = new SteadyClock();
    const bodies: Readable[] = [];
    const { port } = await serve(
      [
        answering(() => {
          const body = Readable.from([Buffer.alloc(30_000_000)]);
          bodies.push(body);
          return { status: 200, body };
        }),
      ],
      { clock },
    );
    const socket = await raw(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    socket.socket.pause();
    await turns(500);
    clock.increment(STREAM_STALL_MS);
    clock.increment(STREAM_STALL_MS);
    socket.socket.resume();
    await Promise.race([once(socket.socket, 'end'), socket.closed]);
    expect(socket.received.length).toBeLessThan(30_000_000);
  });

  it('sends 64 at once, and 503 to the next request', async () => {
    const open: Readable[] = [];
    const { port, url } = await serve([
      answering(() => {
        const body = events();
        open.push(body);
        return { status: 200, body };
      }),
    ]);
    const sockets = await Promise.all(
      Array.from({ length: 64 }, () => raw(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')),
    );
    for (const socket of sockets) await socket.receive((bytes) => bytes.includes('200 OK'));
    const refused = await fetch(url);
    expect([refused.status, await refused.text()]).toEqual([503, 'too many answers are being sent; try again later']);
    expect(open.at(-1)?.destroyed).toBe(true);
    sockets[0]!.destroy();
    await until(() => open[0]!.destroyed || open.filter(({ destroyed }) => destroyed).length === 2);
    const response = await fetch(url);
    expect(response.status).toBe(200);
    await response.body!.cancel();
  });
});

describe('a route that accepts upgrades', () => {
  /** An echo at /echo, beside the router. */
  function echo(): HttpRoute {
    const server = new WebSocketServer({ noServer: true });
    return {
      upgrade: (request, socket, head) => {
        if (request.url === '/broken') throw new Error('secret');
        if (request.url !== '/echo') return false;
        server.handleUpgrade(request, socket, head, (peer) => {
          peer.on('message', (data) => {
            peer.send(data);
          });
        });
        return true;
      },
    };
  }

  it('has its own path without the deadline of the listener; other paths belong to the router', async () => {
    const clock = new SteadyClock();
    const { url, accepted } = await serve([{}, echo()], { clock });
    const ours = new WebSocket(`${url}/echo`);
    await once(ours, 'open');
    clock.increment(60_000);
    ours.send('hello');
    expect(String((await once(ours, 'message'))[0])).toBe('hello');
    expect(accepted()).toBe(0);
    const others = new WebSocket(`${url}/other`);
    await once(others, 'open');
    expect(accepted()).toBe(1);
    ours.terminate();
    others.terminate();
  });

  it('receives no upgrades of other origins', async () => {
    const { port } = await serve([echo()]);
    const request = upgradeRequest({ Origin: 'http://evil.example' }).replace('GET / ', 'GET /echo ');
    expect((await (await raw(port, request)).receive(({ length }) => length > 0)).toString()).toMatch(
      /^HTTP\/1.1 403 /,
    );
  });

  it('is a 500 without details if it throws', async () => {
    const errors: unknown[] = [];
    const { port } = await serve([echo()], { onRouteError: (error) => errors.push(error) });
    const socket = await raw(port, upgradeRequest().replace('GET / ', 'GET /broken '));
    const answer = (await socket.receive((bytes) => bytes.includes('error'))).toString();
    expect(answer).toMatch(/^HTTP\/1.1 500 [^]*\r\n\r\ninternal error$/);
    expect(errors).toEqual([new Error('secret')]);
  });

  it('survives a reset of an accepted connection', async () => {
    let taken = 0;
    const { port, url } = await serve([{ upgrade: () => ++taken > 0 }]);
    const socket = await raw(port, upgradeRequest());
    await until(() => taken === 1);
    socket.socket.resetAndDestroy();
    await turns(20);
    expect((await fetch(url)).status).toBe(200);
  });
});

describe('a separate port for routes', () => {
  async function port(options: Partial<HttpPortOptions> = {}): Promise<string> {
    const opened = await openHttpPort({
      port: 0,
      routes: [answering(() => ({ status: 200, body: 'here' }))],
      ...options,
    });
    cleanUps.push(() => opened.close());
    return opened.url;
  }

  it('listens on this computer only', async () => {
    const url = await port();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await (await fetch(url)).text()).toBe('here');
  });

  it('accepts upgrades of its routes only', async () => {
    const url = await port();
    const socket = await raw(Number(new URL(url).port), upgradeRequest());
    expect((await socket.receive((bytes) => bytes.includes('upgrades'))).toString()).toMatch(
      /^HTTP\/1.1 400 [^]*this port does not support upgrades$/,
    );
  });

  it('reports in one sentence that it is not available', async () => {
    const taken = new URL(await port());
    await expect(port({ port: Number(taken.port) })).rejects.toThrow(
      `port ${taken.port} is already in use; stop the other program or choose another with the option port`,
    );
  });

  it('reports a route that throws, and cuts off a silent peer', async () => {
    const clock = new SteadyClock();
    const errors: unknown[] = [];
    const failing = answering(() => {
      throw new Error('secret');
    });
    const url = await port({ routes: [failing], onError: (error) => errors.push(error), clock });
    expect((await fetch(url)).status).toBe(500);
    expect(errors).toEqual([new Error('secret')]);
    const silent = await raw(Number(new URL(url).port), 'GET');
    await turns(20);
    clock.increment(10_000);
    silent.socket.end();
    await silent.closed;
  });

  it('is free again after it closes', async () => {
    const first = await openHttpPort({ port: 0, routes: [] });
    await first.close();
    await first.close();
    const again = await openHttpPort({ port: Number(new URL(first.url).port), routes: [] });
    await again.close();
  });
});
