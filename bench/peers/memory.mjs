// @ts-check
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const ROUNDS = 4;
const REST_MS = 20;

setFlagsFromString('--expose-gc');
/** @type {() => void} */
const collect = runInNewContext('gc');

/**
 * Measures the memory in use. One garbage collection finalizes objects and a later one frees them; closed sockets
 * release theirs in later turns of the event loop.
 *
 * @returns {Promise<{ rss: number, heap: number }>} bytes: of the whole process, and of objects and their buffers
 */
export async function memory() {
  for (let round = 0; round < ROUNDS; round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}
