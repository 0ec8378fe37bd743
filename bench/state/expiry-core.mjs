// @ts-check
// Params that are set and expire in RouterCore, in a separate process.
import { serve } from '../serve.mjs';
import { median } from '../summary.mjs';
import { set } from '../wire/clasp-frames.mjs';
import { makeCore } from './core.mjs';

const TTL_SECONDS = 10;
const TICK = 1_000;

serve({ measure });

/**
 * Repeatedly, each time in a new core: sets all params, and lets them expire at the same time.
 *
 * @param {{ params: number, seconds: number }} input
 */
async function measure({ params, seconds }) {
  const rounds = [];
  const end = performance.now() + seconds * 1000;
  do rounds.push({ without: await comeAndGo(params, undefined), with: await comeAndGo(params, TTL_SECONDS) });
  while (rounds.length < 2 || performance.now() < end);
  rounds.shift(); // it ran cold code
  return {
    setWithout: median(rounds.map((round) => round.without.set)),
    setWith: median(rounds.map((round) => round.with.set)),
    expiry: median(rounds.map((round) => round.with.expire)),
    left: rounds.reduce((sum, round) => sum + round.with.left, 0),
  };
}

/**
 * @param {number} params
 * @param {number | undefined} ttlSeconds
 * @returns {Promise<{ set: number, expire: number, left: number }>} microseconds per param, and the number of
 * remaining params
 */
async function comeAndGo(params, ttlSeconds) {
  const { core, clock, decode, join, flush } = await makeCore({ maxParams: 0 });
  const session = join();
  const messages = Array.from({ length: params }, (_, i) => decode(set(`/bench/brief/${i}`, i, 0, ttlSeconds)));
  const setMicros = timed(() => {
    for (let i = 0; i < params; i++) {
      if (i % TICK === 0) core.beginBatch();
      core.handle(session, messages[i], clock.micros);
      if (i % TICK === TICK - 1) flush();
    }
  });
  clock.micros += (TTL_SECONDS + 1) * 1e6;
  const expireMicros = timed(() => {
    while (core.dueMicros <= clock.micros) core.runDue(); // one slice at a time
  });
  return { set: setMicros / params, expire: expireMicros / params, left: core.paramCount };
}

/** @param {() => void} work @returns {number} microseconds */
function timed(work) {
  const start = performance.now();
  work();
  return (performance.now() - start) * 1000;
}
