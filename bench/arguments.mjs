// @ts-check
import { parseArgs } from 'node:util';
import { cases, loadAlone, onRequest } from './cases.mjs';
import { serverCommand, targets } from './targets.mjs';

/**
 * @typedef {object} Options
 * @property {readonly import('./cases.mjs').Case[]} cases
 * @property {(name: string) => boolean} wants whether a target takes part
 * @property {number} seconds of each counted round
 * @property {number} warmUpSeconds
 * @property {number} repeat
 * @property {boolean} isQuick
 * @property {number} soakSeconds
 * @property {boolean} json
 * @property {string | undefined} compare a file that --json wrote
 */

const usage = `npm run bench -- [options]

  --case NAME        only this case; may be given several times
  --target NAME      only this target; may be given several times
  --also NAME=CMD    measure another CLASP server beside ours: a command that prints "listening on HOST:PORT"
  --seconds N        length of each counted round (default 4)
  --repeat N         how often each case runs with each target (default 3)
  --soak MINUTES     adds the case soak, which runs so long with each repeat (10 with --case soak alone)
  --quick            one round of one second: shows that all works, proves nothing
  --json             JSON instead of the table
  --compare FILE     compare with a run that --json wrote to FILE
  --help

Cases:
${cases.map(({ name, about }) => `  ${name.padEnd(25)}${about}`).join('\n')}

Targets: ${[...targets.keys()].join(', ')}
`;

/**
 * @param {string[]} argv
 * @returns {Options | undefined} undefined if help was requested and printed
 * @throws {Error} with a sentence for the user
 */
export function parseOptions(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      case: { type: 'string', multiple: true },
      target: { type: 'string', multiple: true },
      also: { type: 'string', multiple: true, default: [] },
      seconds: { type: 'string' },
      repeat: { type: 'string' },
      soak: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      compare: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return undefined;
  }
  const also = values.also.map(addTarget);
  const known = new Set(targets.keys());
  for (const name of values.target ?? [])
    if (!known.has(name)) throw new Error(`there is no target ${name}; there are ${[...known].join(', ')}`);
  return {
    cases: chosenCases(values.case, values.soak !== undefined).map((chosen) => withTargets(chosen, also)),
    wants: (name) => values.target === undefined || values.target.includes(name),
    seconds: positive('--seconds', values.seconds, values.quick ? 1 : 4),
    warmUpSeconds: values.quick ? 0.5 : 1,
    repeat: Math.ceil(positive('--repeat', values.repeat, values.quick ? 1 : 3)),
    isQuick: values.quick,
    soakSeconds: positive('--soak', values.soak, 10) * 60,
    json: values.json,
    compare: values.compare,
  };
}

/**
 * The load by itself always runs before the first case that it drives.
 *
 * @param {readonly string[] | undefined} names
 * @param {boolean} soaks
 */
function chosenCases(names, soaks) {
  for (const name of names ?? []) {
    if (!cases.some((known) => known.name === name))
      throw new Error(`there is no case ${name}; there are ${cases.map((known) => known.name).join(', ')}`);
  }
  const chosen = cases.filter((one) =>
    onRequest.has(one) && soaks ? true : names === undefined ? !onRequest.has(one) : names.includes(one.name),
  );
  const needsLoad = chosen.some(({ kind }) => kind === 'throughput' || kind === 'state');
  return needsLoad && !chosen.includes(loadAlone) ? [loadAlone, ...chosen] : chosen;
}

/** @param {string} text NAME=COMMAND */
function addTarget(text) {
  const split = text.indexOf('=');
  if (split < 1) throw new Error(`--also ${text} should be NAME=COMMAND`);
  const name = text.slice(0, split);
  targets.set(
    name,
    serverCommand(
      name,
      text
        .slice(split + 1)
        .trim()
        .split(/\s+/),
    ),
  );
  return name;
}

/**
 * @param {import('./cases.mjs').Case} benchCase
 * @param {readonly string[]} also
 * @returns {import('./cases.mjs').Case}
 */
function withTargets(benchCase, also) {
  const takesRouters = benchCase.kind !== 'codec' && benchCase.targets.includes('clasp-router');
  return takesRouters ? { ...benchCase, targets: [...benchCase.targets, ...also] } : benchCase;
}

/**
 * @param {string} option
 * @param {string | undefined} text
 * @param {number} fallback
 */
function positive(option, text, fallback) {
  const value = text === undefined ? fallback : Number(text);
  if (!(value > 0)) throw new Error(`${option} should be a number above 0, not ${text}`);
  return value;
}
