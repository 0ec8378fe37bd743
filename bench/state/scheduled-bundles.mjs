// @ts-check
import { settled } from '../settle.mjs';
import { Worker } from '../worker.mjs';
import { judge, PARTS } from './bundle-schedule.mjs';
import { busyFigure, watchCpu } from './server-time.mjs';

/**
 * @typedef {import('../run.mjs').Duration} Duration
 * @typedef {import('../run.mjs').Figure} Figure
 * @typedef {import('../run.mjs').Outcome} Outcome
 */

/** Maximum time from the sending to the run of a bundle. */
const AHEAD_MS = 500;

/**
 * One sender and one receiver, in a process each. Delays are measured by the machine's clock, corrected by SYNC.
 *
 * @param {{ perSecond: number, isScheduled: boolean }} load
 * @param {Duration} duration
 * @param {import('./cases.mjs').LoadServer} server
 * @returns {Promise<Outcome>}
 */
export async function measureBundles({ perSecond, isScheduled }, { seconds, warmUpSeconds }, server) {
  const sender = new Worker('./state/bundles-sender.mjs');
  const receiver = new Worker('./state/bundles-receiver.mjs');
  try {
    const where = { wire: server.wire, server: server.address };
    await receiver.call('open', where);
    await sender.call('open', where);

    /** @param {number} forSeconds */
    const round = async (forSeconds) => {
      await receiver.call('reset');
      const watch = watchCpu(server.pid);
      const { times } = await sender.call('send', { seconds: forSeconds, perSecond, isScheduled }, forSeconds * 1000);
      const used = watch.stop();
      if (isScheduled) await new Promise((resolve) => setTimeout(resolve, AHEAD_MS));
      const { problems } = await settled(server, async () => {
        const status = await receiver.call('status');
        return { ...status, acks: 0, isDone: status.delivered >= PARTS * times.length };
      });
      return { times, used, problems };
    };

    await round(warmUpSeconds);
    const { times, used, problems } = await round(seconds);
    const [{ arrivals, errorMicros }, fromSender] = await Promise.all([receiver.call('result'), sender.call('status')]);
    const outcome = outcomeOf(judge(times, arrivals, errorMicros + fromSender.errorMicros), isScheduled);
    return {
      figures: [
        ...outcome.figures,
        ...busyFigure(used),
        { metric: 'error of SYNC', value: errorMicros, unit: 'µs', isGiven: true },
      ],
      problems: [...problems, ...fromSender.problems, ...outcome.problems],
    };
  } finally {
    await Promise.all([sender.stop(), receiver.stop()]);
  }
}

/**
 * The same without sockets, in one process.
 *
 * @param {{ perSecond: number }} load
 * @param {Duration} duration
 * @returns {Promise<Outcome>}
 */
export async function measureBundlesInProcess({ perSecond }, { seconds, warmUpSeconds }) {
  const worker = new Worker('./state/bundles-in-process.mjs');
  try {
    const all = (seconds + warmUpSeconds) * 1000;
    return outcomeOf(await worker.call('measure', { seconds, warmUpSeconds, perSecond }, all), true);
  } finally {
    await worker.stop();
  }
}

/**
 * @param {ReturnType<typeof judge>} result
 * @param {boolean} isScheduled
 * @returns {Outcome}
 */
function outcomeOf({ p50, p99, max, early, lost, twice, outOfOrder, tornApart }, isScheduled) {
  return {
    figures: [
      { metric: 'late p50', value: p50, unit: 'µs' },
      { metric: 'late p99', value: p99, unit: 'µs' },
      { metric: 'latest', value: max, unit: 'µs' },
      ...(isScheduled ? [count('early', early)] : []),
      count('lost', lost),
      count('out of order', outOfOrder),
    ],
    problems: [
      ...(isScheduled && early > 0 ? [`${early} messages came before the time of their bundle`] : []),
      ...(lost > 0 ? [`${lost} bundles did not arrive, or not all of them`] : []),
      ...(twice > 0 ? [`${twice} bundles arrived more than once`] : []),
      ...(outOfOrder > 0 ? [`${outOfOrder} bundles came out of order`] : []),
      ...(tornApart > 0 ? [`${tornApart} messages were not next to those of their bundle`] : []),
    ],
  };
}

/**
 * Returns the figure of something that must not happen.
 *
 * @param {string} metric
 * @param {number} value
 * @returns {Figure}
 */
function count(metric, value) {
  return { metric, value, unit: '', expected: '0' };
}
