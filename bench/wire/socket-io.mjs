// @ts-check
// socket.io, encoded by hand: text packets in WebSocket messages. A SET is the event "set" with an address and a
// value. If it needs an ACK, it is emitted with an acknowledgement.
import { NUMBER_BYTES } from './payload.mjs';
import { RawConnection } from './raw-connection.mjs';
import { AckId, Kind, SocketIoWalker } from './socket-io-walker.mjs';
import { clientMessage, upgrade } from './websocket.mjs';

/**
 * @typedef {import('../cases.mjs').Load} Load
 * @typedef {import('./clasp.mjs').Server} Server
 * @typedef {{ connection: RawConnection, walker: SocketIoWalker }} Peer
 */

const PATH = '/socket.io/?EIO=4&transport=websocket';
/** Numbers from here on have equal length, and so have all messages. */
const FIRST_NUMBER = 100_000;

/**
 * As in the other wire modules, but without the name, for which socket.io has no field.
 *
 * @param {Server} server
 * @returns {Promise<Peer>}
 */
export async function connect(server) {
  const connection = new RawConnection(server);
  const walker = new SocketIoWalker();
  walker.onPing = () => connection.send(packet('3'));
  await upgrade(connection, { ...server, path: PATH, protocol: undefined }, (bytes, end) => walker.walk(bytes, end));
  connection.send(packet('40'));
  await connection.until(() => walker.countOf(Kind.Connected) > 0, 'answer to CONNECT');
  return { connection, walker };
}

/**
 * @param {Peer} peer
 * @param {readonly string[]} patterns
 */
export async function subscribe({ connection, walker }, patterns) {
  const before = walker.countOf(Kind.Subscribed);
  connection.send(emit(['subscribe', patterns], AckId.Subscribe));
  await connection.until(() => walker.countOf(Kind.Subscribed) > before, 'acknowledgement of "subscribe"');
}

/**
 * @param {Load} load
 * @param {number} count
 * @returns {Buffer[]}
 */
export function messages({ signal, qos, addresses, valueBytes = NUMBER_BYTES }, count) {
  const ackId = signal === 'set' && qos > 0 ? AckId.Set : undefined;
  return Array.from({ length: count }, (_, i) => {
    const number = FIRST_NUMBER + i;
    const value = valueBytes === NUMBER_BYTES ? number : String(number).padEnd(valueBytes, '.');
    return emit(['set', addresses[i % addresses.length], value], ackId);
  });
}

export function ping() {
  return emit(['ask'], AckId.Ping);
}

/**
 * @param {string} address
 * @param {number} time
 */
export function stamped(address, time) {
  return emit(['set', address, time]);
}

/**
 * Returns the time in a delivery of {@link stamped}.
 *
 * @param {Buffer} bytes
 * @param {number} start
 * @param {string} address
 */
export function sentAt(bytes, start, address) {
  const number = start + `42["set","${address}",`.length;
  return Number(bytes.toString('latin1', number, bytes.indexOf(']', number)));
}

/**
 * @param {readonly unknown[]} event its name and arguments
 * @param {number} [ackId]
 */
function emit(event, ackId) {
  return packet(`42${ackId ?? ''}${JSON.stringify(event)}`);
}

/** @param {string} text */
function packet(text) {
  return clientMessage(Buffer.from(text), 1);
}
