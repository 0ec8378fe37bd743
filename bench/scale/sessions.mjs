// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { CannotRunHere } from '../cannot-run-here.mjs';
import { cpuSeconds } from '../children.mjs';
import { openFileLimit } from '../environment.mjs';
import { Worker } from '../worker.mjs';

/**
 * @typedef {import('../run.mjs').Duration} Duration
 * @typedef {import('../run.mjs').Outcome} Outcome
 * @typedef {import('../state/cases.mjs').LoadServer} LoadServer
 */

const CONNECT_MS = 60_000;
const AT_ONCE = 64;
/** Milliseconds until a server has noticed thousands of closed connections. */
const FAREWELL_MS = 1_000;
const MOST_GROWTH = 1.05;
/** Open files of a server besides its sessions. */
const OTHER_FILES = 100;
const PINGS_PER_SECOND = 100;

/**
 * Measures the memory of an idle session, and what is left after its end.
 *
 * @param {{ sessions: number, quickSessions: number }} load
 * @param {Duration} duration
 * @param {LoadServer} server one that reports its memory
 * @returns {Promise<Outcome>}
 */
export async function measureIdleSessions({ sessions, quickSessions }, { isQuick }, server) {
  const count = isQuick ? quickSessions : sessions;
  needFiles(count);
  return withCrowd(server, async (crowd) => {
    const comeAndGo = async () => {
      await crowd.call('connect', { count, atOnce: AT_ONCE, patterns: [] }, CONNECT_MS);
      await crowd.call('disconnect');
      await sleep(FAREWELL_MS);
    };
    // provided by the case's targets
    const memory = () => /** @type {NonNullable<LoadServer['call']>} */ (server.call)('memory');
    const fresh = await memory();
    const { seconds } = await crowd.call('connect', { count, atOnce: AT_ONCE, patterns: [] }, CONNECT_MS);
    const full = await memory();
    const lost = await crowd.call('lost');
    await crowd.call('disconnect');
    await sleep(FAREWELL_MS);
    const before = await memory();
    await comeAndGo();
    const after = await memory();
    const expected = server.isEndpoint ? undefined : `≤ ${MOST_GROWTH}`; // other targets serve for comparison only
    const growth = { heap: after.heap / before.heap, rss: after.rss / before.rss };
    return {
      figures: [
        { metric: 'sessions', value: count, unit: '', isGiven: true },
        { metric: 'RSS a session', value: (full.rss - fresh.rss) / count, unit: 'B' },
        { metric: 'heap a session', value: (full.heap - fresh.heap) / count, unit: 'B' },
        { metric: 'connected', value: count / seconds, unit: '/s' },
        { metric: 'RSS after as many more', value: growth.rss, unit: '×', expected },
        { metric: 'heap after as many more', value: growth.heap, unit: '×', expected },
      ],
      problems: [
        ...(lost > 0 ? [`${lost} of ${count} idle sessions were lost`] : []),
        ...Object.entries(growth).flatMap(([what, times]) =>
          times > MOST_GROWTH && !server.isEndpoint
            ? [`${what} grew ${times.toFixed(3)} × when ${count} more came and went`]
            : [],
        ),
      ],
    };
  });
}

/**
 * Measures how many clients per second can connect, get WELCOME, and close.
 *
 * @param {Duration} duration
 * @param {LoadServer} server
 * @returns {Promise<Outcome>}
 */
export function measureConnects({ seconds, warmUpSeconds }, server) {
  return withCrowd(server, async (crowd) => {
    await crowd.call('connectAndClose', { seconds: warmUpSeconds, atOnce: AT_ONCE }, warmUpSeconds * 1000);
    const cpuBefore = cpuSeconds(server.pid);
    const { count, seconds: took } = await crowd.call('connectAndClose', { seconds, atOnce: AT_ONCE }, seconds * 1000);
    const cpuAfter = cpuSeconds(server.pid);
    return {
      figures: [
        {
          metric: '',
          value: count / took,
          unit: '/s',
          ...(cpuBefore === undefined || cpuAfter === undefined
            ? {}
            : { perCpuSecond: count / (cpuAfter - cpuBefore) }),
        },
      ],
      problems: [],
    };
  });
}

/**
 * All clients disconnect and reconnect at once, as when an access point restarts; one client on a cable stays.
 *
 * @param {{ sessions: number, quickSessions: number }} load
 * @param {Duration} duration
 * @param {LoadServer} server
 * @returns {Promise<Outcome>}
 */
export function measureStorm({ sessions, quickSessions }, { isQuick }, server) {
  const count = isQuick ? quickSessions : sessions;
  needFiles(2 * count); // the old ones can still be open when the new ones connect
  return withCrowd(server, async (crowd) => {
    const pinger = new Worker('./scale/pinger.mjs');
    try {
      await pinger.call('open', { wire: server.wire, server: server.address });
      const patterns = ['/bench/**'];
      await crowd.call('connect', { count, atOnce: AT_ONCE, patterns }, CONNECT_MS);
      await pinger.call('start', { perSecond: PINGS_PER_SECOND });
      await crowd.call('disconnect');
      const { seconds, retries } = await crowd.call('connect', { count, atOnce: count, patterns }, CONNECT_MS);
      const { p50, p99, max, problems } = await pinger.call('stop');
      const lost = await crowd.call('lost');
      return {
        figures: [
          { metric: 'sessions', value: count, unit: '', isGiven: true },
          { metric: 'all back', value: seconds * 1e6, unit: 'µs' },
          { metric: 'tries that failed', value: retries, unit: '' },
          { metric: 'PING p50', value: p50, unit: 'µs' },
          { metric: 'PING p99', value: p99, unit: 'µs' },
          { metric: 'longest PING', value: max, unit: 'µs' },
        ],
        problems: [...problems, ...(lost > 0 ? [`${lost} of ${count} sessions were lost again`] : [])],
      };
    } finally {
      await pinger.stop();
    }
  });
}

/**
 * @param {LoadServer} server
 * @param {(crowd: Worker) => Promise<Outcome>} use
 */
async function withCrowd(server, use) {
  const crowd = new Worker('./scale/crowd.mjs');
  try {
    await crowd.call('open', { wire: server.wire, server: server.address });
    return await use(crowd);
  } finally {
    await crowd.stop();
  }
}

/** @param {number} sessions */
function needFiles(sessions) {
  const needed = sessions + OTHER_FILES;
  const limit = openFileLimit();
  if (limit < needed)
    throw new CannotRunHere(
      `${sessions} sockets need ${needed} open files in a process and this shell allows ${limit}: try ulimit -n ${needed}`,
    );
}
