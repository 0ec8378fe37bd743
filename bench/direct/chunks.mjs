// @ts-check
import * as clasp from '../wire/clasp-frames.mjs';
import { clientMessage } from '../wire/websocket.mjs';

const CHUNK_BYTES = 65_536;
const ARRAY = 0x0a;
const FLOAT64 = 0x07;

/**
 * Returns masked frames as a socket delivers them: as many whole frames as fit a read of 64 KiB.
 *
 * @param {import('./cases.mjs').DirectCase} directCase
 * @param {boolean} isShuffled
 */
export function chunksOf({ kind, addresses, value, qos }, isShuffled) {
  const order = Array.from({ length: addresses }, (_, i) => i);
  if (isShuffled) shuffle(order);
  const block = Buffer.alloc(CHUNK_BYTES);
  /** @type {{ bytes: Buffer, count: number }[]} */
  const chunks = [];
  let length = 0;
  let count = 0;
  const end = () => {
    if (count > 0) chunks.push({ bytes: Buffer.from(block.subarray(0, length)), count });
    length = count = 0;
  };
  // A few addresses are repeated until some chunks are full.
  for (let i = 0; i < Math.max(addresses, 4_000); i++) {
    const address = addressOf(/** @type {number} */ (order[i % addresses]));
    const message = clientMessage(frameOf(kind, address, value, i, qos));
    if (length + message.length > CHUNK_BYTES) end();
    message.copy(block, length);
    length += message.length;
    count++;
  }
  end();
  return chunks;
}

/**
 * @param {'set' | 'event'} kind
 * @param {string} address
 * @param {number | 'array'} value
 * @param {number} i
 * @param {number} qos
 */
function frameOf(kind, address, value, i, qos) {
  if (kind === 'event') return clasp.event(address, i);
  if (value === 8) return clasp.set(address, i, qos);
  if (value !== 'array') return clasp.setBytes(address, Buffer.alloc(value, i), qos);
  const name = Buffer.from(address);
  const head = Buffer.from([clasp.Type.Set, ARRAY, 0, name.length]);
  const items = Buffer.alloc(2 + 3 * 9);
  items.writeUInt16BE(3);
  for (let n = 0; n < 3; n++) {
    items[2 + 9 * n] = FLOAT64;
    items.writeDoubleBE(i + n, 3 + 9 * n);
  }
  return clasp.frame(Buffer.concat([head, name, items]), qos);
}

/** @param {number} i below 10,000,000 */
function addressOf(i) {
  return `/bench/p${Math.floor(i / 1_000)}/${String(i % 1_000).padStart(3, '0')}`;
}

/**
 * Fisher and Yates, with a fixed seed.
 *
 * @param {number[]} items
 */
function shuffle(items) {
  let seed = 1;
  for (let i = items.length - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    const other = seed % (i + 1);
    [items[i], items[other]] = [/** @type {number} */ (items[other]), /** @type {number} */ (items[i])];
  }
}
