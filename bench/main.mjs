// @ts-check
import { readFileSync } from 'node:fs';
import { parseOptions } from './arguments.mjs';
import { describe, environment } from './environment.mjs';
import { loadTable, quantity, table } from './report.mjs';
import { runOnce } from './run.mjs';
import { summarise, summariseLoads } from './summary.mjs';
import { targets } from './targets.mjs';

/**
 * @typedef {import('./arguments.mjs').Options} Options
 * @typedef {import('./cases.mjs').Case} Case
 * @typedef {import('./run.mjs').Figure} Figure
 * @typedef {import('./targets.mjs').Target} Target
 *
 * @typedef {object} Entry what takes turns in a case
 * @property {string} target
 * @property {string | undefined} load in a case that has several
 * @property {(Figure[] | undefined)[]} runs one a repeat; undefined where it failed
 */

try {
  const options = parseOptions(process.argv.slice(2));
  if (options !== undefined) await bench(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

/** @param {Options} options */
async function bench(options) {
  const baseline = options.compare === undefined ? undefined : JSON.parse(readFileSync(options.compare, 'utf8')).rows;
  const machine = environment();
  if (!options.json)
    console.log(
      `${describe(machine)}\n${options.repeat} × ${options.seconds} s each, after ${options.warmUpSeconds} s to warm up\n`,
    );
  const rows = [];
  /** Said once however many repeats say it. @type {Set<string>} */
  const problems = new Set();
  for (const benchCase of options.cases) {
    const entries = await repeatCase(benchCase, options, problems);
    if (benchCase.kind === 'state') rows.push(...summariseLoads(benchCase, entries));
    else rows.push(...summarise(benchCase.name, new Map(entries.map(({ target, runs }) => [target, runs]))));
  }
  if (options.json) {
    const { seconds, warmUpSeconds, repeat } = options;
    console.log(
      JSON.stringify({ environment: machine, seconds, warmUpSeconds, repeat, rows, problems: [...problems] }, null, 2),
    );
  } else {
    const [withLoads, others] = [rows.filter(hasLoad), rows.filter((row) => !hasLoad(row))];
    const tables = [
      ...(others.length > 0 ? [table(others, baseline)] : []),
      ...(withLoads.length > 0 ? [loadTable(withLoads, baseline)] : []),
    ];
    console.log(tables.join('\n\n'));
    if (problems.size > 0)
      console.log(`\nNot as it should be:\n${[...problems].map((problem) => `- ${problem}`).join('\n')}`);
  }
}

/** @param {import('./summary.mjs').Row} row */
function hasLoad({ load }) {
  return load !== undefined;
}

/**
 * Runs the targets of a case in turn, and its loads if it has several, again and again: what disturbs the machine for a while
 * disturbs them alike.
 *
 * @param {Case} benchCase
 * @param {Options} options
 * @param {Set<string>} problems
 * @returns {Promise<Entry[]>}
 */
async function repeatCase(benchCase, options, problems) {
  const entries = benchCase.targets
    .filter((name) => options.wants(name) || name === 'sink')
    .filter((name) => isThere(name, benchCase, problems))
    .flatMap((name) => entriesOf(benchCase, name));
  for (let repeat = 1; repeat <= options.repeat; repeat++) {
    for (const { target: name, load, runs } of entries) {
      const label = [benchCase.name, name, ...(load === undefined ? [] : [load])];
      process.stderr.write(`${label.join('  ')}  ${repeat}/${options.repeat}  `);
      try {
        const outcome = await runOnce(benchCase, target(name), load, options);
        runs.push(outcome.figures);
        for (const problem of outcome.problems) problems.add(`${label.join(', ')}: ${problem}`);
        process.stderr.write(`${outcome.figures.map(({ value, unit }) => quantity(value, unit)).join('  ')}\n`);
      } catch (error) {
        runs.push(undefined);
        const reason = error instanceof Error ? error.message : String(error);
        fail(problems, `${label.join(', ')}: ${reason}`);
        process.stderr.write(`failed: ${reason}\n`);
      }
    }
  }
  return entries;
}

/**
 * @param {Case} benchCase
 * @param {string} name of a target
 * @returns {Entry[]}
 */
function entriesOf(benchCase, name) {
  if (benchCase.kind !== 'state') return [{ target: name, load: undefined, runs: [] }];
  // What needs no server is the router of this checkout, whatever the target.
  return benchCase.loads
    .filter(({ measureInProcess }) => measureInProcess === undefined || name === 'clasp-router')
    .map((load) => ({ target: name, load: load.name, runs: [] }));
}

/**
 * @param {string} name of a target
 * @param {Case} benchCase
 * @param {Set<string>} problems
 */
function isThere(name, benchCase, problems) {
  const missing = benchCase.kind === 'codec' ? undefined : target(name).missing();
  if (missing !== undefined) fail(problems, `${name} takes no part: ${missing}`);
  return missing === undefined;
}

/** @param {string} name @returns {Target} */
function target(name) {
  return /** @type {Target} */ (targets.get(name)); // options and cases name only targets that are there
}

/**
 * @param {Set<string>} problems
 * @param {string} problem
 */
function fail(problems, problem) {
  problems.add(problem);
  process.exitCode = 1;
}
