// @ts-check
// Measures the link of a leader with an edge process over a Unix socket, and prints what several cores would give:
// node bench/multi-core/edges.mjs [seconds] [apply read write connect]
// The last four are costs of the router in µs, which `node bench/direct/main.mjs` (set-1k-qos-0) and the cases
// publishers-100, pacing-1000 and connects of `npm run bench` measure; model.mjs defines them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from '../worker.mjs';
import { logBatch } from './log-batch.mjs';
import { connectsOn, leaderLoad, sessionsOn } from './model.mjs';

const [seconds = 2, apply = 0.14, read = 3.7, write = 7.9, connect = 202] = process.argv.slice(2).map(Number);
const SIZES = [0, 16, 256, 1024];
const CLIENTS = 500;
const CORES = [1, 2, 4, 8, 16];
const shows = [
  { setsPerSecond: 1_000, writesPerSession: 20, batchesPerSecond: 1_000 },
  { setsPerSecond: 20_000, writesPerSession: 20, batchesPerSecond: 1_000 },
  { setsPerSecond: 100_000, writesPerSession: 20, batchesPerSecond: 1_000 },
];

const alone = await link(1);
const together = await link(32);
const build = buildMicros();
const costs = { ...alone, build, send: alone.send - build, apply, read, write, connect };
console.log('\n| cost | µs |\n| --- | ---: |');
for (const [name, micros] of Object.entries({
  ...costs,
  'batch, with 32 unanswered': together.batch,
  'write, without a router': await smallWrites(),
}))
  console.log(`| ${name} | ${Number(micros.toPrecision(2))} |`);
console.log(`\n| SETs/s | cores | leader busy | sessions at 20 writes/s | connects/s |`);
console.log('| ---: | ---: | ---: | ---: | ---: |');
for (const show of shows) {
  for (const cores of CORES) {
    const busy = cores === 1 ? '–' : `${(leaderLoad(cores - 1, costs, show) * 100).toFixed(1)} %`;
    const row = [show.setsPerSecond, cores, busy, sessionsOn(cores, costs, show), connectsOn(cores, costs).toFixed(0)];
    console.log(`| ${row.join(' | ')} |`);
  }
}

/**
 * Exchanges batches of several sizes and fits a line through the costs.
 *
 * @param {number} unanswered
 * @returns {Promise<{ batch: number, send: number, receive: number }>} µs
 */
async function link(unanswered) {
  const folder = mkdtempSync(join(tmpdir(), 'clasp-link-'));
  const path = join(folder, 'link');
  const [leader, edge] = [new Worker('./multi-core/link.mjs'), new Worker('./multi-core/link.mjs')];
  try {
    await leader.call('listen', { path });
    await edge.call('connect', { path });
    await leader.call('exchange', { messages: 16, unanswered, seconds: 1 });
    const points = [];
    console.log(
      `\n| SETs per batch, ${unanswered} unanswered | batches/s | leader, µs per batch | edge, µs per batch |`,
    );
    console.log('| ---: | ---: | ---: | ---: |');
    for (const messages of SIZES) {
      const before = await edge.call('usage');
      const { batches, nanos } = await leader.call('exchange', { messages, unanswered, seconds });
      const after = await edge.call('usage');
      const point = { messages, leader: nanos / batches / 1000, edge: (after - before) / batches / 1000 };
      points.push(point);
      const row = [messages, (batches / seconds).toFixed(0), point.leader.toFixed(2), point.edge.toFixed(2)];
      console.log(`| ${row.join(' | ')} |`);
    }
    const sender = fit(points.map(({ messages, leader: cost }) => [messages, cost]));
    const receiver = fit(points.map(({ messages, edge: cost }) => [messages, cost]));
    return { batch: Math.max(sender.base, receiver.base), send: sender.slope, receive: receiver.slope };
  } finally {
    await Promise.all([leader.stop(), edge.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns µs of one small write to a TCP client. */
async function smallWrites() {
  const [server, clients] = [new Worker('./multi-core/link.mjs'), new Worker('./multi-core/link.mjs')];
  try {
    const { port } = await server.call('listen', { port: 0 });
    await clients.call('connect', { port, count: CLIENTS });
    await server.call('writeToAll', { seconds: 0.5 });
    const { writes, nanos } = await server.call('writeToAll', { seconds });
    return nanos / writes / 1000;
  } finally {
    await Promise.all([server.stop(), clients.stop()]);
  }
}

/** Returns µs of processor time to write one message into a batch. */
function buildMicros() {
  const [rounds, messages] = [4_000, 256];
  for (let i = 0; i < rounds; i++) logBatch(messages);
  const before = process.cpuUsage();
  for (let i = 0; i < rounds; i++) logBatch(messages);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (rounds * messages);
}

/**
 * Least squares.
 *
 * @param {readonly (readonly [number, number])[]} points
 */
function fit(points) {
  const mean = (/** @type {(point: readonly [number, number]) => number} */ of) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point[0]), mean((point) => point[1])];
  const slope = mean(([a, b]) => (a - x) * (b - y)) / mean(([a]) => (a - x) ** 2);
  return { base: y - slope * x, slope };
}
