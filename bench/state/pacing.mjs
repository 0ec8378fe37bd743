// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { settled } from '../settle.mjs';
import { Worker } from '../worker.mjs';
import { busyFigure, watchCpu } from './server-time.mjs';

/**
 * @typedef {import('../run.mjs').Duration} Duration
 * @typedef {import('../run.mjs').Figure} Figure
 * @typedef {import('../run.mjs').Outcome} Outcome
 */

/** Larger than any value of a load before its end. */
const LAST_VALUE = 1_000_000;
const LAST_PATIENCE_MS = 5_000;
const POLL_MS = 20;
/** The minimum rate with maxRate 30 if the values change constantly. */
const LEAST_SHARE = 25 / 30;

/**
 * One publisher, some subscribers, with or without a limited rate.
 *
 * @param {{ subscribers: number, addresses: readonly string[], maxRate?: number, pace:
 * import('../cases.mjs').Load['pace'] }} load
 * @param {Duration} duration
 * @param {import('./cases.mjs').LoadServer} server
 * @returns {Promise<Outcome>}
 */
export async function measurePacing({ subscribers, addresses, maxRate, pace }, { seconds, warmUpSeconds }, server) {
  const publisher = new Worker('./publisher.mjs');
  const audience = new Worker('./state/pacing-audience.mjs');
  try {
    const where = { wire: server.wire, server: server.address };
    await audience.call('open', { ...where, subscribers, addresses, maxRate });
    const load = { publishers: 1, signal: 'set', qos: 1, addresses, pace };
    await publisher.call('open', { ...where, load, answersPings: true });

    /** @param {number} forSeconds */
    const publish = (forSeconds) =>
      publisher.call('publishUntilTaken', { seconds: forSeconds }, (forSeconds + 1) * 1000);
    await publish(warmUpSeconds);
    await sleep(100); // values delayed by the last interval do not count
    await audience.call('reset');

    const watch = watchCpu(server.pid);
    const { sent, seconds: took } = await publish(seconds);
    const counted = await audience.call('status');
    const used = watch.stop();
    const rates = maxRate === undefined ? undefined : await audience.call('rates');

    const isFlatOut = pace === 'blocks';
    const owed = maxRate === undefined ? sent * subscribers : 0;
    const { delivered } = await settled(server, async () => {
      const status = await audience.call('status');
      return { ...status, acks: 0, isDone: status.delivered >= owed };
    });
    const last = await lastValues(publisher, audience, addresses);
    const { problems: publisherProblems } = await publisher.call('status');
    const { problems: audienceProblems } = await audience.call('status');
    const problems = [...publisherProblems, ...audienceProblems, ...last.problems];
    if (maxRate === undefined && delivered !== owed) problems.push(`${delivered} deliveries where ${owed} were owed`);
    if (rates !== undefined) problems.push(...rateProblems(rates, maxRate ?? 0, isFlatOut));
    return {
      figures: [
        { metric: 'SETs taken', value: sent / took, unit: '/s', ...(isFlatOut ? {} : { isGiven: true }) },
        { metric: 'deliveries', value: counted.delivered / took, unit: '/s' },
        ...busyFigure(used),
        ...(used === undefined
          ? []
          : cpuFigures(used.cpu, isFlatOut ? { SET: sent } : { delivery: counted.delivered })),
        ...(rates === undefined ? [] : rateFigures(rates, maxRate ?? 0, isFlatOut)),
        ...last.figures,
      ],
      problems,
    };
  } finally {
    await Promise.all([publisher.stop(), audience.stop()]);
  }
}

/**
 * Sets each address once more, in the middle of every subscriber's interval, and waits until all have received it.
 *
 * @param {Worker} publisher
 * @param {Worker} audience
 * @param {readonly string[]} addresses
 * @returns {Promise<Outcome>}
 */
async function lastValues(publisher, audience, addresses) {
  await publisher.call('publishLast', { values: addresses.map((_, i) => LAST_VALUE + i) });
  const values = addresses.map((_, i) => LAST_VALUE + addresses.length + i);
  const { sentMicros } = await publisher.call('publishLast', { values });
  const deadline = performance.now() + LAST_PATIENCE_MS;
  for (;;) {
    const { missing } = await audience.call('missing', { last: values });
    if (missing > 0 && performance.now() < deadline) {
      await sleep(POLL_MS);
      continue;
    }
    const { lastMicros } = await audience.call('status');
    return {
      figures: [
        { metric: 'without the last value', value: missing, unit: '', expected: '0' },
        ...(missing > 0
          ? []
          : [{ metric: 'last value at all', value: lastMicros - sentMicros, unit: /** @type {const} */ ('µs') }]),
      ],
      problems: missing > 0 ? [`${missing} subscribers never got the last values`] : [],
    };
  }
}

/**
 * @param {number} cpuSeconds
 * @param {Record<string, number>} counts
 * @returns {Figure[]}
 */
function cpuFigures(cpuSeconds, counts) {
  return Object.entries(counts).map(([name, count]) => ({
    metric: `router CPU a ${name}`,
    value: (cpuSeconds / count) * 1e6,
    unit: 'µs',
  }));
}

/**
 * A router at its limit is late with everything, so only the maximum rate is guaranteed.
 *
 * @param {{ least: number, mostInASecond: number }} rates of an address at a subscriber
 * @param {number} maxRate
 * @param {boolean} isFlatOut
 * @returns {Figure[]}
 */
function rateFigures({ least, mostInASecond }, maxRate, isFlatOut) {
  return [
    {
      metric: 'least rate',
      value: least,
      unit: '/s',
      ...(isFlatOut ? {} : { expected: `≥ ${maxRate * LEAST_SHARE}` }),
    },
    { metric: 'most in a second', value: mostInASecond, unit: '', expected: `≤ ${maxRate + 1}` },
  ];
}

/**
 * @param {{ least: number, violations: number }} rates
 * @param {number} maxRate
 * @param {boolean} isFlatOut
 */
function rateProblems({ least, violations }, maxRate, isFlatOut) {
  return [
    ...(violations > 0
      ? [`${violations} deliveries came sooner than maxRate ${maxRate} allows, and no pause explains it`]
      : []),
    ...(isFlatOut || least >= maxRate * LEAST_SHARE
      ? []
      : [`a subscriber got only ${least.toFixed(1)} a second of an address`]),
  ];
}
