import { afterEach, describe, expect, it } from '@jest/globals';
import { createRouter, type Router, webSocket } from '../../src/index.js';
import { listenerMachine, rootMachine, sessionMachine } from '../../src/embed/index.js';
import { silentLogger } from '../../src/core/ports.js';
import { createInspector, type Inspector } from '../../src/inspector/inspector.js';
import { plainProxyPass, ReverseProxy } from '../support/reverse-proxy.js';
import { FeedPage } from './feed-page.js';

const machines = [rootMachine, listenerMachine, sessionMachine];

let router: Router;
let inspector: Inspector;
let url: string;
let port: number;
let pages: FeedPage[] = [];
let proxy: ReverseProxy | undefined;

async function start(options: { readonly key?: string | false; readonly isRemote?: boolean } = {}): Promise<void> {
  inspector = createInspector({ machines, logger: silentLogger, ...options });
  router = createRouter({ transports: [webSocket({ port: 0, host: '127.0.0.1', routes: [inspector.route] })] });
  inspector.watch(router);
  const [address] = await router.start();
  ({ url, port } = address!); // there is one listener
}

function open(link: string): FeedPage {
  const page = new FeedPage(link);
  pages.push(page);
  return page;
}

afterEach(async () => {
  for (const { socket } of pages) socket.terminate();
  pages = [];
  await proxy?.close();
  proxy = undefined;
  inspector.close();
  await router.stop();
});

/** Sends every request that a page can send. */
function askForEverything(page: FeedPage): void {
  page.say({ type: 'watch', view: 'sessions' });
  page.say({ type: 'watch', view: 'signals', pattern: '/**' });
  page.say({ type: 'watch', view: 'traffic', pattern: '/**' });
  page.say({ type: 'watch', view: 'stately' });
  page.say({ type: 'set', id: 1, address: '/written', value: 1 });
  page.say({ type: 'emit', id: 2, address: '/written' });
}

describe('the key of an inspector without tokens', () => {
  it('differs for each inspector, and occurs only in its link', async () => {
    await start();
    const [, key] = inspector.link(url).split('#key=');
    expect(inspector.link(url)).toBe(`http://127.0.0.1:${port}/inspect/#key=${key!}`);
    expect(key).toMatch(/^[\w-]{32}$/);
    const other = createInspector({ machines, logger: silentLogger });
    expect(other.link(url)).not.toBe(inspector.link(url));
  });

  it('is required for everything that the feed shows and does', async () => {
    await start();
    const page = open(`http://127.0.0.1:${port}/inspect/`);
    expect(await page.hears('welcome')).toMatchObject({
      needsKey: true,
      needsToken: false,
      mayWrite: false,
      charts: {},
    });
    askForEverything(page);
    await page.hears('refused', () => page.messages.filter(({ type }) => type === 'refused').length === 6);
    expect(new Set(page.messages.map(({ type }) => type))).toEqual(new Set(['welcome', 'refused']));
    expect(router.statistics().counts.params).toBe(0);
  });

  it('opens the feed', async () => {
    await start();
    const page = open(inspector.link(url));
    expect(await page.hears('welcome')).toMatchObject({ needsKey: false, mayWrite: true });
    askForEverything(page);
    expect(await page.hears('done')).toEqual({ type: 'done', id: 1 });
  });

  it('rejects a page behind a reverse proxy that adds no header, whose requests appear local', async () => {
    await start();
    proxy = await ReverseProxy.start(port, plainProxyPass);
    // the page is not secret; 503: not built, from source
    expect((await fetch(`${proxy.url}/inspect/`)).status).not.toBe(403);
    const page = open(`${proxy.url}/inspect/`);
    expect(await page.hears('welcome')).toMatchObject({ needsKey: true });
    askForEverything(page);
    page.say({ type: 'unlock', key: 'guessed'.repeat(4) });
    await page.hears('refused', ({ text }) => text.startsWith('the key is wrong'));
    expect(new Set(page.messages.map(({ type }) => type))).toEqual(new Set(['welcome', 'refused']));
    expect(router.statistics().counts.params).toBe(0);
  });

  it('can be given, and disabled', async () => {
    await start({ key: 'a-key-of-my-own-that-is-long-enough' });
    expect(inspector.link(url)).toMatch(/#key=a-key-of-my-own-that-is-long-enough$/);
    await open(inspector.link(url)).hears('welcome');
    inspector.close();
    await router.stop();
    await start({ key: false });
    expect(inspector.link(url)).toMatch(/\/inspect\/$/);
    expect(await open(inspector.link(url)).hears('welcome')).toMatchObject({ needsKey: false, mayWrite: true });
  });

  it.each(['', 'too-short', 'x'.repeat(129), 'long enough, but not valid in a link'])(
    'is rejected if it is "%s"',
    (key) => {
      expect(() => createInspector({ machines, logger: silentLogger, key })).toThrow(RangeError);
    },
  );

  it('is accepted while other pages without it wait: the oldest of them is closed', async () => {
    await start();
    const waiting = Array.from({ length: 16 }, () => open(`http://127.0.0.1:${port}/inspect/`));
    for (const page of waiting) await page.hears('welcome');
    await open(inspector.link(url)).hears('welcome', ({ needsKey }) => !needsKey);
    await waiting[0]!.hears('refused', ({ text }) => text === 'too many pages wait for a key or token');
    expect(waiting[1]!.messages).toHaveLength(1);
  });
});
