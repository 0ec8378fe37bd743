// @ts-check
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cases, loadAlone, onRequest } from './cases.mjs';
import { programKinds, programTarget, serverCommand, targets } from './targets.mjs';

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
  --peer KIND=PATH   measure another version of a program beside the installed one; may be given several times
                     (${programKinds.join(', ')}; node runs our router under another Node.js)
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
      peer: { type: 'string', multiple: true, default: [] },
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
  const further = [...values.also.map(addTarget), ...values.peer.map(addProgram)];
  const known = new Set(targets.keys());
  for (const name of values.target ?? [])
    if (!known.has(name)) throw new Error(`there is no target ${name}; there are ${[...known].join(', ')}`);
  return {
    cases: chosenCases(values.case, values.soak !== undefined).map((chosen) => withTargets(chosen, further)),
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

/**
 * @typedef {{ name: string, kind: string }} Further a target beside one of the cases, in all its cases
 *
 * @param {string} text NAME=COMMAND
 * @returns {Further}
 */
function addTarget(text) {
  const [name, command] = pair('--also', 'NAME=COMMAND', text);
  return add('--also', serverCommand(name, command.trim().split(/\s+/)), 'clasp-router');
}

/**
 * @param {string} text KIND=PATH
 * @returns {Further}
 */
function addProgram(text) {
  const [kind, path] = pair('--peer', 'KIND=PATH', text);
  if (!programKinds.includes(kind)) throw new Error(`--peer ${text}: the kinds are ${programKinds.join(', ')}`);
  return add('--peer', programTarget(kind, resolve(path)), kind === 'node' ? 'clasp-router' : kind);
}

/**
 * @param {string} option
 * @param {import('./targets.mjs').Target} target
 * @param {string} kind
 * @returns {Further}
 */
function add(option, target, kind) {
  if (targets.has(target.name)) throw new Error(`${option}: there is a target ${target.name} already`);
  targets.set(target.name, target);
  return { name: target.name, kind };
}

/**
 * @param {string} option
 * @param {string} form
 * @param {string} text
 * @returns {[string, string]} both sides of the first `=`
 */
function pair(option, form, text) {
  const split = text.indexOf('=');
  if (split < 1 || split === text.length - 1) throw new Error(`${option} ${text} should be ${form}`);
  return [text.slice(0, split), text.slice(split + 1)];
}

/**
 * @param {import('./cases.mjs').Case} benchCase
 * @param {readonly Further[]} further
 * @returns {import('./cases.mjs').Case}
 */
function withTargets(benchCase, further) {
  if (benchCase.kind === 'codec') return benchCase;
  const added = further.filter(({ kind }) => benchCase.targets.includes(kind)).map(({ name }) => name);
  return { ...benchCase, targets: [...benchCase.targets, ...added] };
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
