// @ts-check
// The router inside a process that can be asked about its memory, and told to watch its actors.
import { serve } from '../serve.mjs';
import { memory } from './memory.mjs';

const { createRouter, webSocket } = await import(new URL('../../dist/index.js', import.meta.url).href);
const router = createRouter({ maxSessions: 0 });
let seen = 0;

serve({
  /** @returns {Promise<{ port: number }>} */
  async listen() {
    const [{ port }] = await router.listen(webSocket({ host: '127.0.0.1', port: 0 }));
    return { port };
  },
  memory,
  /** Watches all actors from now on, as an inspector does. */
  inspect() {
    router.actor.system.inspect(() => {
      seen++;
    });
  },
  /** How much an inspector would have been told. */
  seen: () => seen,
});
