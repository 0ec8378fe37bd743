// @ts-check
// Measures whether reading sockets on another thread pays off. The same bytes arrive over loopback: read by the
// thread that uses them, or by a worker that transfers them. The result is the time per read on the using thread,
// which is the bottleneck.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import { spawn } from 'node:child_process';

/**
 * @typedef {{ sockets: number, bytes: number, what: string }} Load
 * @typedef {{ reads: number, megabytes: number, busyMicros: number }} Figures
 */

const SECONDS = Number(process.argv[2] ?? 3);

/** @type {readonly Load[]} */
const loads = [
  { sockets: 1, bytes: 65_536, what: 'one publisher, as much as it can send' },
  { sockets: 100, bytes: 46, what: 'a hundred publishers, a SET a packet' },
];

console.log('| load | read by | reads/s | MB/s | µs of the using thread a read |');
console.log('| --- | --- | ---: | ---: | ---: |');
for (const load of loads) {
  for (const [by, run] of /** @type {const} */ ([
    ['itself', direct],
    ['a worker', throughWorker],
  ])) {
    const { reads, megabytes, busyMicros } = await run(load);
    const row = [
      load.what,
      by,
      (reads / SECONDS).toFixed(0),
      (megabytes / SECONDS).toFixed(0),
      (busyMicros / reads).toFixed(2),
    ];
    console.log(`| ${row.join(' | ')} |`);
  }
}
process.exit(0);

/** @param {Load} load @returns {Promise<Figures>} */
async function direct(load) {
  const count = counter();
  const server = createServer((socket) => {
    socket.on('data', (chunk) => count.take(chunk));
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const figures = await measure(load, port, count);
  server.close();
  return figures;
}

/** @param {Load} load @returns {Promise<Figures>} */
async function throughWorker(load) {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(fileURLToPath(new URL('./reader.mjs', import.meta.url)), {
    workerData: { port: port2 },
    transferList: [port2],
  });
  const [port] = await once(worker, 'message');
  const count = counter();
  // The worker's reads of a turn arrive as one message, in the cheapest way: their memory is transferred, not copied.
  port1.on('message', (/** @type {Uint8Array[]} */ chunks) => {
    for (const chunk of chunks) count.take(chunk);
  });
  const figures = await measure(load, port, count);
  await worker.terminate();
  port1.close();
  return figures;
}

function counter() {
  let reads = 0;
  let bytes = 0;
  return {
    /** @param {Uint8Array} chunk */
    take(chunk) {
      reads++;
      bytes += chunk.length;
    },
    read: () => ({ reads, bytes }),
  };
}

/**
 * @param {Load} load
 * @param {number} port
 * @param {ReturnType<typeof counter>} count
 * @returns {Promise<Figures>}
 */
async function measure({ sockets, bytes }, port, count) {
  const sender = spawn(
    process.execPath,
    [fileURLToPath(new URL('./sender.mjs', import.meta.url)), String(port), String(sockets), String(bytes)],
    { stdio: 'inherit' },
  );
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const before = count.read();
  const loop = performance.eventLoopUtilization();
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000));
  const { active } = performance.eventLoopUtilization(loop);
  const after = count.read();
  sender.kill();
  await once(sender, 'exit');
  return {
    reads: after.reads - before.reads,
    megabytes: (after.bytes - before.bytes) / 1e6,
    busyMicros: active * 1_000,
  };
}
