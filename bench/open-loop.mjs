// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Sends each message at its time, whether or not earlier ones have arrived, so that a stalled server does not slow
 * its own test. Messages that a late timer has delayed are sent together.
 *
 * @param {{ seconds: number, perSecond: number }} pace
 * @param {(message: number) => void} send
 * @returns {Promise<number>} number of sent messages
 */
export async function openLoop({ seconds, perSecond }, send) {
  const start = performance.now();
  const total = Math.round(seconds * perSecond);
  let sent = 0;
  while (sent < total) {
    await sleep(1); // up to 1 ms late
    const due = Math.min(total, Math.floor(((performance.now() - start) / 1000) * perSecond));
    for (; sent < due; sent++) send(sent);
  }
  return sent;
}
