// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../summary.mjs';
import { settled } from '../settle.mjs';
import { Worker } from '../worker.mjs';

const SAMPLES = 24;
const MOST_GROWTH = 1.02;

/**
 * Publishes at full speed for a long time, and periodically measures the memory after a garbage collection.
 *
 * @param {{ load: import('../cases.mjs').Load, audience: import('../cases.mjs').Audience }} load
 * @param {import('../run.mjs').Duration} duration
 * @param {import('../state/cases.mjs').LoadServer} server one that reports its memory
 * @returns {Promise<import('../run.mjs').Outcome>}
 */
export async function measureSoak({ load, audience }, { soakSeconds }, server) {
  const [publisher, subscriber] = [new Worker('./publisher.mjs'), new Worker('./subscriber.mjs')];
  try {
    const where = { wire: server.wire, server: server.address };
    await subscriber.call('open', { ...where, ...audience });
    await publisher.call('open', { ...where, load, answersPings: true, ...audience });
    await subscriber.call('reset');
    const publishing = publisher.call('publish', { seconds: soakSeconds }, soakSeconds * 1000);
    publishing.catch(() => {}); // rethrown below, where it is awaited
    const heaps = [];
    const rss = [];
    for (let i = 0; i < SAMPLES; i++) {
      await sleep((soakSeconds / (SAMPLES + 1)) * 1000);
      const memory = await server.call?.('memory');
      heaps.push(memory.heap);
      rss.push(memory.rss);
    }
    const { sent } = await publishing;
    const owed = sent * audience.deliveriesPerMessage;
    const received = await settled(server, async () => {
      const status = await subscriber.call('status');
      return { ...status, acks: 0, isDone: status.delivered >= owed };
    });
    const { problems } = await publisher.call('status');
    const growth = { heap: growthOf(heaps), RSS: growthOf(rss) };
    return {
      figures: [
        {
          metric: 'delivered',
          value: received.delivered / received.seconds,
          unit: '/s',
          deliveredRatio: received.delivered / owed,
        },
        { metric: 'heap at the end', value: heaps[heaps.length - 1], unit: 'B' },
        { metric: 'RSS at the end', value: rss[rss.length - 1], unit: 'B' },
        { metric: 'heap growth', value: growth.heap, unit: '×', expected: '≤ 1.02' },
        { metric: 'RSS growth', value: growth.RSS, unit: '×' },
      ],
      problems: [
        ...problems,
        ...received.problems,
        ...(received.delivered === owed ? [] : [`${received.delivered} deliveries where ${owed} were owed`]),
        ...(growth.heap > MOST_GROWTH ? [`the heap grew ${growth.heap.toFixed(3)} × in the second half`] : []),
      ],
    };
  } finally {
    await Promise.all([publisher.stop(), subscriber.stop()]);
  }
}

/**
 * Compares the last quarter with the second one, because the first one is a warm-up. @param {readonly number[]}
 * values
 */
function growthOf(values) {
  const quarter = (/** @type {number} */ i) =>
    median(values.slice((i * values.length) / 4, ((i + 1) * values.length) / 4)) ?? NaN;
  return quarter(3) / quarter(1);
}
