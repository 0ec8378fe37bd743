// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Sends each message when it is due, whether or not earlier ones have arrived, so a stalled server can't slow its own test
 * down. What a late timer has held up goes out together.
 *
 * @param {{ seconds: number, perSecond: number }} pace
 * @param {(message: number) => void} send
 * @returns {Promise<number>} how many were sent
 */
export async function openLoop({ seconds, perSecond }, send) {
  const start = performance.now();
  const total = Math.round(seconds * perSecond);
  let sent = 0;
  while (sent < total) {
    await sleep(1); // fires late by up to 1 ms
    const due = Math.min(total, Math.floor(((performance.now() - start) / 1000) * perSecond));
    for (; sent < due; sent++) send(sent);
  }
  return sent;
}
