// @ts-check
// One end of a link between two processes: it sends batches, or answers each with an empty one. Also a process with
// many clients, which writes a small message to each.
import { once } from 'node:events';
import { connect as connectTo, createServer } from 'node:net';
import { elementAt } from '../element-at.mjs';
import { serve } from '../serve.mjs';
import { Deframer, logBatch, walkBatch } from './log-batch.mjs';

/** @typedef {import('node:net').Socket} Socket */

const SMALL = Buffer.alloc(46, 1);

/** @type {Socket[]} */
const sockets = [];
let onBatch = () => {};

serve({ listen, connect, exchange, writeToAll, usage: cpuNanos });

/** @param {{ path: string } | { port: number }} where */
async function listen(where) {
  const server = createServer((socket) => attach(socket, walk));
  server.listen('path' in where ? where.path : { port: where.port, host: '127.0.0.1' });
  await once(server, 'listening');
  const address = server.address();
  return { port: typeof address === 'object' ? address?.port : undefined };
}

/** @param {{ path: string } | { port: number, count: number }} where an end of a link, or clients that only read */
async function connect(where) {
  if ('path' in where) {
    const socket = connectTo(where.path);
    await once(socket, 'connect');
    attach(socket, walk);
    onBatch = () => void socket.write(logBatch(0));
    return;
  }
  for (let i = 0; i < where.count; i++) {
    const socket = connectTo({ port: where.port, host: '127.0.0.1' });
    await once(socket, 'connect');
    attach(socket, undefined);
  }
}

/**
 * @param {Socket} socket
 * @param {((batch: Buffer) => void) | undefined} use
 */
function attach(socket, use) {
  sockets.push(socket.setNoDelay(true));
  const deframer = new Deframer();
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    if (use !== undefined) for (const batch of deframer.push(chunk)) use(batch);
  });
}

/** @param {Buffer} batch */
function walk(batch) {
  walkBatch(batch);
  onBatch();
}

/**
 * Sends batches and gets an empty one for each, with a limited number of unanswered ones.
 *
 * @param {{ messages: number, unanswered: number, seconds: number }} input
 * @returns {Promise<{ batches: number, nanos: number }>} processor time of this process
 */
async function exchange({ messages, unanswered, seconds }) {
  while (sockets.length === 0) await new Promise((resolve) => setImmediate(resolve)); // the listener has not accepted
  const socket = elementAt(sockets, 0);
  const end = performance.now() + seconds * 1000;
  const before = cpuNanos();
  let sent = 0;
  let answered = 0;
  await new Promise((resolve) => {
    onBatch = () => {
      answered++;
      if (performance.now() < end) send();
      else if (answered === sent) resolve(undefined);
    };
    const send = () => {
      sent++;
      socket.write(logBatch(messages));
    };
    for (let i = 0; i < unanswered; i++) send();
  });
  return { batches: sent, nanos: cpuNanos() - before };
}

/**
 * Writes a small message to each client per turn of the event loop.
 *
 * @param {{ seconds: number }} input
 * @returns {Promise<{ writes: number, nanos: number }>}
 */
async function writeToAll({ seconds }) {
  const end = performance.now() + seconds * 1000;
  const before = cpuNanos();
  let writes = 0;
  while (performance.now() < end) {
    for (const socket of sockets) {
      if (socket.writableNeedDrain) continue;
      socket.write(SMALL);
      writes++;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { writes, nanos: cpuNanos() - before };
}

/** Returns the processor time of this process, its kernel time included, in nanoseconds. */
function cpuNanos() {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}
