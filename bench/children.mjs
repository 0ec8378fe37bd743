// @ts-check
import { readFileSync } from 'node:fs';

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

const CLOCK_TICKS_PER_SECOND = 100; // USER_HZ, equal on every Linux that Node.js supports
const PATIENCE_MS = 1_000;

/** Processes that this run has started and that have not ended. @type {Set<ChildProcess>} */
const running = new Set();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const [signal, code] of /** @type {const} */ ([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])) {
  process.on(signal, () => process.exit(code));
}

/**
 * Ends the process when this one ends, except by SIGKILL.
 *
 * @param {ChildProcess} child
 */
export function track(child) {
  running.add(child);
  child.once('exit', () => running.delete(child));
}

/** Asks the process to end, and kills it after a second. @param {ChildProcess} child @returns {Promise<void>} */
export function stop(child) {
  if (!running.has(child)) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

/**
 * Returns the CPU time of a process so far, with all its threads and its kernel time, in steps of 10 ms.
 *
 * @param {number | undefined} pid
 * @returns {number | undefined} seconds; undefined on systems without /proc
 */
export function cpuSeconds(pid) {
  try {
    // Field 2 is the command's name in parentheses, and can contain spaces; utime and stime are fields 14 and 15.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}
