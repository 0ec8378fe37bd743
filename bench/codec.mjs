// @ts-check
// The codec alone, in a separate process: frames to messages and back, without sockets.
import { pack } from 'msgpackr';
import { frame } from './wire/clasp-frames.mjs';
import { serve } from './serve.mjs';

const BATCH_MS = 5;

serve({ measure });

/**
 * @param {{ seconds: number }} input shared by all operations
 * @returns {Promise<{ name: string, perSecond?: number | undefined, error?: string }[]>}
 */
async function measure({ seconds }) {
  const operations = await prepare();
  return operations.map(({ name, operation }) => {
    try {
      return { name, perSecond: perSecond(operation, (seconds * 1000) / operations.length) };
    } catch (error) {
      return { name, error: error instanceof Error ? error.message : String(error) };
    }
  });
}

async function prepare() {
  const { decodeFrame, encodeFrame, encodeValue } = await import(
    new URL('../dist/protocol/index.js', import.meta.url).href
  );
  const value = encodeValue(0.5);
  const time = 1_700_000_000_000_000;
  const snapshotEntry = (/** @type {number} */ i) => ({
    address: `/lights/${i}/dim`,
    value,
    revision: i + 1,
    writer: '3f2b8c1e-9d4a-4e6f-8a7b-1c2d3e4f5a6b',
    timestamp: time,
  });
  const messages = {
    SET: { type: 'set', address: '/lights/3/dim', value, revision: 7 },
    'PUBLISH event': { type: 'publish', signal: 'event', address: '/cues/go', value, timestamp: time },
    SUBSCRIBE: { type: 'subscribe', id: 1, pattern: '/lights/**', types: ['param'], options: { maxRate: 30 } },
    'SNAPSHOT of 100': { type: 'snapshot', params: Array.from({ length: 100 }, (_, i) => snapshotEntry(i)) },
  };
  const legacySet = frame(pack({ type: 'SET', address: '/lights/3/dim', value: 0.5, lock: false, unlock: false }));
  return [
    ...Object.entries(messages).flatMap(([name, message]) => {
      const bytes = encodeFrame(message);
      return [
        { name: `decode ${name}`, operation: () => decodeFrame(bytes) },
        { name: `encode ${name}`, operation: () => encodeFrame(message) },
      ];
    }),
    { name: 'decode legacy SET', operation: () => decodeFrame(legacySet) },
  ];
}

/**
 * Returns the median over batches that are long enough for the clock. A median excludes garbage collections and load
 * of other processes.
 *
 * @param {() => unknown} operation
 * @param {number} milliseconds
 */
function perSecond(operation, milliseconds) {
  let batch = 1;
  while (time(operation, batch) < BATCH_MS) batch *= 2;
  const rates = [];
  for (const end = performance.now() + milliseconds; performance.now() < end || rates.length < 3;) {
    rates.push((batch * 1000) / time(operation, batch));
  }
  return rates.sort((a, b) => a - b)[rates.length >> 1];
}

/** Stores results, so that no compiler removes the computation. @type {unknown} */
export let result;

/**
 * @param {() => unknown} operation
 * @param {number} count
 * @returns {number} milliseconds
 */
function time(operation, count) {
  const start = performance.now();
  for (let i = 0; i < count; i++) result = operation();
  return performance.now() - start;
}
