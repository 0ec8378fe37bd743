// @ts-check
// Many sessions in one process: it connects, closes, and reports the results.
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../serve.mjs';

/** @typedef {import('../wire/clasp.mjs').Peer} Peer */

/** Delay of a retry when a busy server's listen queue has dropped a connection. */
const RETRY_MS = 50;
const TRIES = 20;

/** @type {any} */
let dialect;
/** @type {import('../wire/clasp.mjs').Server} */
let server;
/** @type {Peer[]} */
let peers = [];

serve({ open, connect, disconnect, connectAndClose, lost });

/** @param {{ wire: string, server: import('../wire/clasp.mjs').Server }} input */
async function open(input) {
  dialect = await import(`../wire/${input.wire}.mjs`);
  server = input.server;
}

/**
 * @param {{ count: number, atOnce: number, patterns: readonly string[] }} input
 * @returns {Promise<{ seconds: number, retries: number }>} until all are connected, with their subscriptions
 */
async function connect({ count, atOnce, patterns }) {
  let [started, retries] = [0, 0];
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: Math.min(atOnce, count) }, async () => {
      while (started < count) {
        const name = `one of many ${started++}`;
        for (let tries = 1; ; tries++) {
          try {
            const peer = await dialect.connect(server, name);
            if (patterns.length > 0) await dialect.subscribe(peer, patterns);
            peers.push(peer);
            break;
          } catch (error) {
            if (tries === TRIES) throw error;
            retries++;
            await sleep(RETRY_MS);
          }
        }
      }
    }),
  );
  return { seconds: (performance.now() - startedAt) / 1000, retries };
}

/** Closes all at once. */
function disconnect() {
  for (const { connection } of peers) connection.close();
  peers = [];
}

/**
 * Connects and closes repeatedly.
 *
 * @param {{ seconds: number, atOnce: number }} input
 * @returns {Promise<{ count: number, seconds: number }>}
 */
async function connectAndClose({ seconds, atOnce }) {
  const startedAt = performance.now();
  const end = startedAt + seconds * 1000;
  let count = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async (_, i) => {
      while (performance.now() < end) {
        const { connection } = await dialect.connect(server, `passer-by ${i}`);
        connection.close();
        count++;
      }
    }),
  );
  return { count, seconds: (performance.now() - startedAt) / 1000 };
}

/** Returns the number of sessions that the server has ended. */
function lost() {
  return peers.filter(({ connection }) => connection.lost !== undefined).length;
}
