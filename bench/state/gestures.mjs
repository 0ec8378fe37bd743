// @ts-check
import { settled } from '../settle.mjs';
import { Worker } from '../worker.mjs';
import { busyFigure, watchCpu } from './server-time.mjs';

/**
 * @typedef {import('../run.mjs').Duration} Duration
 * @typedef {import('../run.mjs').Figure} Figure
 * @typedef {import('../run.mjs').Outcome} Outcome
 * @typedef {{ players: number, movesPerSecond: number }} Players
 */

/**
 * Players in one process, one subscriber in another, and the same moves as gestures, which the router throttles, or
 * as streams, which it does not.
 *
 * @param {Players & { signal: 'gesture' | 'stream' }} load
 * @param {Duration} duration
 * @param {import('./cases.mjs').LoadServer} server
 * @returns {Promise<Outcome>}
 */
export async function measureGestures({ players: count, movesPerSecond, signal }, duration, server) {
  const players = new Worker('./state/gestures-players.mjs');
  const audience = new Worker('./state/gestures-audience.mjs');
  try {
    const where = { wire: server.wire, server: server.address };
    await audience.call('open', { ...where, signal });
    await players.call('open', { ...where, count });

    /** @param {number} seconds */
    const round = async (seconds) => {
      await audience.call('reset');
      const watch = watchCpu(server.pid);
      const { moves, ended } = await players.call('play', { seconds, movesPerSecond, signal }, seconds * 1000);
      const used = watch.stop();
      const owed = signal === 'stream' ? moves : Infinity;
      const { delivered, problems } = await settled(server, async () => {
        const status = await audience.call('status');
        return { ...status, acks: 0, isDone: status.delivered >= owed };
      });
      return { moves, ended, used, delivered, problems: [...problems] };
    };

    await round(duration.warmUpSeconds);
    const { moves, ended, used, delivered, problems } = await round(duration.seconds);
    const result = await audience.call('result', { ended });
    problems.push(...(await players.call('status')).problems);
    if (result.outOfPlace > 0) problems.push(`${result.outOfPlace} messages were out of place in their gesture`);
    if (result.withoutLastMove > 0)
      problems.push(`${result.withoutLastMove} gestures of ${ended.length} lost their last move`);
    if (result.withoutEnd > 0) problems.push(`${result.withoutEnd} gestures of ${ended.length} never ended`);
    if (signal === 'stream' && delivered !== moves) problems.push(`${delivered} deliveries where ${moves} were owed`);
    const perSecond = (/** @type {number} */ number) => number / duration.seconds;
    return {
      figures: [
        { metric: 'moves in', value: perSecond(moves), unit: '/s', isGiven: true },
        { metric: 'moves out', value: perSecond(delivered), unit: '/s' },
        { metric: 'moves in for one out', value: moves / delivered, unit: '×' },
        ...(signal === 'stream' ? [] : gestureFigures(result)),
        { metric: 'age of a move p50', value: result.ages.p50, unit: 'µs' },
        { metric: 'age of a move p99', value: result.ages.p99, unit: 'µs' },
        ...busyFigure(used),
        ...(used === undefined
          ? []
          : [{ metric: 'router CPU a move', value: (used.cpu / moves) * 1e6, unit: /** @type {const} */ ('µs') }]),
      ],
      problems,
    };
  } finally {
    await Promise.all([players.stop(), audience.stop()]);
  }
}

/**
 * @param {{ withoutLastMove: number, intervals: { p1: number, p50: number, p99: number, max: number } }} result
 * @returns {Figure[]}
 */
function gestureFigures({ withoutLastMove, intervals }) {
  return [
    { metric: 'last moves lost', value: withoutLastMove, unit: '', expected: '0' },
    { metric: 'between moves p1', value: intervals.p1, unit: 'µs' },
    { metric: 'between moves p50', value: intervals.p50, unit: 'µs' },
    { metric: 'between moves p99', value: intervals.p99, unit: 'µs' },
  ];
}

/**
 * Measures the maximum rate of moves in RouterCore, without sockets.
 *
 * @param {Players} load
 * @param {Duration} duration
 * @returns {Promise<Outcome>}
 */
export async function measureGesturesInCore({ players, movesPerSecond }, { seconds, warmUpSeconds }) {
  const worker = new Worker('./state/gestures-core.mjs');
  try {
    const load = { players, movesPerSecond };
    await worker.call('measure', { ...load, seconds: warmUpSeconds }, warmUpSeconds * 1000);
    const { thinnedOut, passedOn, movesForOneOut } = await worker.call('measure', { ...load, seconds }, seconds * 1000);
    return {
      figures: [
        { metric: 'moves, thinned out', value: thinnedOut, unit: '/s' },
        { metric: 'moves, each passed on', value: passedOn, unit: '/s' },
        { metric: 'moves in for one out', value: movesForOneOut, unit: '×' },
      ],
      problems: [],
    };
  } finally {
    await worker.stop();
  }
}
