// @ts-check
// The router in a process that reports its memory, and can open an inspector page on request.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { serve } from '../serve.mjs';
import { memory } from './memory.mjs';

/** @param {string} path */
const built = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);
const { createRouter, webSocket } = await built('index.js');
const { inspector: inspectorOf } = await built('inspector/index.js');

// Not a service of the router, which would start it at once.
const inspector = inspectorOf();
const router = createRouter({ maxSessions: 0 });
let port = 0;
/** @type {import('node:child_process').ChildProcess | undefined} */
let page;

serve({
  /** @returns {Promise<{ port: number }>} */
  async listen() {
    const [address] = await router.listen(webSocket({ host: '127.0.0.1', port: 0, routes: inspector.routes }));
    port = address.port;
    return { port };
  },
  memory,
  /** As with `--inspect`, with an open page that watches everything. */
  async inspect() {
    inspector.start(router);
    page = fork(new URL('../scale/page.mjs', import.meta.url), [inspector.link(`http://127.0.0.1:${port}`)]);
    await once(page, 'message');
  },
  /** Returns the number of messages sent to the page. */
  async seen() {
    if (page === undefined) return 0;
    page.send('seen');
    for (;;) {
      const [message] = await once(page, 'message');
      if (typeof message === 'object') return message.seen; // not another report that it is open
    }
  },
});
