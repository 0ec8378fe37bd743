// @ts-check
// Reads sockets on a separate thread, and transfers the data of each turn of its event loop.
import { createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const { port } = /** @type {{ port: import('node:worker_threads').MessagePort }} */ (workerData);

/** @type {Uint8Array<ArrayBuffer>[]} */
let chunks = [];

function handOver() {
  const all = chunks;
  chunks = [];
  port.postMessage(
    all,
    all.map(({ buffer }) => buffer),
  );
}

const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    if (chunks.length === 0) setImmediate(handOver);
    // The memory of Node's read buffers can be shared; only separate memory can be transferred.
    chunks.push(Uint8Array.from(chunk));
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  parentPort?.postMessage(address.port);
});
