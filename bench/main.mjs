// @ts-check
import { readFileSync } from 'node:fs';
import { parseOptions } from './arguments.mjs';
import { CannotRunHere } from './cannot-run-here.mjs';
import { describe, environment } from './environment.mjs';
import { quantity, table } from './report.mjs';
import { runOnce } from './run.mjs';
import { summarise, summariseLoads } from './summary.mjs';
import { targets } from './targets.mjs';

/**
 * @typedef {import('./arguments.mjs').Options} Options
 * @typedef {import('./cases.mjs').Case} Case
 * @typedef {import('./run.mjs').Figure} Figure
 * @typedef {import('./targets.mjs').Target} Target
 *
 * @typedef {object} Entry one of the alternating runs of a case
 * @property {string} target
 * @property {string | undefined} load in a case that has several
 * @property {(Figure[] | undefined)[]} runs one per repeat; undefined if it failed
 *
 * @typedef {object} Notes printed below the table, without duplicates
 * @property {Set<string>} problems
 * @property {Set<string>} absent what this machine cannot measure
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
  const baseline = options.compare === undefined ? undefined : rowsOf(options.compare);
  const machine = environment(peerVersions(options));
  if (!options.json)
    console.log(
      `${describe(machine)}\n${options.repeat} × ${options.seconds} s each, after ${options.warmUpSeconds} s to warm up\n`,
    );
  const rows = [];
  const notes = { problems: new Set(), absent: new Set() };
  for (const benchCase of options.cases) {
    const entries = await repeatCase(benchCase, options, notes);
    if (benchCase.kind === 'state') rows.push(...summariseLoads(benchCase, entries));
    else rows.push(...summarise(benchCase.name, new Map(entries.map(({ target, runs }) => [target, runs]))));
  }
  const [problems, absent] = [[...notes.problems], [...notes.absent]];
  if (options.json) {
    const { seconds, warmUpSeconds, repeat } = options;
    console.log(
      JSON.stringify({ environment: machine, seconds, warmUpSeconds, repeat, rows, problems, absent }, null, 2),
    );
  } else {
    console.log(rows.length > 0 ? table(rows, baseline) : 'Nothing was measured.');
    if (absent.length > 0) console.log(`\nNot measured:\n${list(absent)}`);
    if (problems.length > 0) console.log(`\nNot as it should be:\n${list(problems)}`);
  }
}

/** @param {string} file that --json wrote @returns {readonly import('./summary.mjs').Row[]} */
function rowsOf(file) {
  try {
    const { rows } = JSON.parse(readFileSync(file, 'utf8'));
    if (Array.isArray(rows)) return rows;
  } catch {
    // The error's sentence is sufficient.
  }
  throw new Error(`--compare ${file}: there is no such file, or it is not what --json wrote`);
}

/** @param {readonly string[]} sentences */
function list(sentences) {
  return sentences.map((sentence) => `- ${sentence}`).join('\n');
}

/** Returns the third-party servers that take part. @param {Options} options */
function peerVersions({ cases, wants }) {
  const names = new Set(cases.flatMap((benchCase) => benchCase.targets).filter(wants));
  return new Map(
    [...names].flatMap((name) => {
      const { isGuest, missing, version } = target(name);
      return isGuest && missing() === undefined ? [[name, version() ?? 'of unknown version']] : [];
    }),
  );
}

/**
 * Runs the targets and loads of a case alternately and repeatedly, so that a temporary disturbance affects all
 * equally.
 *
 * @param {Case} benchCase
 * @param {Options} options
 * @param {Notes} notes
 * @returns {Promise<Entry[]>}
 */
async function repeatCase(benchCase, options, notes) {
  const entries = benchCase.targets
    .filter((name) => options.wants(name) || name === 'sink')
    .filter((name) => isThere(name, benchCase, notes))
    .flatMap((name) => entriesOf(benchCase, name));
  for (let repeat = 1; repeat <= options.repeat; repeat++) {
    for (const { target: name, load, runs } of entries) {
      const label = [benchCase.name, name, ...(load === undefined || load === '' ? [] : [load])];
      process.stderr.write(`${label.join('  ')}  ${repeat}/${options.repeat}  `);
      try {
        const outcome = await runOnce(benchCase, target(name), load, options);
        runs.push(outcome.figures);
        for (const problem of outcome.problems) notes.problems.add(`${label.join(', ')}: ${problem}`);
        process.stderr.write(`${outcome.figures.map(({ value, unit }) => quantity(value, unit)).join('  ')}\n`);
      } catch (error) {
        runs.push(undefined);
        const reason = error instanceof Error ? error.message : String(error);
        if (error instanceof CannotRunHere) notes.absent.add(`${benchCase.name}: ${reason}`);
        else fail(notes, `${label.join(', ')}: ${reason}`);
        process.stderr.write(`${error instanceof CannotRunHere ? 'left out' : 'failed'}: ${reason}\n`);
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
  // A load without a server measures the router of this checkout, whatever the target.
  return benchCase.loads
    .filter(({ measureInProcess }) => measureInProcess === undefined || name === 'clasp-router')
    .map((load) => ({ target: name, load: load.name, runs: [] }));
}

/**
 * @param {string} name of a target
 * @param {Case} benchCase
 * @param {Notes} notes
 */
function isThere(name, benchCase, notes) {
  if (benchCase.kind === 'codec') return true;
  const { isGuest, missing } = target(name);
  const reason = missing();
  if (reason === undefined) return true;
  if (isGuest) notes.absent.add(`${name} takes no part: ${reason}`);
  else fail(notes, `${name} takes no part: ${reason}`);
  return false;
}

/** @param {string} name @returns {Target} */
function target(name) {
  return /** @type {Target} */ (targets.get(name)); // options and cases name only existing targets
}

/**
 * @param {Notes} notes
 * @param {string} problem
 */
function fail({ problems }, problem) {
  problems.add(problem);
  process.exitCode = 1;
}
