import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect as connectSocket } from 'node:net';
import { authenticator, type Validation } from '../../src/auth/index.js';
import { connect } from '../../src/client/node.js';
import { createRouter, type Router, type RouterOptions, webSocket } from '../../src/index.js';
import { inspector } from '../../src/inspector/index.js';
import { parseScopes } from '../../src/protocol/scope.js';
import { FeedPage } from './feed-page.js';

let router: Router;
let port: number;
/** The link that the user opens. */
let link: string;
let pages: FeedPage[] = [];

function open(headers: Readonly<Record<string, string>> = {}): FeedPage {
  const page = new FeedPage(link, { headers });
  pages.push(page);
  return page;
}

async function start(options: RouterOptions = {}): Promise<void> {
  const service = inspector();
  router = createRouter({
    ...options,
    name: 'Hall',
    transports: [webSocket({ port: 0, host: '127.0.0.1' })],
    services: [service],
  });
  const [door] = await router.start();
  port = door!.port;
  link = service.link(door!.url);
}

beforeEach(() => {
  pages = [];
});

afterEach(async () => {
  for (const { socket } of pages) socket.terminate();
  await router.stop();
});

describe('the inspector of a router', () => {
  it('sends a page the charts of all machines and the present actors first', async () => {
    await start();
    const page = open();
    const { charts, ...welcome } = await page.hears('welcome');
    expect(welcome).toMatchObject({ router: 'Hall', needsToken: false, mayWrite: true });
    expect(Object.keys(charts).sort()).toEqual(['listener', 'root', 'session']);
    const { actors } = await page.hears('actors', ({ actors: all }) => all.some(({ name }) => name === 'listener:1'));
    expect(actors.map(({ name, state }) => [name, state])).toEqual(
      expect.arrayContaining([
        ['root', 'running'],
        ['router', 'active'],
        ['sessions', 'active'],
        ['listener:1', 'open.listening'],
      ]),
    );
  });

  it('shows a session from HELLO to its end, with transitions from before the page was opened', async () => {
    await start();
    const client = await connect(`ws://127.0.0.1:${port}`, { name: 'tablet' });
    const page = open();
    await page.hears('welcome');
    page.say({ type: 'watch', view: 'sessions' });
    const { rows } = await page.hears('sessions', ({ rows: all }) => all.length > 0);
    expect(rows).toMatchObject([{ id: client.session, name: 'tablet', transport: 'websocket', state: 'active' }]);
    page.say({ type: 'watch', view: 'actor', actor: rows[0]!.actor });
    const { actor } = await page.hears('actor');
    expect(actor).toMatchObject({ machine: 'session', state: 'active', activeNodes: ['session', 'session.active'] });
    expect(actor.transitions.map(({ to }) => to)).toEqual(['connecting', 'awaitingHello', 'active']);
    await client.close();
    const { actor: closed } = await page.hears('actor', ({ actor: now }) => now.state === 'closed');
    expect(closed.transitions.at(-1)).toMatchObject({ event: 'connection.closed', from: 'active', to: 'closed' });
    await page.hears('sessions', ({ removed }) => removed.includes(rows[0]!.id));
  });

  it('sets params, sends events, and reports errors', async () => {
    await start({ validateWrite: ({ address }) => (address === '/no' ? 'not here' : undefined) });
    const client = await connect(`ws://127.0.0.1:${port}`);
    const heard = client.signals('/lights/**');
    const page = open();
    await page.hears('welcome');
    page.say({ type: 'set', id: 1, address: '/lights/1', value: { $int: '5' } });
    await expect(heard.next()).resolves.toMatchObject({ value: { kind: 'param', value: 5n } });
    expect(await page.hears('done')).toEqual({ type: 'done', id: 1 });
    page.say({ type: 'emit', id: 2, address: '/lights/go', value: [1, true] });
    await expect(heard.next()).resolves.toMatchObject({ value: { kind: 'event', value: [1, true] } });
    page.say({ type: 'set', id: 3, address: '/no', value: 1 });
    expect(await page.hears('done', ({ id }) => id === 3)).toMatchObject({ error: 'not here' });
    page.say({ type: 'set', id: 4, address: 'bad', value: 1 });
    expect(await page.hears('done', ({ id }) => id === 4)).toMatchObject({ error: expect.stringContaining('address') });
    await client.close();
  });

  it('sends no value at /show/password in any of its views', async () => {
    await start();
    const client = await connect(`ws://127.0.0.1:${port}`, { name: 'desk' });
    await client.set('/show/password', 'hunter2 before');
    const page = open();
    await page.hears('welcome');
    for (const view of ['signals', 'traffic'] as const) page.say({ type: 'watch', view, pattern: '/**' });
    page.say({ type: 'watch', view: 'stately' });
    page.say({ type: 'watch', view: 'sessions' });
    const { actors } = await page.hears('actors', ({ actors: all }) => all.some(({ name }) => name === 'listener:1'));
    const { rows: sessions } = await page.hears('sessions', ({ rows }) => rows.length > 0);
    for (const { actor } of [...actors, ...sessions]) page.say({ type: 'watch', view: 'actor', actor });
    await page.hears('signals', ({ rows }) => rows.length > 0);
    await client.set('/show/password', 'hunter2 after');
    await client.bundle([{ kind: 'param', address: '/show/password', value: 'hunter2 bundled' }]);
    client.emit('/show/password', 'hunter2 fired');
    await client.ping();
    page.say({ type: 'set', id: 1, address: '/show/password', value: 'hunter2 by the page' });
    await page.hears('done');
    await page.hears('signals', ({ rows }) => rows.some(({ revision }) => revision === 4));
    await page.hears('traffic', ({ lines }) => lines.some(({ from }) => from === 'inspector'));
    await page.hears('stately');
    expect(page.raw.filter((text) => text.includes('hunter2'))).toEqual([]);
    expect(page.raw.filter((text) => text.includes('/show/password')).length).toBeGreaterThan(0);
    await client.close();
  });

  it('shows signals, their changes, and the traffic that caused them', async () => {
    await start();
    const client = await connect(`ws://127.0.0.1:${port}`, { name: 'desk' });
    await client.set('/a', 0.5, { lock: true });
    const page = open();
    await page.hears('welcome');
    page.say({ type: 'watch', view: 'signals', pattern: '/**' });
    page.say({ type: 'watch', view: 'traffic', pattern: '/a' });
    const first = await page.hears('signals', ({ rows }) => rows.length > 0);
    expect(first).toMatchObject({ total: 1, isCut: false, pattern: '/**' });
    expect(first.rows).toMatchObject([
      { address: '/a', value: 0.5, kind: 'float', revision: 1, writer: 'desk', lockedBy: 'desk', subscribers: 0 },
    ]);
    await client.set('/a', 1, { ttlSeconds: 60 });
    const second = await page.hears('signals', ({ rows }) => rows.some(({ revision }) => revision === 2));
    expect(second.rows).toMatchObject([{ value: 1, expiresMs: expect.any(Number) }]);
    const { seen, lines } = await page.hears('traffic');
    expect([seen, lines]).toMatchObject([1, [{ from: 'desk', kind: 'set', address: '/a', value: 1, note: '60 s' }]]);
    page.say({ type: 'watch', view: 'signals', pattern: 'no pattern' });
    expect((await page.hears('refused')).text).toMatch(/invalid pattern/);
    await client.close();
  });

  it('provides everything to the Stately inspector', async () => {
    await start();
    const page = open();
    await page.hears('welcome');
    page.say({ type: 'watch', view: 'stately' });
    const { events } = await page.hears('stately');
    expect(events).toEqual(
      expect.arrayContaining([expect.objectContaining({ type: '@xstate.actor', name: expect.any(String) })]),
    );
  });

  it.each([
    ['by a name that anyone can own', { Host: 'rebound.example' }, 403],
    ['from a page of another origin', { Host: 'localhost', Origin: 'http://other.example' }, 403],
    ['by an address', { Host: '127.0.0.1' }, 200],
  ])('rejects every host except addresses and localhost: %s', async (_, headers, status) => {
    await start();
    const [response] = (await once(
      request({ host: '127.0.0.1', port, path: '/inspect', headers }).end(),
      'response',
    )) as [{ statusCode: number }];
    expect(response.statusCode).toBe(status === 200 ? 302 : status);
    const page = open(headers);
    if (status === 200) await page.hears('welcome');
    else await new Promise((resolve) => page.socket.once('close', resolve)); // once() would reject for the 403
  });

  it('closes its pages when the router stops', async () => {
    await start();
    const page = open();
    await page.hears('welcome');
    const closed = once(page.socket, 'close');
    await router.stop();
    await closed;
  });

  it('accepts sixteen pages, and another one when one of them has closed', async () => {
    await start();
    const sixteen = Array.from({ length: 16 }, () => open());
    for (const page of sixteen) await page.hears('welcome');
    const refused = open();
    await new Promise((resolve) => refused.socket.once('close', resolve)); // once() would reject for the 503
    expect(refused.raw).toEqual([]);
    sixteen[0]!.socket.close();
    await once(sixteen[0]!.socket, 'close');
    await open().hears('welcome');
  });

  it('closes the connection of a rejected client that leaves its side half open', async () => {
    await start();
    const socket = connectSocket({ host: '127.0.0.1', port, allowHalfOpen: true });
    try {
      const closed = once(socket, 'end');
      socket.resume();
      socket.write(
        'GET /inspect/feed HTTP/1.1\r\nHost: rebound.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      );
      await closed;
      // After the close, the router answers further data with a reset.
      const reset = new Promise((resolve) => socket.once('error', resolve));
      const writing = setInterval(() => socket.write('x'), 5);
      await expect(reset).resolves.toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) as unknown });
      clearInterval(writing);
    } finally {
      socket.destroy();
    }
  });

  it('rejects invalid requests and messages', async () => {
    await start();
    const page = open();
    await page.hears('welcome');
    for (const text of ['', '{', '5', '{"type":"set"}', '{"type":"watch","view":"all"}', '[]']) page.socket.send(text);
    await page.hears('refused', () => page.messages.filter(({ type }) => type === 'refused').length === 6);
    page.say({ type: 'watch', view: 'sessions' });
    await page.hears('sessions');
  });
});

describe('the inspector of a router that requires tokens', () => {
  const secret = 'cpsk_0123456789abcdef0123456789abcdef';
  const grants = new Map([
    [secret, 'read:/**,write:/**'],
    ['admin-token-of-the-stage-manager', 'admin:/**'],
  ]);
  const validate = (token: string): Validation => {
    const scopes = grants.get(token);
    if (scopes === undefined) return { kind: 'invalid', reason: 'unknown' };
    const grant = { subject: 'somebody', tokenId: token.slice(-4), constraints: [], expiresAtSeconds: undefined };
    return { kind: 'valid', grant: { ...grant, scopes: parseScopes(scopes) } };
  };
  const revoked: (() => void)[] = [];
  const onRevoked = (_: unknown, listener: () => void): (() => void) => {
    revoked.push(listener);
    return () => undefined;
  };

  it('shows nothing to a page without a token, or with a token that lacks the scope', async () => {
    await start({ authenticator: authenticator([{ validate }]) });
    const page = open();
    expect(await page.hears('welcome')).toMatchObject({ needsToken: true, mayWrite: false, charts: {} });
    page.say({ type: 'watch', view: 'sessions' });
    expect((await page.hears('refused')).text).toBe('the first message must contain a token');
    page.say({ type: 'authenticate', token: secret });
    await page.hears('refused', ({ text }) => text.includes('admin:/**'));
    page.say({ type: 'authenticate', token: 'wrong' });
    await page.hears('refused', ({ text }) => text.startsWith('Invalid token'));
    expect(page.messages.some(({ type }) => type === 'actors' || type === 'sessions')).toBe(false);
    page.say({ type: 'authenticate', token: 'wrong' });
    page.say({ type: 'authenticate', token: 'wrong' });
    await once(page.socket, 'close');
  });

  it('shows everything but secrets to a page with admin:/**, until its token is revoked', async () => {
    await start({ authenticator: authenticator([{ validate, onRevoked }]) });
    const client = await connect(`ws://127.0.0.1:${port}`, { name: 'desk', token: secret });
    const page = open();
    await page.hears('welcome');
    page.say({ type: 'authenticate', token: 'admin-token-of-the-stage-manager' });
    await page.hears('welcome', ({ needsToken }) => !needsToken);
    page.say({ type: 'watch', view: 'sessions' });
    page.say({ type: 'watch', view: 'signals', pattern: '/**' });
    page.say({ type: 'watch', view: 'traffic', pattern: '/**' });
    page.say({ type: 'watch', view: 'stately' });
    const { rows } = await page.hears('sessions', ({ rows: all }) => all.length > 0);
    page.say({ type: 'watch', view: 'actor', actor: rows[0]!.actor });
    await page.hears('actor');
    // Another client with the same token, which connects while the page is open.
    const other = await connect(`ws://127.0.0.1:${port}`, { token: secret });
    page.say({ type: 'set', id: 1, address: '/a', value: 1 });
    expect(await page.hears('done')).toEqual({ type: 'done', id: 1 });
    await client.set('/b', 'x');
    await page.hears('signals', ({ rows: all }) => all.some(({ address }) => address === '/b'));
    await page.hears('stately', ({ events }) => JSON.stringify(events).includes('hello.received'));
    const everything = page.raw.join('\n');
    for (const token of grants.keys()) expect(everything).not.toContain(token);
    const closed = once(page.socket, 'close');
    for (const listener of revoked) listener();
    await closed;
    await Promise.all([client.close(), other.close()]);
  });
});
