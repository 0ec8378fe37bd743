import { parseArgs } from 'node:util';
import { startRouterProcess } from '../support/router-process.mjs';
import { type Cast, show, type ShowProgress, type ShowReport } from './show.js';

const usage = `npm run chaos -- [options]

  --minutes N   how long the faults last, above 0 (default 5)
  --seed N      0 to 4294967295 (default: another each time)
  --clients N   how many take part, 10 or more (default 20)
  --help

A show of N clients through proxies that delay, lose, stall, cut and corrupt. In the end everybody connects again and has to know what the
router holds, and the router has to hold all it acknowledged. Exit code 1 if not.
`;

const REPORT_MS = 10_000;
const STEP_MS = 50;

// The official client disables the console when it is loaded.
function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

interface Options {
  readonly seconds: number;
  readonly seed: number;
  readonly clients: number;
}

/** @throws Error with one sentence that states the fault */
function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string', default: String(Date.now() >>> 0) },
      clients: { type: 'string', default: '20' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const [minutes, seed, clients] = [Number(values.minutes), Number(values.seed), Number(values.clients)];
  if (!(minutes > 0)) throw new Error(`--minutes should be a number above 0, not ${values.minutes}`);
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff)
    throw new Error(`--seed should be a whole number from 0 to 4294967295, not ${values.seed}`);
  if (!Number.isInteger(clients) || clients < 10 || clients > 500)
    throw new Error(`--clients should be a whole number from 10 to 500, not ${values.clients}`);
  return { seconds: minutes * 60, seed, clients };
}

/** Of ten clients: three use WebSocket, two TCP, one UDP, two the official client, two lossy lines. */
function castOf(clients: number): Cast {
  const [tcp, udp, official, broken] = [0.2, 0.1, 0.2, 0.2].map((share) => Math.floor(clients * share)) as [
    number,
    number,
    number,
    number,
  ]; // the same length as the input
  return { websocket: clients - tcp - udp - official - broken, tcp, udp, official, broken };
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) {
    print(usage);
    return 0;
  }
  const { seconds, seed, clients } = options;
  const cast = castOf(clients);
  const members = Object.entries(cast).map(([kind, count]) => `${count} ${kind}`);
  print(`seed ${seed}, ${seconds} s of faults, ${clients} clients: ${members.join(', ')}`);
  const router = await startRouterProcess();
  const started = performance.now();
  let nextReport = started + REPORT_MS;
  let told = 0;
  const goesOn = (progress: () => ShowProgress): boolean => {
    const now = performance.now();
    if (now >= nextReport) {
      nextReport += REPORT_MS;
      const current = progress();
      print(`${seconded(now - started)}  ${lineOf(current)}`);
      for (const violation of current.violations.slice(told)) print(`        ${violation}`);
      told = current.violations.length;
    }
    return now < started + seconds * 1_000 && router.end === undefined;
  };
  try {
    const report = await show({ doors: router.doors, cast, seed, stepMs: STEP_MS, goesOn });
    const faults = [
      ...report.violations,
      ...(router.end === undefined ? [] : [`the router ended: ${router.end}`]),
      ...router.errors.map((line) => `the router's log: ${line}`),
    ];
    summarise(report, performance.now() - started);
    if (faults.length === 0) {
      print(`nothing wrong in seed ${seed}`);
      return 0;
    }
    print(`FAILED, seed ${seed}: ${faults.length} violations`);
    for (const fault of faults.slice(0, 50)) print(`  ${fault}`);
    return 1;
  } finally {
    await router.stop();
  }
}

function lineOf({ writes, stored, cuts, stalls, refusals, lost, duplicates, flips, violations }: ShowProgress): string {
  const faults = `${cuts} cuts  ${stalls} stalls  ${refusals} turned away  ${lost} lost  ${duplicates} doubled  ${flips} bits flipped`;
  return `${writes} writes  ${stored} acknowledged  ${faults}  ${violations.length} violations`;
}

function summarise(report: ShowReport, elapsedMs: number): void {
  print(`${seconded(elapsedMs)}  ${lineOf(report)}`);
  const acts = [...report.acts].sort(([one], [other]) => one.localeCompare(other));
  print(`acts and what came of them: ${acts.map(([act, count]) => `${act} ${count}`).join(', ')}`);
  print(`${report.params} params at the router, ${report.steps} changes of the weather`);
}

function seconded(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(0)} s`.padStart(6);
}

try {
  process.exit(await main());
} catch (error) {
  process.stderr.write(`chaos: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
