// @ts-check
import { cpuSeconds } from './children.mjs';
import { settled } from './settle.mjs';
import { Worker } from './worker.mjs';

/**
 * @typedef {import('./cases.mjs').Case} Case
 * @typedef {import('./cases.mjs').ThroughputCase} ThroughputCase
 * @typedef {import('./cases.mjs').LatencyCase} LatencyCase
 * @typedef {import('./targets.mjs').Target} Target
 * @typedef {import('./targets.mjs').RunningServer} RunningServer
 * @typedef {{ seconds: number, warmUpSeconds: number }} Duration
 *
 * @typedef {object} Figure
 * @property {string} metric what was measured, where a case measures several things; else empty
 * @property {number} value
 * @property {'/s' | 'µs' | '%' | '×' | ''} unit more is better in the first, less in the second and third; the others are counts
 * @property {number} [deliveredRatio] delivered / owed
 * @property {number} [perCpuSecond] deliveries a second of the server's processor time
 * @property {string} [expected] what it has to be; such a figure is right or wrong, not better or worse
 * @property {true} [isGiven] it only says what the load or the clock was like: no difference in it is the server's
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
      return withServer(target, 'throughput', (server) => throughput(benchCase, target, server, duration));
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
  return withServer(target, 'throughput', (server) => measure(duration, { ...server, wire: target.wire }));
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
 * Two rounds over the same connections: one to warm the server's code up, one that counts.
 *
 * @param {ThroughputCase} benchCase
 * @param {Target} target
 * @param {RunningServer} server
 * @param {Duration} duration
 * @returns {Promise<Outcome>}
 */
async function throughput({ load, audience }, target, server, { seconds, warmUpSeconds }) {
  const publisher = new Worker('./publisher.mjs');
  const subscriber = target.isEndpoint ? undefined : new Worker('./subscriber.mjs');
  try {
    const where = { wire: target.wire, server: server.address };
    await subscriber?.call('open', { ...where, interests: audience.interests, countBy: audience.countBy });
    const { messageBytes } = await publisher.call('open', { ...where, load, answersPings: !target.isEndpoint });
    /** @param {'reset' | 'status'} name */
    const counter = (name) => subscriber?.call(name) ?? server.call?.(name);
    const owedPerMessage = target.isEndpoint ? 1 : audience.deliveriesPerMessage;
    const owesAcks = !target.isEndpoint && load.signal === 'set' && load.qos > 0;

    /** @param {number} forSeconds */
    const round = async (forSeconds) => {
      await counter('reset');
      const { acks: acksBefore } = await publisher.call('status');
      const cpuBefore = cpuSeconds(server.pid);
      const { sent } = await publisher.call('publish', { seconds: forSeconds }, forSeconds * 1000);
      const counts = await settled(server, async () => {
        const [received, { acks: allAcks, problems }] = await Promise.all([
          counter('status'),
          publisher.call('status'),
        ]);
        const delivered = received.delivered ?? received.bytes / messageBytes;
        const acks = allAcks - acksBefore;
        return {
          delivered,
          acks,
          seconds: received.seconds,
          problems: [...received.problems, ...problems],
          isDone: delivered >= sent * owedPerMessage && (!owesAcks || acks >= sent),
        };
      });
      const cpuAfter = cpuSeconds(server.pid);
      if (owesAcks && counts.acks !== sent) counts.problems.push(`${counts.acks} ACKs for ${sent} SETs`);
      return {
        ...counts,
        sent,
        cpu: cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore,
      };
    };

    await round(warmUpSeconds);
    const { sent, delivered, seconds: took, cpu, problems } = await round(seconds);
    if (delivered === 0) throw new Error(['nothing was delivered', ...problems].join('; '));
    const owed = sent * owedPerMessage;
    if (delivered !== owed) problems.push(`${delivered} deliveries where ${owed} were owed`);
    const figure = {
      metric: '',
      value: delivered / took,
      unit: /** @type {const} */ ('/s'),
      deliveredRatio: delivered / owed,
    };
    return { figures: [cpu === undefined ? figure : { ...figure, perCpuSecond: delivered / cpu }], problems };
  } finally {
    await Promise.all([publisher.stop(), subscriber?.stop()]);
  }
}

/**
 * At 1,000 messages a second it takes a server 15 s to run hot code a compiler has seen: measured sooner, a p99 is that of
 * the just-in-time compiler, and a show lasts longer than that.
 */
const LATENCY_WARM_UP = 15;

/**
 * @param {LatencyCase} benchCase
 * @param {Target} target
 * @param {RunningServer} server
 * @param {Duration} duration
 * @returns {Promise<Outcome>}
 */
async function latency({ messagesPerSecond }, target, server, { seconds, warmUpSeconds }) {
  const worker = new Worker('./latency.mjs');
  try {
    await worker.call('open', { wire: target.wire, server: server.address, echoes: target.isEndpoint });
    const warmUp = warmUpSeconds * LATENCY_WARM_UP;
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
