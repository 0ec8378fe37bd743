// @ts-check
// Code shared by the project's own peers: the minimum of CLASP that the load needs for its handshake.
import { once } from 'node:events';
import { Type } from '../wire/clasp-frames.mjs';
import { greeting, pong } from './clasp-greeting.mjs';

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
