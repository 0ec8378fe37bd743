// @ts-check
import { cpuSeconds } from './children.mjs';
import { settled } from './settle.mjs';
import { Worker } from './worker.mjs';

/**
 * @typedef {import('./cases.mjs').Load} Load
 * @typedef {import('./cases.mjs').Audience} Audience
 * @typedef {import('./run.mjs').Duration} Duration
 * @typedef {import('./run.mjs').Outcome} Outcome
 * @typedef {import('./state/cases.mjs').LoadServer} LoadServer
 */

/**
 * Two rounds over the same connections: one to warm up the server's code, one that counts.
 *
 * @param {{ load: Load, audience: Audience }} what
 * @param {LoadServer} server
 * @param {Duration} duration
 * @returns {Promise<Outcome>}
 */
export async function throughput({ load, audience }, server, { seconds, warmUpSeconds }) {
  const publisher = new Worker('./publisher.mjs');
  const subscriber = server.isEndpoint ? undefined : new Worker('./subscriber.mjs');
  try {
    const where = { wire: server.wire, server: server.address };
    await subscriber?.call('open', { ...where, ...audience });
    const { messageBytes } = await publisher.call('open', {
      ...where,
      load,
      answersPings: !server.isEndpoint,
      deliveriesPerMessage: server.isEndpoint ? 1 : audience.deliveriesPerMessage,
    });
    /** @param {'reset' | 'status'} name */
    const counter = (name) => subscriber?.call(name) ?? server.call?.(name);
    const owedPerMessage = server.isEndpoint ? 1 : audience.deliveriesPerMessage;
    const owesAcks = !server.isEndpoint && server.acknowledges && load.signal === 'set' && load.qos > 0;

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
