// @ts-check
// Sets many params once each, and later requests all of them at once. Both kinds run in a process of their own.
import { serve } from '../serve.mjs';
import { readMessages } from '../wire/clasp-reader.mjs';
import { set, subscribe, Type } from '../wire/clasp-frames.mjs';
import { clientMessage } from '../wire/websocket.mjs';

const BLOCK = 1_000;
/** Maximum SETs without an ACK. */
const AHEAD = 20_000;

/** @type {import('../wire/clasp.mjs').Peer} */
let peer;

serve({ open, fill, join });

/** @param {{ wire: string, server: import('../wire/clasp.mjs').Server }} input */
async function open({ wire, server }) {
  const { connect } = await import(`../wire/${wire}.mjs`);
  peer = await connect(server, 'many params');
}

/**
 * @param {{ params: number }} input
 * @returns {Promise<{ seconds: number }>} from the first SET to the last ACK
 */
async function fill({ params }) {
  const { connection, walker } = peer;
  const blocks = Array.from({ length: Math.ceil(params / BLOCK) }, (_, block) =>
    Buffer.concat(
      Array.from({ length: Math.min(BLOCK, params - block * BLOCK) }, (_, i) =>
        clientMessage(set(`/bench/many/${Math.floor(block / 10)}/${block * BLOCK + i}`, i, 1)),
      ),
    ),
  );
  const before = walker.acks;
  const startedAt = performance.now();
  for (const [i, block] of blocks.entries()) {
    if (!connection.send(block)) await connection.drained();
    await connection.until(() => walker.acks - before >= (i + 1) * BLOCK - AHEAD, 'ACKs');
  }
  await connection.until(() => walker.acks - before >= params, 'ACKs');
  if (walker.lastError !== undefined) throw new Error(`SET was answered with ERROR ${walker.lastError}`);
  return { seconds: (performance.now() - startedAt) / 1000 };
}

/**
 * Subscribes to all params, and waits for the last one.
 *
 * @param {{ params: number }} input
 * @returns {Promise<{ seconds: number, frames: number, bytes: number }>}
 */
async function join({ params }) {
  const { connection, walker } = peer;
  let [received, frames, bytes] = [0, 0, 0];
  readMessages(peer, (read, start, end) => {
    if (read[start] !== Type.Snapshot) return;
    received += read.readUInt16BE(start + 1);
    bytes += end - start;
    frames++;
  });
  const startedAt = performance.now();
  connection.send(clientMessage(subscribe(1, '/bench/many/**')));
  await connection.until(() => received >= params || walker.lastError !== undefined, `SNAPSHOT of ${params} params`);
  if (walker.lastError !== undefined) throw new Error(`SUBSCRIBE was answered with ERROR ${walker.lastError}`);
  return { seconds: (performance.now() - startedAt) / 1000, frames, bytes };
}
