// @ts-check
import { Worker } from '../worker.mjs';
import { busyFigure, watchCpu } from '../state/server-time.mjs';

const SUBSCRIBERS = 100;
const PER_SECOND = 1_000;

/**
 * A hundred subscribers of everything. One of them can have stopped reading, with a full socket.
 *
 * @param {{ isFrozen: boolean }} load
 * @param {import('../run.mjs').Duration} duration
 * @param {import('../state/cases.mjs').LoadServer} server
 * @returns {Promise<import('../run.mjs').Outcome>}
 */
export async function measureFrozen({ isFrozen }, { seconds, warmUpSeconds }, server) {
  const client = new Worker('./scale/frozen-client.mjs');
  try {
    await client.call('open', { wire: server.wire, server: server.address, subscribers: SUBSCRIBERS });
    await client.call('flood', { isFrozen });
    await client.call('measure', { seconds: warmUpSeconds, perSecond: PER_SECOND }, warmUpSeconds * 1000);
    const watch = watchCpu(server.pid);
    const result = await client.call('measure', { seconds, perSecond: PER_SECOND }, seconds * 1000);
    const used = watch.stop();
    const deliveredRatio = result.delivered / result.owed;
    return {
      figures: [
        { metric: 'others p50', value: result.p50, unit: 'µs', deliveredRatio },
        { metric: 'others p99', value: result.p99, unit: 'µs', deliveredRatio },
        ...busyFigure(used),
      ],
      problems: [
        ...result.problems,
        ...(result.delivered === result.owed
          ? []
          : [`${result.delivered} deliveries to the others where ${result.owed} were owed`]),
        ...(result.toTheLast > 0 && isFrozen ? ['the frozen subscriber read something'] : []),
      ],
    };
  } finally {
    await client.stop();
  }
}
