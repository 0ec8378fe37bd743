// @ts-check
// Code shared by the project's own peers: the minimum of CLASP that the load needs for its handshake.
import { once } from 'node:events';
import { frame, Type } from '../wire/clasp-frames.mjs';

const welcome = frame(Buffer.from([Type.Welcome, 1, 0xf8, ...Buffer.alloc(8), 0, 1, 0x73, 0, 1, 0x72, 0, 0]));
const emptySnapshot = frame(Buffer.from([Type.Snapshot, 0, 0]));
const pong = frame(Buffer.from([Type.Pong]));

/** The answer to HELLO, as frames. */
export const greeting = [welcome, emptySnapshot];

/** Options for `WebSocketServer`, and the answers to messages that are not signals. */
export const clasp = {
  perMessageDeflate: false,
  handleProtocols: () => 'clasp',
  /**
   * @param {import('ws').WebSocket} socket
   * @param {Buffer} bytes
   */
  answer(socket, bytes) {
    if (bytes[4] === Type.Hello) for (const answer of greeting) socket.send(answer);
    if (bytes[4] === Type.Ping) socket.send(pong);
  },
};

/**
 * @param {import('ws').WebSocketServer | import('node:net').Server} server
 * @returns {Promise<{ port: number }>}
 */
export async function listen(server) {
  if (server.address() === null) await once(server, 'listening');
  return { port: /** @type {import('node:net').AddressInfo} */ (server.address()).port };
}
