import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { STREAM_STALL_MS } from '../../src/http/route.js';
import { turns, until } from '../support/inbox.js';
import { upgradeRequest } from '../support/raw-socket.js';
import { SteadyClock } from '../support/steady-clock.js';
import { serve, answering, raw } from './websocket-routes-harness.js';

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
