// @ts-check
// npm run crash -- [--kills 200] [--seed N] [--groups 150] [--mutate]
//
// Kills a router with SIGKILL while a client writes bundles, and restarts it on the same data folder. Write n sets the 40
// params of group n modulo --groups to n, and each fifth write one with a short time to live. The restored params
// must be those of one write: not before the last ACK under `always`, or before the last but two intervals otherwise.
// No revision can fall. --mutate switches copy-before-write off: then violations must be found.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Random } from '../support/mutate.mjs';

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    groups: { type: 'string', default: '150' },
    seed: { type: 'string' },
    mutate: { type: 'boolean', default: false },
  },
});
const kills = Number(options.kills);
const groups = Number(options.groups);
const seed = options.seed === undefined ? Date.now() >>> 0 : Number(options.seed);
if (![kills, groups].every((n) => Number.isInteger(n) && n > 0) || !Number.isInteger(seed) || seed < 0) {
  console.error('usage: npm run crash -- [--kills 200] [--seed N] [--groups 150] [--mutate]');
  process.exit(2);
}

/** @param {string} path */
const at = (path) => new URL(path, import.meta.url);
/** @typedef {{ value: unknown, revision?: number | bigint }} Param */
/** @typedef {{ kind: 'param', address: string, value: number, ttlSeconds?: number }} Item */
/** @typedef {{ get(address: string): Promise<Param | undefined>, bundle(items: Item[]): Promise<unknown>, close(): Promise<void> }} Client */
/** @type {{ connect(url: string, options: object): Promise<Client> }} */
const { connect } = await import(at('../../dist/client/node.js').href);

const INTERVAL = 0.1;
/** Bundles that wait for their ACK at one time. */
const WINDOW = 128;
const SHORT = 50;
const random = new Random(seed);
const folder = mkdtempSync(join(tmpdir(), 'clasp-crash-'));
const failures = /** @type {string[]} */ ([]);
/** Revision of each address that a client has seen, or that an ACK implies. */
const revisions = /** @type {Map<string, number>} */ (new Map());
let written = 0;
/** The write that must be restored at least. */
let least = 0;
let slowestMs = 0;

console.log(`seed ${seed}, ${kills} kills, ${groups} groups${options.mutate ? ', without copy-before-write' : ''}`);
try {
  for (let kill = 0; kill < kills && (options.mutate || failures.length < 20); kill++) await round(kill);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const failure of failures.slice(0, 20)) console.log(failure);
console.log(`${failures.length} violations, ${written} writes, slowest start ${Math.round(slowestMs)} ms`);
if (failures.length > 0 !== options.mutate) process.exit(1);

/** @param {number} kill */
async function round(kill) {
  const sync = kill % 2 === 0 ? 'always' : 'interval';
  const flags = ['--port', '0', '--host', '127.0.0.1', '--data-dir', folder, '--max-messages-per-second', '0'];
  const sets = ['--persist-sync', sync, '--persist-interval', String(INTERVAL), '--json-log'];
  const preload = options.mutate ? ['--import', at('without-copies.mjs').href] : [];
  const program = [...preload, fileURLToPath(at('../../dist/cli/main.js')), ...flags, ...sets];
  const began = performance.now();
  const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  let output = '';
  const url = await /** @type {Promise<string>} */ (
    new Promise((resolve, reject) => {
      /** @param {Buffer} data */
      const read = (data) => {
        output += data.toString();
        const found = /"url":"(ws:[^"]+)"/.exec(output);
        if (found?.[1] !== undefined) resolve(found[1]);
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('exit', () => reject(new Error(`the router ended: ${output}`)));
    })
  );
  slowestMs = Math.max(slowestMs, performance.now() - began);
  const client = await connect(url, { name: 'desk', reconnect: false });
  await check(kill, client);
  if (/"level":50/.test(output)) failures.push(`kill ${kill}: ${output}`);
  // Some kills come while the first base is written, others long after it.
  setTimeout(() => child.kill('SIGKILL'), random.below(kill % 3 === 0 ? 30 : 400));
  await writeUntilLost(client, sync === 'always');
  await ended;
  await client.close().catch(() => undefined);
}

/**
 * @param {number} group
 * @returns {string[]}
 */
function membersOf(group) {
  return Array.from({ length: 40 }, (_, n) => `/group/${group}/${n}`);
}

/**
 * Compares the restored params with the model.
 *
 * @param {number} kill
 * @param {Client} client
 */
async function check(kill, client) {
  const addresses = Array.from({ length: groups }, (_, group) => membersOf(group)).flat();
  const short = Array.from({ length: SHORT }, (_, n) => `/short/${n}`);
  const found = new Map();
  await Promise.all(
    [...addresses, ...short].map(async (address) =>
      found.set(address, await client.get(address).catch(() => undefined)),
    ),
  );
  const top = Math.max(0, ...addresses.map((address) => Number(found.get(address)?.value ?? 0)));
  const fail = (/** @type {string} */ text) => failures.push(`kill ${kill}, write ${top}: ${text}`);
  if (top < least || top > written) fail(`not between ${least} and ${written}`);
  for (let group = 0; group < groups; group++) {
    const expected = top < group ? 0 : top - ((top - group) % groups);
    for (const address of membersOf(group)) {
      const value = Number(found.get(address)?.value ?? 0);
      if (value !== expected) fail(`${address} is ${value} instead of ${expected}`);
    }
  }
  for (let n = 0; n < SHORT; n++) {
    const value = found.get(`/short/${n}`)?.value; // undefined if it has expired
    const last = [...Array(SHORT).keys()].map((back) => top - (top % 5) - 5 * back).find((m) => (m / 5) % SHORT === n);
    if (value !== undefined && value !== last) fail(`/short/${n} is ${value} instead of ${last}`);
  }
  for (const [address, param] of found) {
    if (param === undefined) continue;
    const revision = Number(param.revision ?? 0);
    if (revision < (revisions.get(address) ?? 0))
      fail(`${address} has revision ${revision} after ${revisions.get(address)}`);
    revisions.set(address, revision);
  }
  written = least = top;
}

/**
 * @param {Client} client
 * @param {boolean} isAlways
 */
async function writeUntilLost(client, isAlways) {
  const waiting = /** @type {Set<Promise<void>>} */ (new Set());
  /** Time and number of each ACK. */
  const acked = /** @type {[number, number][]} */ ([]);
  let isLost = false;
  while (!isLost) {
    const n = ++written;
    /** @type {Item[]} */
    const items = membersOf(n % groups).map((address) => ({ kind: 'param', address, value: n }));
    if (n % 5 === 0)
      items.splice(1, 0, { kind: 'param', address: `/short/${(n / 5) % SHORT}`, value: n, ttlSeconds: 1 });
    const done = client.bundle(items).then(
      () => {
        acked.push([performance.now(), n]);
        for (const { address: written } of items) {
          if (!written.startsWith('/short')) revisions.set(written, (revisions.get(written) ?? 0) + 1);
        }
      },
      () => {
        isLost = true;
      },
    );
    waiting.add(done);
    void done.then(() => waiting.delete(done));
    if (waiting.size >= WINDOW) await Promise.race(waiting);
  }
  await Promise.all(waiting);
  const lastMs = acked.at(-1)?.[0] ?? 0;
  // Without `always`, a cut begins at each interval, and its sync can take as long as one again.
  const storedMs = isAlways ? Infinity : lastMs - 4_000 * INTERVAL;
  for (const [ms, n] of acked) if (ms <= storedMs) least = Math.max(least, n);
}
