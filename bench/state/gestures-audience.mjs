// @ts-check
// The subscriber of all gestures. It checks each message: its send time, and its order.
import { Histogram } from '../histogram.mjs';
import { machineMicros } from '../machine-clock.mjs';
import { serve } from '../serve.mjs';
import { Phase, Type } from '../wire/clasp-frames.mjs';
import { gestureOf, numberInAddress, publishValue, readMessages } from '../wire/clasp-reader.mjs';

/** @typedef {{ lastMove: number, lastMoveMicros: number, interval: number, isEnded: boolean }} Hand a gesture, or a stream */

/** @type {import('../wire/clasp.mjs').Peer} */
let peer;
let hasPhases = false;
/** By player and id. @type {Map<string, Hand>} */
let hands = new Map();
let moves = 0;
let outOfPlace = 0;
/** Time between consecutive moves of a gesture, and from sending to arrival of a move. */
let intervals = new Histogram();
let ages = new Histogram();

serve({ open, reset, status, result });

/** @param {{ wire: string, server: import('../wire/clasp.mjs').Server, signal: 'gesture' | 'stream' }} input */
async function open({ wire, server, signal }) {
  const { connect, subscribe } = await import(`../wire/${wire}.mjs`);
  peer = await connect(server, 'screen');
  hasPhases = signal === 'gesture';
  readMessages(peer, (bytes, start) => {
    if (bytes[start] !== Type.Publish) return;
    const player = numberInAddress(bytes, start);
    const { phase, id } = hasPhases ? gestureOf(bytes, start) : { phase: Phase.Move, id: 0 };
    take(`${player}/${id}`, phase, publishValue(bytes, start), machineMicros());
  });
  await subscribe(peer, ['/bench/**']);
}

function reset() {
  hands = new Map();
  moves = 0;
  outOfPlace = 0;
  intervals = new Histogram();
  ages = new Histogram();
}

/**
 * @param {string} key
 * @param {number} phase
 * @param {number} value
 * @param {number} nowMicros
 */
function take(key, phase, value, nowMicros) {
  let hand = hands.get(key);
  if (hand === undefined) {
    const isEnded = hasPhases && phase !== Phase.Start; // the gesture was never started
    hands.set(key, (hand = { lastMove: 0, lastMoveMicros: NaN, interval: NaN, isEnded }));
    if (phase === Phase.Start) return;
  }
  if (hand.isEnded || phase === Phase.Start || value <= hand.lastMove) outOfPlace++;
  if (phase !== Phase.Move) {
    hand.isEnded = true;
    return;
  }
  moves++;
  ages.record(nowMicros - value);
  // The last move arrives early, with the end, so an interval counts only if another move follows.
  if (!Number.isNaN(hand.interval)) intervals.record(hand.interval);
  hand.interval = nowMicros - hand.lastMoveMicros;
  hand.lastMove = value;
  hand.lastMoveMicros = nowMicros;
}

function status() {
  const { connection, walker } = peer;
  const problem = connection.lost ?? walker.lastError;
  return { delivered: moves, problems: problem === undefined ? [] : [`the subscriber: ${problem}`] };
}

/** @param {{ ended: readonly [number, number, number][] }} input player, id and last move of each played gesture */
function result({ ended }) {
  const heard = ended.map(([player, id, lastMove]) => ({ hand: hands.get(`${player}/${id}`), lastMove }));
  return {
    withoutLastMove: heard.filter(({ hand, lastMove }) => hand?.lastMove !== lastMove).length,
    withoutEnd: heard.filter(({ hand }) => hand?.isEnded !== true).length,
    outOfPlace,
    intervals: percentiles(intervals),
    ages: percentiles(ages),
  };
}

/** @param {Histogram} histogram */
function percentiles(histogram) {
  return {
    p1: histogram.percentile(0.01),
    p50: histogram.percentile(0.5),
    p99: histogram.percentile(0.99),
    max: histogram.max,
  };
}
