// @ts-check
// Redis pub/sub in RESP2. Redis answers each PUBLISH with the number of recipients, requested or not. The load counts
// these replies as ACKs.
import { elementAt } from '../element-at.mjs';
import { payloadOf } from './payload.mjs';
import { RawConnection } from './raw-connection.mjs';
import { Kind, RedisWalker } from './redis-walker.mjs';

/**
 * @typedef {import('../cases.mjs').Load} Load
 * @typedef {import('./clasp.mjs').Server} Server
 * @typedef {{ connection: RawConnection, walker: RedisWalker }} Peer
 */

const NEW_LINE = '\r\n';

/**
 * As in the other wire modules, but without the name, which no figure needs.
 *
 * @param {Server} server
 * @returns {Promise<Peer>}
 */
export async function connect(server) {
  const connection = new RawConnection(server);
  const walker = new RedisWalker();
  connection.onBytes = (bytes, end) => walker.walk(bytes, end);
  connection.send(ping());
  await connection.until(() => walker.pongs > 0, 'PONG');
  return { connection, walker };
}

/**
 * @param {Peer} peer
 * @param {readonly string[]} patterns
 */
export async function subscribe({ connection, walker }, patterns) {
  const before = walker.countOf(Kind.Subscribed);
  const isGlob = (/** @type {string} */ pattern) => pattern.includes('*');
  const exact = patterns.filter((pattern) => !isGlob(pattern));
  const globs = patterns.filter(isGlob).map(globOf);
  if (exact.length > 0) connection.send(command('SUBSCRIBE', ...exact));
  if (globs.length > 0) connection.send(command('PSUBSCRIBE', ...globs));
  await connection.until(
    () => walker.countOf(Kind.Subscribed) - before === patterns.length || walker.lastError !== undefined,
    'answer to SUBSCRIBE',
  );
  if (walker.lastError !== undefined) throw new Error(`SUBSCRIBE was answered with ${walker.lastError}`);
}

/**
 * @param {Load} load
 * @param {number} count
 * @returns {Buffer[]}
 */
export function messages(load, count) {
  return Array.from({ length: count }, (_, i) =>
    command('PUBLISH', elementAt(load.addresses, i % load.addresses.length), payloadOf(load, i)),
  );
}

export function ping() {
  return command('PING');
}

/**
 * @param {string} address
 * @param {number} time
 */
export function stamped(address, time) {
  const payload = Buffer.alloc(8);
  payload.writeDoubleBE(time);
  return command('PUBLISH', address, payload);
}

/**
 * Returns the time in a delivery of {@link stamped}.
 *
 * @param {Buffer} bytes
 * @param {number} start of its payload
 */
export function sentAt(bytes, start) {
  return bytes.readDoubleBE(start);
}

/**
 * Converts `/bench/**` to `/bench/*`: in a glob of Redis, a star matches slashes, too. A star of CLASP within an
 * address has no equivalent.
 *
 * @param {string} pattern
 */
function globOf(pattern) {
  const prefix = pattern.endsWith('/**') ? pattern.slice(0, -2) : pattern;
  if (prefix.includes('*')) throw new Error(`Redis has no equivalent of the pattern ${pattern}`);
  return `${prefix}*`;
}

/**
 * @param {string} name
 * @param {...(string | Uint8Array)} args
 */
function command(name, ...args) {
  const items = [name, ...args].flatMap((item) => {
    const bytes = Buffer.from(item);
    return [Buffer.from(`$${bytes.length}${NEW_LINE}`), bytes, Buffer.from(NEW_LINE)];
  });
  return Buffer.concat([Buffer.from(`*${args.length + 1}${NEW_LINE}`), ...items]);
}
