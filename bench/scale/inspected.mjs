// @ts-check
import { throughput } from '../throughput.mjs';

/**
 * One publisher and one subscriber, with or without an observer of the router's actors.
 *
 * @param {{ isWatched: boolean, load: import('../cases.mjs').Load, audience: import('../cases.mjs').Audience }} load
 * @param {import('../run.mjs').Duration} duration
 * @param {import('../state/cases.mjs').LoadServer} server
 * @returns {Promise<import('../run.mjs').Outcome>}
 */
export async function measureInspected({ isWatched, load, audience }, duration, server) {
  if (isWatched) await server.call?.('inspect');
  const outcome = await throughput({ load, audience }, server, duration);
  const seen = await server.call?.('seen');
  if (isWatched && seen === 0) outcome.problems.push('the inspector was told nothing');
  return outcome;
}
