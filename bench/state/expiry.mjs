// @ts-check
import { Worker } from '../worker.mjs';
import { busyFigure } from './server-time.mjs';

/**
 * @typedef {import('../run.mjs').Duration} Duration
 * @typedef {import('../run.mjs').Outcome} Outcome
 */

/** TTLs are whole seconds, and setting the params can take one. */
const LEAST_TTL_SECONDS = 2;

/**
 * Measures params that live for the seconds of the run, and the round trips of another client during their expiry:
 * from the first due time until the router has removed the last one.
 *
 * @param {{ params: number, overSeconds: number, expire: boolean }} load
 * @param {Duration} duration
 * @param {import('./cases.mjs').LoadServer} server
 * @returns {Promise<Outcome>}
 */
export async function measureExpiry({ params, overSeconds, expire }, { seconds }, server) {
  const client = new Worker('./state/expiry-client.mjs');
  try {
    await client.call('open', { wire: server.wire, server: server.address });
    const ttlSeconds = Math.max(LEAST_TTL_SECONDS, Math.ceil(seconds));
    const result = await client.call(
      'measure',
      { params, overSeconds, ttlSeconds, expire, pid: server.pid },
      (ttlSeconds + overSeconds) * 1000,
    );
    const shouldBeVisible = expire ? 0 : 100;
    const shouldHaveExpired = expire ? params : 0;
    return {
      figures: [
        { metric: 'round trip p50', value: result.p50, unit: 'µs' },
        { metric: 'round trip p99', value: result.p99, unit: 'µs' },
        { metric: 'longest round trip', value: result.max, unit: 'µs' },
        ...busyFigure(result.used),
        { metric: 'visible of 100', value: result.visible, unit: '', expected: String(shouldBeVisible) },
        { metric: 'expired', value: result.expired, unit: '', expected: String(shouldHaveExpired) },
        ...(expire
          ? [
              { metric: 'first due to last due', value: result.dueSeconds * 1e6, unit: /** @type {const} */ ('µs') },
              { metric: 'last due to all cleared', value: result.clearedMicros, unit: /** @type {const} */ ('µs') },
            ]
          : []),
      ],
      problems: [
        ...result.problems,
        ...(result.visible === shouldBeVisible
          ? []
          : [`${result.visible} of 100 params could be read, not ${shouldBeVisible}`]),
        ...(result.expired === shouldHaveExpired
          ? []
          : [`the router says that ${result.expired} params expired, not ${shouldHaveExpired}`]),
        ...(result.tooEarly > 0 ? [`${result.tooEarly} params expired before their time`] : []),
      ],
    };
  } finally {
    await client.stop();
  }
}

/**
 * Measures the cost of a TTL for a SET, and of an expired param for the router, without sockets.
 *
 * @param {{ params: number }} load
 * @param {Duration} duration
 * @returns {Promise<Outcome>}
 */
export async function measureExpiryInCore({ params }, { seconds }) {
  const worker = new Worker('./state/expiry-core.mjs');
  try {
    const result = await worker.call('measure', { params, seconds }, seconds * 1000);
    return {
      figures: [
        { metric: 'first SET, no TTL', value: result.setWithout, unit: 'µs' },
        { metric: 'first SET, with TTL', value: result.setWith, unit: 'µs' },
        { metric: 'expiry of a param', value: result.expiry, unit: 'µs' },
        { metric: 'all, slice by slice', value: result.expiry * params, unit: 'µs' },
      ],
      problems: result.left === 0 ? [] : [`${result.left} params were still there`],
    };
  } finally {
    await worker.stop();
  }
}
