// @ts-check
import { elementAt } from '../element-at.mjs';
// The text protocol of core NATS. It has no confirmations comparable with ACKs, and the load requests none: `verbose`
// would add a line to each message.
import { INFO, NatsWalker } from './nats-walker.mjs';
import { payloadOf } from './payload.mjs';
import { RawConnection } from './raw-connection.mjs';

/**
 * @typedef {import('../cases.mjs').Load} Load
 * @typedef {import('./clasp.mjs').Server} Server
 * @typedef {{ connection: RawConnection, walker: NatsWalker }} Peer
 */

const NEW_LINE = '\r\n';
const options = { verbose: false, pedantic: false, tls_required: false, lang: 'bench', version: '1', protocol: 1 };

/**
 * @param {Server} server
 * @param {string} name
 * @returns {Promise<Peer>}
 */
export async function connect(server, name) {
  const connection = new RawConnection(server);
  const walker = new NatsWalker();
  walker.onPing = () => connection.send(Buffer.from(`PONG${NEW_LINE}`));
  connection.onBytes = (bytes, end) => walker.walk(bytes, end);
  await connection.until(() => walker.countOf(INFO) > 0, 'INFO');
  connection.send(Buffer.from(`CONNECT ${JSON.stringify({ ...options, name })}${NEW_LINE}`));
  await pongTo({ connection, walker }, 'CONNECT');
  return { connection, walker };
}

/**
 * @param {Peer} peer
 * @param {readonly string[]} patterns
 */
export async function subscribe(peer, patterns) {
  const lines = patterns.map((pattern, i) => `SUB ${subjectOf(pattern)} ${i + 1}${NEW_LINE}`);
  peer.connection.send(Buffer.from(lines.join('')));
  await pongTo(peer, 'SUB');
}

/**
 * @param {Load} load
 * @param {number} count
 * @returns {Buffer[]}
 */
export function messages(load, count) {
  return Array.from({ length: count }, (_, i) =>
    publish(elementAt(load.addresses, i % load.addresses.length), payloadOf(load, i)),
  );
}

export function ping() {
  return Buffer.from(`PING${NEW_LINE}`);
}

/**
 * @param {string} address
 * @param {number} time
 */
export function stamped(address, time) {
  const payload = Buffer.alloc(8);
  payload.writeDoubleBE(time);
  return publish(address, payload);
}

/**
 * Returns the time in a delivery of {@link stamped}, for a client with one subscription.
 *
 * @param {Buffer} bytes
 * @param {number} start
 * @param {string} address
 */
export function sentAt(bytes, start, address) {
  return bytes.readDoubleBE(start + `MSG ${subjectOf(address)} 1 8${NEW_LINE}`.length);
}

/**
 * @param {string} address
 * @param {Uint8Array} payload
 */
function publish(address, payload) {
  const line = `PUB ${subjectOf(address)} ${payload.length}${NEW_LINE}`;
  return Buffer.concat([Buffer.from(line), payload, Buffer.from(NEW_LINE)]);
}

/** Converts `/bench/**` to `bench.>`. @param {string} pattern */
function subjectOf(pattern) {
  return pattern
    .slice(1)
    .split('/')
    .map((segment) => (segment === '**' ? '>' : segment))
    .join('.');
}

/**
 * @param {Peer} peer
 * @param {string} what
 */
async function pongTo({ connection, walker }, what) {
  const before = walker.pongs;
  connection.send(ping());
  await connection.until(() => walker.pongs > before || walker.lastError !== undefined, `PONG behind ${what}`);
  if (walker.lastError !== undefined) throw new Error(`${what} was answered with ${walker.lastError}`);
}
