// @ts-check
import { CannotRunHere } from '../cannot-run-here.mjs';
import { Worker } from '../worker.mjs';

/**
 * @typedef {import('../run.mjs').Outcome} Outcome
 * @typedef {import('../state/cases.mjs').LoadServer} LoadServer
 */

const WORK_MS = 30_000;
const PATTERNS_PER_SESSION = 1_000;

/**
 * Measures the memory of a subscription. Each has a different pattern.
 *
 * @param {{ subscriptions: number }} load
 * @param {LoadServer} server one that reports its memory
 * @returns {Promise<Outcome>}
 */
export async function measureSubscriptions({ subscriptions }, server) {
  const sessions = subscriptions / PATTERNS_PER_SESSION;
  const subscriber = new Worker('./subscriber.mjs');
  const interests = (/** @type {string} */ kind) =>
    Array.from({ length: sessions }, (_, session) =>
      Array.from({ length: PATTERNS_PER_SESSION }, (_, i) => `/bench/${kind}/${session}/${i}/*`),
    );
  if (server.call === undefined) throw new CannotRunHere('this server cannot be asked about its memory');
  try {
    const where = { wire: server.wire, server: server.address, deliveriesPerMessage: 0, countBy: 'headers' };
    // The sessions themselves do not count.
    const bare = Array.from({ length: sessions }, () => []);
    await subscriber.call('open', { ...where, interests: bare }, WORK_MS);
    const before = await server.call('memory');
    await subscriber.call('subscribe', { ...where, interests: interests('some') }, WORK_MS);
    const after = await server.call('memory');
    return {
      figures: [
        { metric: 'subscriptions', value: subscriptions, unit: '', isGiven: true },
        { metric: 'heap each', value: (after.heap - before.heap) / subscriptions, unit: 'B' },
        { metric: 'RSS each', value: (after.rss - before.rss) / subscriptions, unit: 'B' },
      ],
      problems: [],
    };
  } finally {
    await subscriber.stop();
  }
}
