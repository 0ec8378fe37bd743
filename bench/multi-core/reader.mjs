// @ts-check
// Reads sockets on a thread of its own, and hands over what each turn of its event loop has brought.
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
    // Node's own memory of a read may be shared with others; only memory of its own can be handed over.
    chunks.push(Uint8Array.from(chunk));
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  parentPort?.postMessage(address.port);
});
