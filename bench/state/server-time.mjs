// @ts-check
import { cpuSeconds } from '../children.mjs';
import { machineMicros } from '../machine-clock.mjs';

/** @typedef {import('../run.mjs').Figure} Figure */

/**
 * Starts to measure the CPU time of a server, with its kernel time.
 *
 * @param {number | undefined} pid
 */
export function watchCpu(pid) {
  const cpuBefore = cpuSeconds(pid);
  const startedMicros = machineMicros();
  return {
    /**
     * @returns {{ cpu: number, seconds: number } | undefined} seconds; undefined if the system does not report them
     */
    stop() {
      const cpu = cpuSeconds(pid);
      if (cpuBefore === undefined || cpu === undefined) return undefined;
      return { cpu: cpu - cpuBefore, seconds: (machineMicros() - startedMicros) / 1e6 };
    },
  };
}

/** @param {{ cpu: number, seconds: number } | undefined} used @returns {Figure[]} */
export function busyFigure(used) {
  return used === undefined ? [] : [{ metric: 'router busy', value: (used.cpu / used.seconds) * 100, unit: '%' }];
}
