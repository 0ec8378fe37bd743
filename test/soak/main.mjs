// @ts-check
// npm run soak -- [--minutes 30] [--interval 20] [--visitors 20] [--seed N] [--limit 5] [--json]
//
// Runs a router under a moderate load of clients that connect and disconnect. Periodically all visitors leave and
// short-lived state expires; then the memory and handles are measured. Growth from one such rest to the next is a
// leak.
import { parseArgs } from 'node:util';
import { elementAt } from '../../bench/element-at.mjs';
import { Worker } from '../../bench/worker.mjs';
import { ALL_FIXED } from './visitor.mjs';
import { trendOf, verdictOf } from './trend.mjs';

/** @typedef {{ hours: number, sessions: number, params: number, heap: number, rss: number, buffers: number, handles: number, timers: number,
 *   resources: Record<string, number>, visits: number, acts: number, deliveries: number }} Sample */

const MEGABYTE = 1_048_576;
/** The first samples do not count, because code is compiled and tables grow to their size. */
const WARM_UP_SHARE = 0.25;
const LEAST_SAMPLES = 3;
const RESIDENTS = 6;
const REST_MS = 20_000;

const options = readOptions();
const { seconds, intervalSeconds, visitors, seed, limitPercent, json } = options;
const say = json ? () => {} : console.log;

const router = new Worker('../test/soak/router.mjs');
const load = new Worker('../test/soak/load.mjs');
/** @type {string[]} */
const faults = [];
/** @type {Sample[]} */
const samples = [];

try {
  await run();
} catch (error) {
  faults.push(error instanceof Error ? error.message : String(error));
}
await Promise.all([router.stop(), load.stop()]);
report();
process.exit(faults.length > 0 ? 1 : 0);

async function run() {
  const urls = await router.call('open');
  await load.call('open', { urls, seed, residents: RESIDENTS });
  say(
    `seed ${seed}, ${seconds} s, ${RESIDENTS} residents, ${visitors} visitors at a time, a rest every ${intervalSeconds} s`,
  );
  say(row(['s', 'visits', 'acts', 'deliveries', 'heap MB', 'buffers MB', 'rss MB', 'handles', 'timers']));
  const started = performance.now();
  while (performance.now() - started < seconds * 1_000 && faults.length === 0) {
    await load.call('begin', { visitors });
    await sleep(intervalSeconds * 1_000);
    const { visits, acts, faults: found } = await load.call('rest', undefined, REST_MS);
    faults.push(...found);
    const { sessions, params, deliveries } = await rested();
    const memory = await router.call('sample');
    const hours = (performance.now() - started) / 3_600_000;
    samples.push({ hours, sessions, params, visits, acts, deliveries, ...counted(memory) });
    say(shown(elementAt(samples, samples.length - 1)));
  }
  await load.call('close');
}

/** Waits until only the residents and their state are left. */
async function rested() {
  const deadline = performance.now() + REST_MS;
  for (;;) {
    await load.call('ask');
    const status = await router.call('status');
    const isAtRest =
      status.sessions === RESIDENTS && status.params === ALL_FIXED.length && status.announcedSignals === 0;
    if (isAtRest && status.subscriptions === RESIDENTS) return status;
    if (performance.now() > deadline) {
      faults.push(`with all visitors gone the router still has ${JSON.stringify(status)}`);
      return status;
    }
    await sleep(100);
  }
}

/** @param {{ rss: number, heapUsed: number, external: number, resources: Record<string, number> }} memory */
function counted({ rss, heapUsed, external, resources }) {
  const handles = Object.values(resources).reduce((sum, count) => sum + count, 0);
  const timers = resources.Timeout ?? 0;
  return { heap: heapUsed / MEGABYTE, buffers: external / MEGABYTE, rss: rss / MEGABYTE, handles, timers, resources };
}

function report() {
  const counts = samples.slice(Math.floor(samples.length * WARM_UP_SHARE));
  const quantities = /** @type {const} */ ([
    ['heap', 'MB', limitPercent],
    ['buffers', 'MB', limitPercent],
    // The operating system's figure rises in steps and rarely falls.
    ['rss', 'MB', 4 * limitPercent],
    ['handles', '', 0],
    ['timers', '', 0],
  ]);
  const trends = quantities.flatMap(([name, unit, percent]) => {
    if (counts.length < LEAST_SAMPLES) return [];
    const trend = trendOf(counts.map((sample) => ({ hours: sample.hours, value: sample[name] })));
    // Handles are integers, and half a megabyte is within the noise of the heap.
    const limit = Math.max(0.5, (trend.mean * percent) / 100);
    return [{ name, unit, limit, ...trend, verdict: verdictOf(trend, limit) }];
  });
  for (const { name, verdict, growth, unit } of trends)
    if (verdict === 'growing') faults.push(`${name} grew by ${growth.toFixed(2)} ${unit}`.trim());
  if (json) {
    console.log(
      JSON.stringify({ options, samples, warmUpSamples: samples.length - counts.length, trends, faults }, null, 2),
    );
    return;
  }
  if (counts.length < LEAST_SAMPLES) say(`only ${counts.length} samples after the warm-up: too few for a trend`);
  else say(`\nthe last ${counts.length} of ${samples.length} samples:`);
  for (const { name, unit, mean, perHour, uncertainty, growth, growthUncertainty, verdict } of trends) {
    const slope = `${signed(perHour)} ± ${uncertainty.toFixed(2)} ${unit} an hour`;
    const total = `${signed(growth)} ± ${growthUncertainty.toFixed(2)} ${unit} in all`;
    say(`  ${name.padEnd(8)} mean ${mean.toFixed(2)} ${unit}`.padEnd(30), slope.padEnd(34), total.padEnd(30), verdict);
  }
  for (const fault of faults) console.error(`FAILED: ${fault}`);
  if (faults.length === 0)
    say(
      trends.some(({ verdict }) => verdict === 'unclear')
        ? 'nothing grows for certain; what is unclear needs a longer run'
        : 'nothing grows',
    );
}

/** @param {Sample} sample */
function shown({ hours, visits, acts, deliveries, heap, buffers, rss, handles, timers }) {
  const memory = [heap, buffers, rss].map((megabytes) => megabytes.toFixed(2));
  return row([(hours * 3_600).toFixed(0), visits, acts, deliveries, ...memory, handles, timers]);
}

/** @param {readonly (string | number)[]} cells */
function row(cells) {
  return cells.map((cell) => String(cell).padStart(11)).join('');
}

/** @param {number} value */
function signed(value) {
  return `${value < 0 ? '' : '+'}${value.toFixed(2)}`;
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: 'string', default: '30' },
        interval: { type: 'string', default: '20' },
        visitors: { type: 'string', default: '20' },
        seed: { type: 'string', default: String(Date.now() >>> 0) },
        limit: { type: 'string', default: '5' },
        json: { type: 'boolean', default: false },
      },
    });
    return {
      seconds: 60 * positive('--minutes', values.minutes),
      intervalSeconds: positive('--interval', values.interval),
      visitors: Math.ceil(positive('--visitors', values.visitors)),
      seed: whole('--seed', values.seed),
      limitPercent: positive('--limit', values.limit),
      json: values.json,
    };
  } catch (error) {
    console.error(`soak: ${error instanceof Error ? error.message : String(error)}`);
    return process.exit(1);
  }
}

/** @param {string} option @param {string} text */
function positive(option, text) {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${option} should be a number above 0, not ${text}`);
  return value;
}

/** @param {string} option @param {string} text */
function whole(option, text) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff)
    throw new Error(`${option} should be a whole number from 0 to 4294967295, not ${text}`);
  return value;
}

/** @param {number} milliseconds */
function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
