// @ts-check
// npm run fuzz:live -- [--minutes 10] [--seed N] [--max-growth-mb 100]
//
// Sends mutated vectors to a running router before and after HELLO: over WebSocket, hand-made WebSocket frames, TCP
// and UDP. Meanwhile bystanders exchange 200 messages per second and must not lose any. Exits with 1 if the router
// ends, reports an internal error, sends something that cannot be decoded, loses a bystander's message, accepts no
// new client, or grows beyond the bound.
import { parseArgs } from 'node:util';
import { connect } from 'clasp-router/client';
import { startRouterProcess } from '../support/router-process.mjs';
import { Attacker } from './live/attacker.mjs';
import { Bystanders } from './live/bystanders.mjs';
import { readCorpus } from './live/corpus.mjs';

const REPORT_MS = 10_000;
const SAMPLE_MS = 1_000;
/** Memory is not measured in the first part, while code is compiled and tables grow to their size. */
const WARM_UP_SHARE = 0.25;
const MOST_WARM_UP_MS = 120_000;
/** Pause between two connections of an attacker, in milliseconds, so that other processes get CPU time. */
const PAUSE_MS = 2;
/** Bounds the state that attackers may leave, so that growth shows a leak. */
const ROUTER_FLAGS = ['--max-params', '5000', '--param-ttl', '20', '--log-level', 'info'];

const { seconds, seed, maxGrowthMegabytes } = options();

/** @type {string[]} */
const faults = [];
const router = await startRouterProcess(ROUTER_FLAGS).catch((error) => giveUp(error.message));
const { doors } = router;
const corpus = readCorpus();
console.log(
  `seed ${seed}, ${seconds} s, ${corpus.frames.length} frames and ${corpus.texts.length} texts to start from`,
);

const kinds = /** @type {const} */ ([
  'websocket',
  'websocket',
  'websocket',
  'bare websocket',
  'bare websocket',
  'tcp',
  'tcp',
  'tcp',
  'udp',
  'udp',
]);
const attackers = kinds.map(
  (kind, i) =>
    new Attacker(kind, {
      doors,
      seed: (seed + Math.imul(i + 1, 0x9e37_79b1)) >>> 0,
      corpus,
      onFind: find,
    }),
);
const [ws, tcp] = [`ws://127.0.0.1:${doors.websocket}`, `tcp://127.0.0.1:${doors.tcp}`];
const bystanders = [
  await Bystanders.join({ speaker: ws, listener: tcp, name: 'one' }),
  await Bystanders.join({ speaker: tcp, listener: ws, name: 'two' }),
];

const started = performance.now();
const endMs = started + seconds * 1_000;
const warmUpEndsMs = started + Math.min(seconds * 1_000 * WARM_UP_SHARE, MOST_WARM_UP_MS);
let probesLost = 0;
const memory = { warm: 0, most: 0, last: 0 };
for (const pair of bystanders) pair.begin();
await Promise.all([...attackers.map(attack), watchMemory(), reportAndProbe()]);
await Promise.all(bystanders.map((pair) => pair.end()));
await finish();

/** @param {Attacker} attacker */
async function attack(attacker) {
  while (isOn()) {
    await attacker.visit();
    await sleep(PAUSE_MS);
  }
  attacker.leave();
}

async function watchMemory() {
  while (isOn()) {
    const now = router.rssMegabytes() ?? 0;
    memory.last = now;
    if (performance.now() < warmUpEndsMs) memory.warm = Math.max(memory.warm, now);
    else memory.most = Math.max(memory.most, now);
    if (memory.most > memory.warm + maxGrowthMegabytes)
      find(`the router grew from ${memory.warm.toFixed(0)} MB to ${memory.most.toFixed(0)} MB`);
    await sleep(SAMPLE_MS);
  }
}

async function reportAndProbe() {
  for (let nextMs = started + REPORT_MS; isOn(); nextMs += REPORT_MS) {
    while (isOn() && performance.now() < nextMs) await sleep(50);
    await Promise.all(
      Object.entries({ ws, tcp, udp: `udp://127.0.0.1:${doors.udp}` }).map(([name, url]) => probe(name, url)),
    );
    console.log(progress());
  }
}

/** Checks whether a new honest client is accepted and served. @param {string} name @param {string} url */
async function probe(name, url) {
  try {
    const client = await connect(url, { name: 'probe', reconnect: false });
    const { revision } = await client.set(`/probes/${name}`, 1);
    const param = await client.get(`/probes/${name}`);
    if (param?.revision !== revision) throw new Error(`revision ${param?.revision} in place of ${revision}`);
    await client.close();
  } catch (error) {
    // Two datagrams can be lost if the socket buffer is full.
    if (name !== 'udp' && router.end === undefined) find(`an honest client is not served by ${name}: ${error}`);
    else probesLost++;
  }
}

function isOn() {
  return (
    performance.now() < endMs &&
    faults.length === 0 &&
    router.end === undefined &&
    bystanders.every((pair) => pair.faults.length === 0)
  );
}

/** @param {string} text */
function find(text) {
  if (faults.length < 20) faults.push(text);
}

function totals() {
  const sum = (/** @type {keyof Attacker['counts']} */ name) =>
    attackers.reduce((all, { counts }) => all + counts[name], 0);
  const pairs = (/** @type {'said' | 'params' | 'events'} */ name) =>
    bystanders.reduce((all, pair) => all + pair[name], 0);
  return {
    frames: sum('frames'),
    visits: sum('visits'),
    welcomed: sum('welcomed'),
    refused: sum('refusedVisits'),
    replies: sum('replies'),
    errors: sum('errors'),
    closed: sum('closedByRouter'),
    said: 2 * pairs('said'),
    heard: pairs('params') + pairs('events'),
    worstMs: Math.max(...bystanders.map(({ worstMs }) => worstMs)),
  };
}

function progress() {
  const { frames, visits, welcomed, closed, replies, errors, said, heard, worstMs } = totals();
  const elapsed = (performance.now() - started) / 1_000;
  return [
    `${elapsed.toFixed(0)} s`.padStart(6),
    `${frames} frames in ${visits} visits (${welcomed} welcomed, ${closed} ended by the router)`,
    `${replies} replies, ${errors} of them errors`,
    `bystanders ${heard} of ${said}, ${worstMs.toFixed(0)} ms at worst`,
    `${memory.last.toFixed(0)} MB`,
  ].join('  ');
}

async function finish() {
  if (router.end !== undefined) find(`the router ended: ${router.end}\n${router.lastLines.join('\n')}`);
  for (const line of router.errors) find(`the router's log: ${line}`);
  for (const pair of bystanders) for (const fault of pair.faults) find(fault);
  const { frames, welcomed, errors, refused } = totals();
  console.log(progress());
  console.log(
    `memory: ${memory.warm.toFixed(0)} MB at most while warming up, ${memory.most.toFixed(0)} MB at most afterwards; ` +
      `${refused} visits turned away, ${probesLost} probes by UDP lost`,
  );
  if (faults.length === 0 && (frames === 0 || welcomed === 0 || errors === 0))
    find('nothing was said or nothing refused: the fuzzer itself is broken');
  await router.stop();
  if (faults.length === 0) {
    console.log(`nothing found in ${frames} frames of seed ${seed}`);
    process.exit(0);
  }
  console.error(`FAILED, seed ${seed}:`);
  for (const fault of faults) console.error(`  ${fault}`);
  console.error('what was said last:');
  for (const { said } of attackers) for (const line of said.slice(-10)) console.error(`  ${line.slice(0, 2_000)}`);
  process.exit(1);
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: 'string', default: '10' },
        seed: { type: 'string', default: String(Date.now() >>> 0) },
        'max-growth-mb': { type: 'string', default: '100' },
      },
    });
    const minutes = Number(values.minutes);
    const chosen = Number(values.seed);
    const growth = Number(values['max-growth-mb']);
    if (!(minutes > 0)) throw new Error(`--minutes should be a number above 0, not ${values.minutes}`);
    if (!Number.isInteger(chosen) || chosen < 0 || chosen > 0xffff_ffff)
      throw new Error(`--seed should be a whole number from 0 to 4294967295, not ${values.seed}`);
    if (!(growth > 0)) throw new Error(`--max-growth-mb should be a number above 0, not ${values['max-growth-mb']}`);
    return { seconds: minutes * 60, seed: chosen, maxGrowthMegabytes: growth };
  } catch (error) {
    return giveUp(error instanceof Error ? error.message : String(error));
  }
}

/** @param {string} text @returns {never} */
function giveUp(text) {
  console.error(`fuzz:live: ${text}`);
  process.exit(1);
}

/** @param {number} milliseconds */
function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
