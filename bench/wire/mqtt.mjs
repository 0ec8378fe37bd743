// @ts-check
import { elementAt } from '../element-at.mjs';
// MQTT 3.1.1 over TCP, for mosquitto and aedes. A SET with an ACK is a PUBLISH at QoS 1, everything else is QoS 0.
// Subscribers use QoS 0, because CLASP subscribers confirm nothing.
import { randomUUID } from 'node:crypto';
import { MqttWalker, Packet } from './mqtt-walker.mjs';
import { payloadOf } from './payload.mjs';
import { RawConnection } from './raw-connection.mjs';

/**
 * @typedef {import('../cases.mjs').Load} Load
 * @typedef {import('./clasp.mjs').Server} Server
 * @typedef {{ connection: RawConnection, walker: MqttWalker }} Peer
 */

const LEVEL_3_1_1 = 4;
const CLEAN_SESSION = 0x02;
const SUBSCRIBE_FLAGS = 0x02;
const MAX_PACKET_ID = 0xffff;

/**
 * @param {Server} server
 * @param {string} name
 * @returns {Promise<Peer>}
 */
export async function connect(server, name) {
  const connection = new RawConnection(server);
  const walker = new MqttWalker();
  connection.onBytes = (bytes, end) => walker.walk(bytes, end);
  // a second client with the same id would end the first
  const clientId = `${name.replaceAll(' ', '')}-${randomUUID().slice(0, 8)}`;
  const noKeepAlive = u16(0);
  connection.send(
    packet(Packet.Connect << 4, [
      ...[text('MQTT'), Buffer.from([LEVEL_3_1_1, CLEAN_SESSION]), noKeepAlive],
      text(clientId),
    ]),
  );
  await connection.until(() => walker.countOf(Packet.Connack) > 0, 'CONNACK');
  if (walker.lastError !== undefined) throw new Error(`the broker refused: ${walker.lastError}`);
  return { connection, walker };
}

/**
 * @param {Peer} peer
 * @param {readonly string[]} patterns
 */
export async function subscribe({ connection, walker }, patterns) {
  const before = walker.countOf(Packet.Suback);
  const topics = patterns.flatMap((pattern) => [text(filterOf(pattern)), Buffer.from([0])]);
  connection.send(packet((Packet.Subscribe << 4) | SUBSCRIBE_FLAGS, [u16(1), ...topics]));
  await connection.until(() => walker.countOf(Packet.Suback) > before, 'SUBACK');
  if (walker.lastError !== undefined) throw new Error(`SUBSCRIBE was answered with ${walker.lastError}`);
}

/**
 * Builds packets. Their ids restart in each block. QoS 1 permits a broker to reject that, but none of these does.
 *
 * @param {Load} load
 * @param {number} count
 * @returns {Buffer[]}
 */
export function messages(load, count) {
  const qos = load.signal === 'set' ? load.qos : 0;
  return Array.from({ length: count }, (_, i) =>
    publish(elementAt(load.addresses, i % load.addresses.length), payloadOf(load, i), qos, (i % MAX_PACKET_ID) + 1),
  );
}

export function ping() {
  return packet(Packet.Pingreq << 4, []);
}

/**
 * @param {string} address
 * @param {number} time
 */
export function stamped(address, time) {
  const payload = Buffer.alloc(8);
  payload.writeDoubleBE(time);
  return publish(address, payload, 0, 0);
}

/**
 * Returns the time in a delivery of {@link stamped}.
 *
 * @param {Buffer} bytes
 * @param {number} start
 * @param {string} address
 */
export function sentAt(bytes, start, address) {
  return bytes.readDoubleBE(start + 2 + Buffer.byteLength(address));
}

/**
 * @param {string} topic an unchanged address: a leading slash is an empty level, which is valid
 * @param {Uint8Array} payload
 * @param {number} qos
 * @param {number} id only sent above QoS 0
 */
function publish(topic, payload, qos, id) {
  return packet((Packet.Publish << 4) | (qos << 1), [text(topic), ...(qos > 0 ? [u16(id)] : []), payload]);
}

/** @param {string} pattern of CLASP, with at most one `**`, at its end */
function filterOf(pattern) {
  return pattern
    .split('/')
    .map((segment) => (segment === '**' ? '#' : segment === '*' ? '+' : segment))
    .join('/');
}

/**
 * @param {number} firstByte
 * @param {readonly Uint8Array[]} parts
 */
function packet(firstByte, parts) {
  const body = Buffer.concat(parts);
  const header = [firstByte];
  let left = body.length;
  do {
    const digit = left % 128;
    left = Math.floor(left / 128);
    header.push(left > 0 ? digit | 0x80 : digit);
  } while (left > 0);
  return Buffer.concat([Buffer.from(header), body]);
}

/** @param {string} value */
function text(value) {
  const bytes = Buffer.from(value);
  return Buffer.concat([u16(bytes.length), bytes]);
}

/** @param {number} value */
function u16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
