// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds } from './children.mjs';

/** @typedef {import('./targets.mjs').RunningServer} RunningServer */

const POLL_MS = 50;
/** Nothing more will arrive when nothing has for so long and the server has had nothing to do either. */
const QUIET_MS = 1_000;
const IDLE_CPU_SECONDS = 0.02;
/** However busy the server is with something else. */
const SILENT_MS = 5_000;

/**
 * Asks until all has arrived, or nothing more does. A neighbour can hold a whole machine for a moment, so a server that is
 * still working gets more time than one that is idle.
 *
 * @template {{ delivered: number, acks: number, isDone: boolean }} Counts
 * @param {RunningServer} server
 * @param {() => Promise<Counts>} ask
 * @returns {Promise<Counts>}
 */
export async function settled(server, ask) {
  let counts = await ask();
  let grewAt = performance.now();
  let busyAt = grewAt;
  let cpu = cpuSeconds(server.pid) ?? 0;
  while (!counts.isDone) {
    await sleep(POLL_MS);
    const next = await ask();
    const now = performance.now();
    const cpuNow = cpuSeconds(server.pid) ?? 0;
    if (next.delivered !== counts.delivered || next.acks !== counts.acks) grewAt = busyAt = now;
    if (cpuNow - cpu >= IDLE_CPU_SECONDS) {
      cpu = cpuNow;
      busyAt = now;
    }
    counts = next;
    if (now - busyAt >= QUIET_MS || now - grewAt >= SILENT_MS) break;
  }
  await sleep(POLL_MS); // whatever is one too many shows itself now
  return ask();
}
