// @ts-check
// Runs that `npm run bench -- --json` wrote, as one set of results.
import { readFileSync } from 'node:fs';

/**
 * @typedef {import('../summary.mjs').Row} Row
 * @typedef {ReturnType<typeof import('../environment.mjs').environment>} Environment
 *
 * @typedef {object} Run what `--json` writes
 * @property {Environment} environment
 * @property {number} seconds
 * @property {number} repeat
 * @property {readonly Row[]} rows
 * @property {readonly string[]} problems
 *
 * @typedef {object} Results
 * @property {readonly Run[]} runs
 * @property {readonly Row[]} rows of all runs
 * @property {(target: string) => string} label the name of a target for readers
 */

export const OURS = 'clasp-router';

/**
 * @param {readonly string[]} files a case of a later file replaces the same case of earlier ones
 * @param {ReadonlyMap<string, string>} labels of targets whose name says too little, by name
 * @returns {Results}
 * @throws {Error} with a sentence for the user
 */
export function readResults(files, labels) {
  return merge(files.map(readRun), labels);
}

/**
 * @param {readonly Run[]} runs
 * @param {ReadonlyMap<string, string>} labels
 * @returns {Results}
 */
export function merge(runs, labels) {
  const rows = runs.flatMap((run, i) => {
    const replaced = new Set(runs.slice(i + 1).flatMap((later) => later.rows.map((row) => row.case)));
    return run.rows.filter((row) => !replaced.has(row.case));
  });
  const versions = new Map(runs.flatMap(({ environment }) => Object.entries(environment.peers)));
  return { runs, rows, label: (target) => labels.get(target) ?? labelOf(target, versions.get(target)) };
}

/** @param {string} file @returns {Run} */
function readRun(file) {
  try {
    const run = JSON.parse(readFileSync(file, 'utf8'));
    if (Array.isArray(run.rows) && typeof run.environment?.date === 'string') return run;
  } catch {
    // The error's sentence is sufficient.
  }
  throw new Error(`${file}: there is no such file, or it is not what npm run bench -- --json wrote`);
}

/**
 * Returns `nats-server 2.9.10` for `nats-server`, and `nats-server 2.15.3` for `nats-server-2.15.3`.
 *
 * @param {string} target
 * @param {string | undefined} version of the program
 */
function labelOf(target, version) {
  if (version === undefined || !/^\d+(\.\d+)+$/.test(version)) return target;
  const name = target.endsWith(`-${version}`) ? target.slice(0, -version.length - 1) : target;
  if (name === `${OURS}-node`) return `${OURS}, Node ${version}`;
  return `${name} ${version}`;
}

/**
 * Returns the rows of a figure: ours first, the others from the best to the worst.
 *
 * @param {readonly Row[]} rows
 * @param {string} caseName
 * @param {string} [metric]
 */
export function ranked(rows, caseName, metric = '') {
  const found = rows.filter((row) => row.case === caseName && row.metric === metric);
  const isLessBetter = found.some(({ unit }) => unit === 'µs');
  return found.sort((a, b) => {
    if (a.target === OURS || b.target === OURS) return a.target === OURS ? -1 : 1;
    return isLessBetter ? a.median - b.median : b.median - a.median;
  });
}
