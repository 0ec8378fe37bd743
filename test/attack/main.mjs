// @ts-check
// npm run attack -- [--only NAME] [--seconds 5] [--json] [--dist FOLDER] [-- flags of the router]
//
// Runs attacks against the built command with its default settings, and prints the effect on two bystanders: the time
// of a SET from one to the other, before and during each attack, in one run. The figures are only printed; `npm test`
// asserts the counts.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from '../../bench/worker.mjs';
import { builtCli, startRouterProcess } from '../support/router-process.mjs';
import { attacks } from './attacks.mjs';

const { values, positionals } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    seconds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    dist: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

if (values.help) {
  console.log(
    'npm run attack -- [--only NAME]... [--seconds 5] [--json] [--dist FOLDER] [-- FLAGS OF THE ROUTER]\n\n' +
      '--dist FOLDER attacks the router that was built into this folder, such as the dist of another checkout.\n\nAttacks:',
  );
  for (const { name, about } of attacks) console.log(`  ${name.padEnd(30)}${about}`);
  process.exit(0);
}

const cli = values.dist === undefined ? builtCli : resolve(values.dist, 'cli/main.js');
const seconds = Number(values.seconds);
const chosen = attacks.filter(({ name }) => values.only === undefined || values.only.includes(name));
if (!(seconds > 0) || chosen.length === 0) {
  console.error('npm run attack: --seconds must be above 0, and --only one of the names that --help lists');
  process.exit(1);
}

const rows = [];
if (!values.json)
  console.log(row(['attack', 'quiet p50', 'p99 ms', 'attack p50', 'p99 ms', 'max ms', '× p99', 'lost', 'rss MB']));
for (const attack of chosen) {
  const { name } = attack;
  const result = await measure(attack);
  rows.push(result);
  if (values.json) continue;
  const { quiet, during, rssMegabytes, outcome, ended } = result;
  console.log(
    row([
      name,
      ...[quiet.p50, quiet.p99, during.p50, during.p99, during.max, during.p99 / quiet.p99].map((n) => n.toFixed(1)),
      String(during.lost),
      String(Math.round(rssMegabytes ?? NaN)),
    ]) + `  ${ended === undefined ? JSON.stringify(outcome ?? {}) : `the router ended: ${ended}`}`,
  );
}
if (values.json) console.log(JSON.stringify(rows, undefined, 2));
process.exit(0);

/** @param {import('./attack-tools.mjs').Attack} attack */
async function measure({ name, flags = [], isGuest = false, prepare }) {
  const folder = isGuest ? mkdtempSync(join(tmpdir(), 'clasp-attack-')) : undefined;
  const tokens = folder === undefined ? undefined : createTokens(folder);
  const auth = folder === undefined ? [] : ['--auth', '--allow-insecure-udp', '--data-dir', folder];
  const prepared = prepare?.();
  const router = await startRouterProcess([...auth, ...flags, ...(prepared?.flags ?? []), ...positionals], { cli });
  const bystanders = new Worker('../test/attack/bystanders.mjs');
  const attacker = new Worker('../test/attack/attacker.mjs');
  try {
    await bystanders.call('open', { url: `ws://127.0.0.1:${router.doors.websocket}`, token: tokens?.admin });
    await observe(1); // warm-up: code is compiled
    const quiet = await observe(seconds);
    const web = { http: router.doors.websocket, inspector: router.inspector };
    await attacker.call('begin', { name, port: router.doors.tcp, tokens, web }, 120_000);
    const during = await observe(seconds);
    const rssMegabytes = router.rssMegabytes();
    const outcome = router.end === undefined ? await attacker.call('end', undefined, 120_000) : undefined;
    return { name, quiet, during, rssMegabytes, outcome, ended: router.end };
  } finally {
    await Promise.all([bystanders.stop(), attacker.stop()]);
    await router.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    prepared?.remove();
  }

  /** @param {number} duration */
  async function observe(duration) {
    await bystanders.call('start');
    await new Promise((resolve) => setTimeout(resolve, duration * 1_000));
    return bystanders.call('stop', undefined, 60_000);
  }
}

/** @param {string} folder data folder of the router */
function createTokens(folder) {
  /** @param {...string} args */
  const create = (...args) => {
    const made = execFileSync(process.execPath, [cli, 'token', 'create', '--json', '--data-dir', folder, ...args], {
      stdio: ['ignore', 'pipe', 'ignore'], // text for a person
    });
    return JSON.parse(made.toString()).token;
  };
  const scopes = ['--scopes', 'read:/guest/**,write:/guest/**'];
  return {
    guest: create(...scopes),
    limited: create(...scopes, '--constraint', '/guest/**:rate=5'),
    admin: create('--scopes', 'admin:/**'),
  };
}

/** @param {readonly string[]} cells */
function row(cells) {
  return cells.map((cell, i) => (i === 0 ? cell.padEnd(30) : cell.padStart(11))).join('');
}
