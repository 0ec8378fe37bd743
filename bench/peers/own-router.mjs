// @ts-check
// The router inside a process that can be asked about its memory, and told to let its inspector be looked at.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { serve } from '../serve.mjs';
import { memory } from './memory.mjs';

/** @param {string} path */
const built = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);
const { createRouter, webSocket, rootMachine, listenerMachine, sessionMachine, silentLogger } = await built('index.js');
const { createInspector } = await built('inspector/index.js');

const inspector = createInspector({ machines: [rootMachine, listenerMachine, sessionMachine], logger: silentLogger });
const router = createRouter({ maxSessions: 0 });
let port = 0;
/** @type {import('node:child_process').ChildProcess | undefined} */
let page;

serve({
  /** @returns {Promise<{ port: number }>} */
  async listen() {
    const [address] = await router.listen(webSocket({ host: '127.0.0.1', port: 0, routes: [inspector.route] }));
    port = address.port;
    return { port };
  },
  memory,
  /** As `--inspect` does, with a page open that watches everything. */
  async inspect() {
    inspector.watch(router);
    page = fork(new URL('../scale/page.mjs', import.meta.url), [inspector.link(`http://127.0.0.1:${port}`)]);
    await once(page, 'message');
  },
  /** How many messages the page has been sent. */
  async seen() {
    if (page === undefined) return 0;
    page.send('seen');
    for (;;) {
      const [message] = await once(page, 'message');
      if (typeof message === 'object') return message.seen; // not another word that it is open
    }
  },
});
