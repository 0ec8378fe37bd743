// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from '../worker.mjs';
import { MOST_DELAY_MICROS } from './fairness.mjs';

/**
 * @typedef {import('../run.mjs').Duration} Duration
 * @typedef {import('../run.mjs').Figure} Figure
 * @typedef {import('../run.mjs').Outcome} Outcome
 * @typedef {import('../state/cases.mjs').LoadServer} LoadServer
 */

const PINGS_PER_SECOND = 500;
const FILL_MS = 30_000;
const MOST_JOIN_SECONDS = 0.5;
/** Milliseconds before a client joins, so that the pings meet warm code. */
const LEAD_MS = 500;

/**
 * Sets params that are all new, and then lets one client request all of them.
 *
 * @param {{ params: number, quickParams: number }} load
 * @param {Duration} duration
 * @param {LoadServer} server one that reports its memory
 * @returns {Promise<Outcome>}
 */
export async function measureManyParams({ params, quickParams }, { isQuick }, server) {
  const count = isQuick ? quickParams : params;
  const [setter, joiner] = [new Worker('./scale/many-params-client.mjs'), new Worker('./scale/many-params-client.mjs')];
  try {
    const where = { wire: server.wire, server: server.address };
    await setter.call('open', where);
    await joiner.call('open', where);
    const before = await server.call?.('memory');
    const { seconds } = await setter.call('fill', { params: count }, FILL_MS);
    const after = await server.call?.('memory');
    const joined = await joiner.call('join', { params: count }, FILL_MS);
    return {
      figures: [
        { metric: 'params', value: count, unit: '', isGiven: true },
        { metric: 'SETs of new addresses', value: count / seconds, unit: '/s' },
        { metric: 'heap a param', value: (after.heap - before.heap) / count, unit: 'B' },
        { metric: 'RSS a param', value: (after.rss - before.rss) / count, unit: 'B' },
        { metric: 'SNAPSHOT of all', value: joined.seconds * 1e6, unit: 'µs' },
        { metric: 'SNAPSHOT bytes a param', value: joined.bytes / count, unit: 'B' },
      ],
      problems: [],
    };
  } finally {
    await Promise.all([setter.stop(), joiner.stop()]);
  }
}

/**
 * Measures a client that sends PINGs while another client requests all params, or while none does.
 *
 * @param {{ params: number, joins: boolean }} load
 * @param {LoadServer} server
 * @returns {Promise<Outcome>}
 */
export async function measureLateJoiner({ params, joins }, server) {
  const workers = {
    setter: new Worker('./scale/many-params-client.mjs'),
    earlier: new Worker('./scale/many-params-client.mjs'),
    joiner: new Worker('./scale/many-params-client.mjs'),
    pinger: new Worker('./scale/pinger.mjs'),
  };
  const { setter, earlier, joiner, pinger } = workers;
  try {
    const where = { wire: server.wire, server: server.address };
    for (const worker of Object.values(workers)) await worker.call('open', where);
    await setter.call('fill', { params }, FILL_MS);
    await earlier.call('join', { params }, FILL_MS); // the router's code is warm, as in all cases
    await pinger.call('start', { perSecond: PINGS_PER_SECOND });
    await sleep(LEAD_MS);
    await pinger.call('stop');
    await pinger.call('start', { perSecond: PINGS_PER_SECOND });
    const joined = joins ? await joiner.call('join', { params }, FILL_MS) : await sleep(LEAD_MS);
    const { p50, p99, max, problems } = await pinger.call('stop');
    return {
      figures: [
        ...(joined === undefined ? [] : joinFigures(joined)),
        { metric: 'PING p50', value: p50, unit: 'µs' },
        { metric: 'PING p99', value: p99, unit: 'µs', ...(joins ? { expected: '≤ 20 ms' } : {}) },
        { metric: 'longest PING', value: max, unit: 'µs' },
      ],
      problems: [
        ...problems,
        ...(joined !== undefined && joined.seconds > MOST_JOIN_SECONDS
          ? [`the snapshot took ${joined.seconds.toFixed(2)} s, not at most ${MOST_JOIN_SECONDS}`]
          : []),
        ...(joins && p99 > MOST_DELAY_MICROS
          ? [`PINGs took ${(p99 / 1000).toFixed(1)} ms at p99, not at most ${MOST_DELAY_MICROS / 1000}`]
          : []),
      ],
    };
  } finally {
    await Promise.all(Object.values(workers).map((worker) => worker.stop()));
  }
}

/** @param {{ seconds: number }} joined @returns {Figure[]} */
function joinFigures({ seconds }) {
  return [{ metric: 'SNAPSHOT complete', value: seconds * 1e6, unit: 'µs', expected: '≤ 0.5 s' }];
}
