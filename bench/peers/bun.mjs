// @ts-check
// Bun's own WebSocket server and pub/sub with the minimum of CLASP, started by Bun. A pattern is a topic, and a
// message is published to each topic that matches its address. No state, no revisions, no validation.
import { frame, Type } from '../wire/clasp-frames.mjs';
import { greeting, pong } from './clasp-greeting.mjs';

/**
 * The part of Bun that this script uses.
 *
 * @typedef {{ send: (data: Uint8Array) => number, subscribe: (topic: string) => void, publish: (topic: string, data: Uint8Array) => number }} Socket
 * @typedef {{ port: number, upgrade: (request: unknown, options: { headers: Record<string, string> }) => boolean }} Server
 * @typedef {{ serve: (options: object) => Server }} Runtime
 */

const { Bun: bun } = /** @type {{ Bun: Runtime }} */ (Object(globalThis)); // only Bun starts this script
const BACKPRESSURE_BYTES = 512 * 1024 * 1024;

/** Patterns with at least one subscriber. @type {Set<string>} */
const topics = new Set();
/** Topics by address; empty after a new subscription. @type {Map<string, string[]>} */
const matches = new Map();

const { port } = bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(/** @type {unknown} */ request, /** @type {Server} */ running) {
    running.upgrade(request, { headers: { 'Sec-WebSocket-Protocol': 'clasp' } });
  },
  websocket: {
    perMessageDeflate: false,
    backpressureLimit: BACKPRESSURE_BYTES, // of a slow subscriber, as the other servers have it
    idleTimeout: 0,
    message: receive,
  },
});
console.log(`listening on 127.0.0.1:${port}`);

/**
 * @param {Socket} socket
 * @param {Buffer} bytes
 */
function receive(socket, bytes) {
  switch (bytes[4]) {
    case Type.Hello:
      for (const answer of greeting) socket.send(answer);
      return;
    case Type.Ping:
      socket.send(pong);
      return;
    case Type.Subscribe: {
      const pattern = bytes.toString('utf8', 11, 11 + bytes.readUInt16BE(9));
      topics.add(pattern);
      matches.clear();
      socket.subscribe(pattern);
      return;
    }
    case Type.Set:
    case Type.Publish:
      forward(socket, bytes);
  }
}

/**
 * @param {Socket} sender
 * @param {Buffer} bytes
 */
function forward(sender, bytes) {
  const addressEnd = 8 + bytes.readUInt16BE(6);
  for (const topic of topicsOf(bytes.toString('latin1', 8, addressEnd))) sender.publish(topic, bytes);
  const wantsAck = bytes[4] === Type.Set && (bytes[1] ?? 0) >> 6 > 0;
  if (wantsAck) sender.send(frame(Buffer.concat([Buffer.from([Type.Ack, 1]), bytes.subarray(6, addressEnd)])));
}

/** @param {string} address */
function topicsOf(address) {
  let found = matches.get(address);
  if (found === undefined) {
    found = [...topics].filter(
      (topic) => topic === address || (topic.endsWith('/**') && address.startsWith(topic.slice(0, -2))),
    );
    matches.set(address, found);
  }
  return found;
}
