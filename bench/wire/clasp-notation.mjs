// @ts-check
// Subscribers that use CBOR or JSON with a CLASP router. They only receive, so this is not a complete wire module.
import { Encoder } from 'cbor-x';
import { Type } from './clasp-frames.mjs';
import { NotationWalker } from './notation-walker.mjs';
import { RawConnection } from './raw-connection.mjs';
import { clientMessage, upgrade } from './websocket.mjs';

/** @typedef {{ connection: RawConnection, walker: NotationWalker, send: (message: object) => void }} NotationPeer */

const cbor = new Encoder({ useRecords: false, variableMapSize: true });
const TEXT = 1;
const OPCODE_CLOSE = 8;
const OPCODE_PING = 9;
const OPCODE_PONG = 10;

/**
 * @param {'json' | 'cbor'} notation
 * @param {import('./clasp.mjs').Server} server
 * @param {string} name
 * @returns {Promise<NotationPeer>}
 */
export async function connectIn(notation, server, name) {
  const connection = new RawConnection(server);
  const walker = new NotationWalker(notation);
  walker.onControl = (opcode) => {
    if (opcode === OPCODE_PING) connection.send(clientMessage(Buffer.alloc(0), OPCODE_PONG));
    if (opcode === OPCODE_CLOSE) connection.lost ??= 'a close frame from the server';
  };
  const protocol = notation === 'cbor' ? 'clasp.cbor' : 'clasp';
  await upgrade(connection, { ...server, protocol }, (bytes, end) => walker.walk(bytes, end));
  const send = (/** @type {object} */ message) =>
    connection.send(
      notation === 'cbor'
        ? clientMessage(cborFrame(cbor.encode(message)))
        : clientMessage(Buffer.from(JSON.stringify(message)), TEXT),
    );
  send({ type: 'hello', version: 1, name, features: ['param', 'event', 'stream', 'gesture', 'timeline'] });
  await connection.until(
    () => walker.countOf(Type.Welcome) > 0 && walker.countOf(Type.Snapshot) > 0,
    `WELCOME and SNAPSHOT in ${notation}`,
  );
  return { connection, walker, send };
}

/**
 * @param {NotationPeer} peer
 * @param {readonly string[]} patterns
 */
export async function subscribeIn({ connection, walker, send }, patterns) {
  const pongs = walker.pongs;
  for (const [i, pattern] of patterns.entries()) send({ type: 'subscribe', id: i + 1, pattern });
  send({ type: 'ping' });
  await connection.until(() => walker.pongs > pongs, 'PONG behind SUBSCRIBE');
  if (walker.lastError !== undefined) throw new Error(`SUBSCRIBE was answered with ${walker.lastError}`);
}

/** Returns a frame whose encoding bits denote CBOR. @param {Uint8Array} payload */
function cborFrame(payload) {
  const head = Buffer.from([0x53, 0x02, 0, 0]);
  head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}
