// @ts-check
// The simplest router: for each message it finds the subscribers and calls `ws.send` for each of them. It reads the
// address, matches, forwards and acknowledges. It has no state, no revisions and no other checks.
import { WebSocketServer } from 'ws';
import { byteAt } from '../wire/byte-at.mjs';
import { frame, Type } from '../wire/clasp-frames.mjs';
import { serve } from '../serve.mjs';
import { clasp, listen } from './clasp-server.mjs';

/** @typedef {{ socket: import('ws').WebSocket, exact: Set<string>, prefixes: string[] }} Subscriber */

/** @type {Map<import('ws').WebSocket, Subscriber>} */
const subscribers = new Map();

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...clasp });
server.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('close', () => subscribers.delete(socket));
  socket.on('message', (/** @type {Buffer} */ bytes) => {
    switch (bytes[4]) {
      case Type.Subscribe:
        return subscribe(socket, bytes.toString('utf8', 11, 11 + bytes.readUInt16BE(9)));
      case Type.Set:
      case Type.Publish:
        return forward(socket, bytes);
      default:
        return clasp.answer(socket, bytes);
    }
  });
});

serve({ listen: () => listen(server) });

/**
 * @param {import('ws').WebSocket} socket
 * @param {string} pattern an address, or an address with `/**` at its end
 */
function subscribe(socket, pattern) {
  const subscriber = subscribers.get(socket) ?? { socket, exact: new Set(), prefixes: [] };
  subscribers.set(socket, subscriber);
  if (pattern.endsWith('/**')) subscriber.prefixes.push(pattern.slice(0, -2));
  else subscriber.exact.add(pattern);
}

/**
 * @param {import('ws').WebSocket} sender
 * @param {Buffer} bytes
 */
function forward(sender, bytes) {
  const addressEnd = 8 + bytes.readUInt16BE(6);
  const address = bytes.toString('utf8', 8, addressEnd);
  for (const { socket, exact, prefixes } of subscribers.values()) {
    if (exact.has(address) || prefixes.some((prefix) => address.startsWith(prefix))) socket.send(bytes);
  }
  const wantsAck = bytes[4] === Type.Set && byteAt(bytes, 1) >> 6 > 0;
  if (wantsAck) sender.send(frame(Buffer.concat([Buffer.from([Type.Ack, 1]), bytes.subarray(6, addressEnd)])));
}
