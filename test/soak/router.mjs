// @ts-check
// The router under test, in a separate process that reports its status.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { serve } from '../../bench/serve.mjs';
import { createRouter, tcp, udp, webSocket } from 'clasp-router';

const host = '127.0.0.1';
setFlagsFromString('--expose-gc');
/** @type {() => void} */
const collectGarbage = runInNewContext('gc');

// Short times and small tables, so that all temporary state expires between two samples.
const router = createRouter({
  maxSessions: 0,
  signalTtlSeconds: 2,
  maxLockSeconds: 5,
  maxTimelines: 20,
  maxPaced: 2_000,
  historyRules: [{ pattern: '/soak/fixed/**', depth: 10 }],
  conflictRules: [{ pattern: '/soak/fixed/max/**', strategy: 'max' }],
});

serve({
  async open() {
    const doors = [webSocket({ port: 0, host }), tcp({ port: 0, host }), udp({ port: 0, host, idleMs: 4_000 })];
    for (const door of doors) await router.listen(door);
    return router.addresses.map(({ url }) => url);
  },

  /** Returns present counts; cheap enough to be polled. */
  status() {
    const { params, subscriptions, announcedSignals, messages, deliveries } = snapshot();
    return { sessions: router.sessionCount, params, subscriptions, announcedSignals, messages, deliveries };
  },

  /** Measures the memory and handles of this process after a garbage collection. */
  async sample() {
    // Twice, with a turn in between: memory released by finalizers is collected by the second one.
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    /** @type {Record<string, number>} */
    const resources = {};
    for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
    return { rss, heapUsed, external, arrayBuffers, resources };
  },
});

function snapshot() {
  const actor = router.actor.getSnapshot().children.router;
  if (actor === undefined) throw new Error('the router has stopped');
  return /** @type {import('clasp-router/xstate').RouterSnapshot} */ (actor.getSnapshot());
}
