// @ts-check
// Gestures at full speed through RouterCore, in a separate process.
import { serve } from '../serve.mjs';
import { gesture, Phase, subscribe } from '../wire/clasp-frames.mjs';
import { makeCore } from './core.mjs';

serve({ measure });

/**
 * Half of the time with the default interval, half without one.
 *
 * @param {{ players: number, movesPerSecond: number, seconds: number }} input
 */
async function measure({ players, movesPerSecond, seconds }) {
  const load = { players, movesPerSecond, seconds: seconds / 2 };
  const thinnedOut = await flatOut({ ...load, options: {} });
  const passedOn = await flatOut({ ...load, options: { gestureIntervalMs: 0 } });
  return {
    thinnedOut: thinnedOut.perSecond,
    passedOn: passedOn.perSecond,
    movesForOneOut: thinnedOut.moves / thinnedOut.deliveries,
  };
}

/**
 * All players move once per tick, and the router's clock advances as it would between two of their moves.
 *
 * @param {{ players: number, movesPerSecond: number, seconds: number, options: Record<string, unknown> }} input
 */
async function flatOut({ players, movesPerSecond, seconds, options }) {
  const { core, clock, decode, join, flush } = await makeCore(options);
  core.handle(join(), decode(subscribe(1, '/bench/**')), clock.micros);
  const stepMicros = Math.round(1e6 / movesPerSecond);
  const hands = Array.from({ length: players }, (_, i) => {
    const message = (/** @type {number} */ phase) => decode(gesture(`/bench/hand/${i}`, { phase, id: 1, value: i }));
    return { session: join(), start: message(Phase.Start), move: message(Phase.Move) };
  });
  core.beginBatch();
  for (const { session, start } of hands) core.handle(session, start, clock.micros);
  flush();

  const deliveriesBefore = core.deliveryCount;
  const started = performance.now();
  const end = started + seconds * 1000;
  let moves = 0;
  while (performance.now() < end) {
    for (let tick = 0; tick < 100; tick++) {
      clock.micros += stepMicros;
      if (core.dueMicros <= clock.micros) core.runDue();
      core.beginBatch();
      for (const { session, move } of hands) core.handle(session, move, clock.micros);
      flush();
      moves += players;
    }
  }
  const took = (performance.now() - started) / 1000;
  return { moves, perSecond: moves / took, deliveries: core.deliveryCount - deliveriesBefore };
}
