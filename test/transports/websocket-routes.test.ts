import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { WebSocket, WebSocketServer } from 'ws';
import {
  type HttpAnswer,
  type HttpPortOptions,
  type HttpRequest,
  type HttpRoute,
  openHttpPort,
} from '../../src/http/index.js';
import { turns, until } from '../support/inbox.js';
import { upgradeRequest } from '../support/raw-socket.js';
import { SteadyClock } from '../support/steady-clock.js';
import { serve, answering, raw } from './websocket-routes-harness.js';
import { cleanUps } from '../support/clean-ups.js';

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
