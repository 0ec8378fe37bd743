// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds } from './children.mjs';

/** @typedef {import('./targets.mjs').RunningServer} RunningServer */

const POLL_MS = 50;
/** Milliseconds without an arrival after which nothing more is expected, if the server was idle, too. */
const QUIET_MS = 1_000;
const IDLE_CPU_SECONDS = 0.02;
/** The same, however busy the server is. */
const SILENT_MS = 5_000;

/**
 * Polls until everything has arrived, or nothing more does. Other load can stop a whole machine for a moment, so a
 * server that is still working gets more time than an idle one.
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
  await sleep(POLL_MS); // an excess delivery would arrive now
  return ask();
}
