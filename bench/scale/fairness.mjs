// @ts-check
import { Worker } from '../worker.mjs';

const PINGS_PER_SECOND = 200;
export const MOST_DELAY_MICROS = 20_000;

/**
 * Measures a client that sends PINGs while another session publishes as fast as the router permits, or while none
 * does.
 *
 * @param {{ load: import('../cases.mjs').Load | undefined, audience: import('../cases.mjs').Audience }} load
 * @param {import('../run.mjs').Duration} duration
 * @param {import('../state/cases.mjs').LoadServer} server
 * @returns {Promise<import('../run.mjs').Outcome>}
 */
export async function measureFairness({ load, audience }, { seconds, warmUpSeconds }, server) {
  const workers = {
    publisher: new Worker('./publisher.mjs'),
    subscriber: new Worker('./subscriber.mjs'),
    pinger: new Worker('./scale/pinger.mjs'),
  };
  const { publisher, subscriber, pinger } = workers;
  try {
    const where = { wire: server.wire, server: server.address };
    await subscriber.call('open', { ...where, ...audience });
    if (load !== undefined) await publisher.call('open', { ...where, load, answersPings: true });
    await pinger.call('open', where);
    const work = (/** @type {number} */ forSeconds) =>
      load === undefined
        ? new Promise((resolve) => setTimeout(resolve, forSeconds * 1000))
        : publisher.call('publish', { seconds: forSeconds }, forSeconds * 1000);
    await work(warmUpSeconds);
    await pinger.call('start', { perSecond: PINGS_PER_SECOND });
    await work(seconds);
    const { p50, p99, max, problems } = await pinger.call('stop');
    const others = load === undefined ? [] : (await publisher.call('status')).problems;
    return {
      figures: [
        { metric: 'PING p50', value: p50, unit: 'µs' },
        { metric: 'PING p99', value: p99, unit: 'µs', ...(load === undefined ? {} : { expected: '≤ 20 ms' }) },
        { metric: 'longest PING', value: max, unit: 'µs' },
      ],
      problems: [
        ...problems,
        ...others,
        ...(load !== undefined && p99 > MOST_DELAY_MICROS
          ? [`PINGs took ${(p99 / 1000).toFixed(1)} ms at p99, not at most ${MOST_DELAY_MICROS / 1000}`]
          : []),
      ],
    };
  } finally {
    await Promise.all(Object.values(workers).map((worker) => worker.stop()));
  }
}
