// @ts-check
import { cpuSeconds } from './children.mjs';
import { throughput } from './throughput.mjs';
import { Worker } from './worker.mjs';

/**
 * @typedef {import('./cases.mjs').Case} Case
 * @typedef {import('./cases.mjs').LatencyCase} LatencyCase
 * @typedef {import('./targets.mjs').Target} Target
 * @typedef {import('./targets.mjs').RunningServer} RunningServer
 * @typedef {{ seconds: number, warmUpSeconds: number, soakSeconds: number, isQuick: boolean }} Duration
 *
 * @typedef {object} Figure
 * @property {string} metric name of the figure if a case has several; else empty
 * @property {number} value
 * @property {'/s' | 'µs' | 'B' | '%' | '×' | ''} unit more is better for the first, less for the
 *   next three; the others are counts
 * @property {number} [deliveredRatio] delivered / owed
 * @property {number} [perCpuSecond] deliveries per second of the server's CPU time
 * @property {string | undefined} [expected] required value; such a figure is correct or wrong, not better or worse
 * @property {true} [isGiven] describes the load or the clock; the server does not affect it
 *
 * @typedef {{ figures: Figure[], problems: string[] }} Outcome
 */

/**
 * Runs a case once, against a server of its own.
 *
 * @param {Case} benchCase
 * @param {Target} target
 * @param {string | undefined} load its name, in a case that has several
 * @param {Duration} duration
 * @returns {Promise<Outcome>}
 */
export function runOnce(benchCase, target, load, duration) {
  switch (benchCase.kind) {
    case 'codec':
      return codec(duration);
    case 'latency':
      return withServer(target, 'latency', (server) => latency(benchCase, target, server, duration));
    case 'throughput':
      return withServer(target, 'throughput', (server) => throughput(benchCase, { ...target, ...server }, duration));
    case 'state':
      return state(benchCase, target, load, duration);
  }
}

/**
 * @param {import('./state/cases.mjs').StateCase} benchCase
 * @param {Target} target
 * @param {string | undefined} name
 * @param {Duration} duration
 * @returns {Promise<Outcome>}
 */
function state({ loads }, target, name, duration) {
  const load = loads.find((candidate) => candidate.name === name);
  const { measure, measureInProcess } = load ?? {};
  if (measureInProcess !== undefined) return measureInProcess(duration);
  if (measure === undefined) throw new Error(`there is no load ${name}`);
  return withServer(target, 'throughput', (server) => measure(duration, { ...target, ...server }));
}

/**
 * @param {Target} target
 * @param {'throughput' | 'latency'} kind
 * @param {(server: RunningServer) => Promise<Outcome>} use
 */
async function withServer(target, kind, use) {
  const server = await target.start(kind);
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

/**
 * At 1,000 messages per second it takes a server 15 s until hot code is compiled. An earlier p99 would be that of the
 * just-in-time compiler, and a show lasts longer.
 */
const LATENCY_WARM_UP = 15;

/**
 * @param {LatencyCase} benchCase
 * @param {Target} target
 * @param {RunningServer} server
 * @param {Duration} duration
 * @returns {Promise<Outcome>}
 */
async function latency({ messagesPerSecond }, target, server, { seconds, warmUpSeconds, isQuick }) {
  const worker = new Worker('./latency.mjs');
  try {
    await worker.call('open', { wire: target.wire, server: server.address, echoes: target.isEndpoint });
    const warmUp = isQuick ? warmUpSeconds : warmUpSeconds * LATENCY_WARM_UP;
    await worker.call('measure', { seconds: warmUp, messagesPerSecond }, warmUp * 1000);
    const cpuBefore = cpuSeconds(server.pid);
    const { sent, delivered, p50, p99, problems } = await worker.call(
      'measure',
      { seconds, messagesPerSecond },
      seconds * 1000,
    );
    const cpuAfter = cpuSeconds(server.pid);
    const shared = {
      unit: /** @type {const} */ ('µs'),
      deliveredRatio: delivered / sent,
      ...(cpuBefore === undefined || cpuAfter === undefined
        ? {}
        : { perCpuSecond: delivered / (cpuAfter - cpuBefore) }),
    };
    return {
      figures: [
        { ...shared, metric: 'p50', value: p50 },
        { ...shared, metric: 'p99', value: p99 },
      ],
      problems,
    };
  } finally {
    await worker.stop();
  }
}

/** @param {Duration} duration @returns {Promise<Outcome>} */
async function codec({ seconds }) {
  const worker = new Worker('./codec.mjs');
  try {
    /** @type {{ name: string, perSecond?: number, error?: string }[]} */
    const results = await worker.call('measure', { seconds }, seconds * 1000);
    return {
      figures: results.flatMap(({ name, perSecond }) =>
        perSecond === undefined ? [] : [{ metric: name, value: perSecond, unit: '/s' }],
      ),
      problems: results.flatMap(({ name, error }) => (error === undefined ? [] : [`${name}: ${error}`])),
    };
  } finally {
    await worker.stop();
  }
}
