// @ts-check
// npm run attack -- [--only NAME] [--seconds 5] [--json] [-- flags of the router]
//
// Runs attacks against the built command with its default settings, and prints what a pair of bystanders notices: the time of a SET from one to the
// other, before and during each attack, in one run. Figures are printed, never judged: `npm test` asserts what is counted.
import { parseArgs } from 'node:util';
import { Worker } from '../../bench/worker.mjs';
import { startRouterProcess } from '../support/router-process.mjs';
import { attacks } from './attacks.mjs';

const { values, positionals } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    seconds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

if (values.help) {
  console.log('npm run attack -- [--only NAME]... [--seconds 5] [--json] [-- FLAGS OF THE ROUTER]\n\nAttacks:');
  for (const { name, about } of attacks) console.log(`  ${name.padEnd(30)}${about}`);
  process.exit(0);
}

const seconds = Number(values.seconds);
const chosen = attacks.filter(({ name }) => values.only === undefined || values.only.includes(name));
if (!(seconds > 0) || chosen.length === 0) {
  console.error('npm run attack: --seconds must be above 0, and --only one of the names that --help lists');
  process.exit(1);
}

const rows = [];
if (!values.json)
  console.log(row(['attack', 'quiet p50', 'p99 ms', 'attack p50', 'p99 ms', 'max ms', '× p99', 'lost', 'rss MB']));
for (const { name } of chosen) {
  const result = await measure(name);
  rows.push(result);
  if (values.json) continue;
  const { quiet, during, rssMegabytes } = result;
  console.log(
    row([
      name,
      ...[quiet.p50, quiet.p99, during.p50, during.p99, during.max, during.p99 / quiet.p99].map((n) => n.toFixed(1)),
      String(during.lost),
      String(Math.round(rssMegabytes ?? NaN)),
    ]),
  );
}
if (values.json) console.log(JSON.stringify(rows, undefined, 2));
process.exit(0);

/** @param {string} name */
async function measure(name) {
  const router = await startRouterProcess(positionals);
  const bystanders = new Worker('../test/attack/bystanders.mjs');
  const attacker = new Worker('../test/attack/attacker.mjs');
  try {
    await bystanders.call('open', { url: `ws://127.0.0.1:${router.doors.websocket}` });
    await observe(1); // code is compiled
    const quiet = await observe(seconds);
    await attacker.call('begin', { name, port: router.doors.tcp }, 120_000);
    const during = await observe(seconds);
    const rssMegabytes = router.rssMegabytes();
    const outcome = await attacker.call('end');
    return { name, quiet, during, rssMegabytes, outcome, ended: router.end };
  } finally {
    await Promise.all([bystanders.stop(), attacker.stop()]);
    await router.stop();
  }

  /** @param {number} duration */
  async function observe(duration) {
    await bystanders.call('start');
    await new Promise((resolve) => setTimeout(resolve, duration * 1_000));
    return bystanders.call('stop', undefined, 60_000);
  }
}

/** @param {readonly string[]} cells */
function row(cells) {
  return cells.map((cell, i) => (i === 0 ? cell.padEnd(30) : cell.padStart(11))).join('');
}
