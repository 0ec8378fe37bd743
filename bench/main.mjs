// @ts-check
import { readFileSync } from 'node:fs';
import { parseOptions } from './arguments.mjs';
import { describe, environment } from './environment.mjs';
import { quantity, table } from './report.mjs';
import { runOnce } from './run.mjs';
import { summarise } from './summary.mjs';
import { targets } from './targets.mjs';

/**
 * @typedef {import('./arguments.mjs').Options} Options
 * @typedef {import('./cases.mjs').Case} Case
 * @typedef {import('./run.mjs').Figure} Figure
 * @typedef {import('./targets.mjs').Target} Target
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
    const runs = await repeatCase(benchCase, options, problems);
    rows.push(...summarise(benchCase.name, runs));
  }
  if (options.json) {
    const { seconds, warmUpSeconds, repeat } = options;
    console.log(
      JSON.stringify({ environment: machine, seconds, warmUpSeconds, repeat, rows, problems: [...problems] }, null, 2),
    );
  } else {
    console.log(table(rows, baseline));
    if (problems.size > 0)
      console.log(`\nNot as it should be:\n${[...problems].map((problem) => `- ${problem}`).join('\n')}`);
  }
}

/**
 * Runs the targets of a case in turn, again and again: what disturbs the machine for a while disturbs them alike.
 *
 * @param {Case} benchCase
 * @param {Options} options
 * @param {Set<string>} problems
 * @returns {Promise<Map<string, (Figure[] | undefined)[]>>} figures by target, one entry a repeat
 */
async function repeatCase(benchCase, options, problems) {
  const chosen = benchCase.targets.filter((name) => options.wants(name) || name === 'sink');
  /** @type {Map<string, (Figure[] | undefined)[]>} */
  const runs = new Map();
  for (const name of chosen) {
    const missing = target(name).missing();
    if (missing === undefined || benchCase.kind === 'codec') runs.set(name, []);
    else fail(problems, `${name} takes no part: ${missing}`);
  }
  for (let repeat = 1; repeat <= options.repeat; repeat++) {
    for (const [name, outcomes] of runs) {
      process.stderr.write(`${benchCase.name}  ${name}  ${repeat}/${options.repeat}  `);
      try {
        const outcome = await runOnce(benchCase, target(name), options);
        outcomes.push(outcome.figures);
        for (const problem of outcome.problems) problems.add(`${benchCase.name}, ${name}: ${problem}`);
        process.stderr.write(`${outcome.figures.map(({ value, unit }) => quantity(value, unit)).join('  ')}\n`);
      } catch (error) {
        outcomes.push(undefined);
        const reason = error instanceof Error ? error.message : String(error);
        fail(problems, `${benchCase.name}, ${name}: ${reason}`);
        process.stderr.write(`failed: ${reason}\n`);
      }
    }
  }
  return runs;
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
