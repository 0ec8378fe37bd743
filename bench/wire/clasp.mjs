// @ts-check
import { elementAt } from '../element-at.mjs';
import { ClaspWalker } from './clasp-walker.mjs';
import * as frames from './clasp-frames.mjs';
import { NUMBER_BYTES, payloadOf } from './payload.mjs';
import { RawConnection } from './raw-connection.mjs';
import { clientMessage, upgrade } from './websocket.mjs';

/**
 * @typedef {import('../cases.mjs').Load} Load
 * @typedef {{ host: string, port: number, tls?: boolean }} Server
 * @typedef {{ connection: RawConnection, walker: ClaspWalker }} Peer
 */

const { Type } = frames;
const OPCODE_CLOSE = 8;
const OPCODE_PING = 9;
const OPCODE_PONG = 10;

/**
 * Connects and exchanges HELLO, WELCOME and SNAPSHOT, as every client does.
 *
 * @param {Server} server
 * @param {string} name
 * @returns {Promise<Peer>}
 */
export async function connect(server, name) {
  const connection = new RawConnection(server);
  const walker = new ClaspWalker();
  walker.onControl = (opcode) => {
    if (opcode === OPCODE_PING) connection.send(clientMessage(Buffer.alloc(0), OPCODE_PONG));
    if (opcode === OPCODE_CLOSE) connection.lost ??= 'a close frame from the server';
  };
  await upgrade(connection, { ...server, protocol: 'clasp' }, (bytes, end) => walker.walk(bytes, end));
  connection.send(clientMessage(frames.hello(name)));
  await connection.until(
    () => walker.countOf(Type.Welcome) > 0 && walker.countOf(Type.Snapshot) > 0,
    'WELCOME and SNAPSHOT',
  );
  return { connection, walker };
}

/**
 * Subscribes and waits until the server has processed it. SUBSCRIBE has no confirmation, but messages of a session
 * are processed in order, so the PONG of a PING after it confirms it.
 *
 * @param {Peer} peer
 * @param {readonly string[]} patterns
 * @param {{ maxRate?: number }} [options]
 */
export async function subscribe({ connection, walker }, patterns, options) {
  const pongs = walker.pongs;
  connection.send(
    Buffer.concat(
      [...patterns.map((pattern, id) => frames.subscribe(id + 1, pattern, options)), frames.ping()].map((f) =>
        clientMessage(f),
      ),
    ),
  );
  await connection.until(() => walker.pongs > pongs, 'PONG behind SUBSCRIBE');
  if (walker.lastError !== undefined) throw new Error(`SUBSCRIBE was answered with ERROR ${walker.lastError}`);
}

/**
 * Builds messages for the socket: one per address and value, in turn.
 *
 * @param {Load} load
 * @param {number} count
 * @returns {Buffer[]}
 */
export function messages(load, count) {
  return Array.from({ length: count }, (_, i) =>
    clientMessage(frameOf(load, elementAt(load.addresses, i % load.addresses.length), i)),
  );
}

/**
 * One message to each address of a load.
 *
 * @param {Load} load
 * @param {readonly number[]} values
 * @returns {Buffer[]}
 */
export function oneToEach(load, values) {
  return load.addresses.map((address, i) => clientMessage(frameOf(load, address, elementAt(values, i))));
}

/**
 * @param {Load} load
 * @param {string} address
 * @param {number} number
 */
function frameOf(load, address, number) {
  if (load.signal === 'event') return frames.event(address, number);
  if ((load.valueBytes ?? NUMBER_BYTES) === NUMBER_BYTES) return frames.set(address, number, load.qos);
  return frames.setBytes(address, payloadOf(load, number), load.qos);
}

/** A message that the server answers after everything before it; the walker counts the answers as `pongs`. */
export function ping() {
  return clientMessage(frames.ping());
}

/**
 * A message that contains its send time, for {@link sentAt}.
 *
 * @param {string} address
 * @param {number} time
 */
export function stamped(address, time) {
  return clientMessage(frames.set(address, time, 0));
}

/**
 * Returns the time in a delivery of {@link stamped}.
 *
 * @param {Buffer} bytes
 * @param {number} start of its frame
 * @param {string} address
 */
export function sentAt(bytes, start, address) {
  return bytes.readDoubleBE(start + frames.setValueOffset(address));
}
