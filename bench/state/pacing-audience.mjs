// @ts-check
// Subscribers with a limited rate: one process with any number of them. Each checks every value.
import { machineMicros } from '../machine-clock.mjs';
import { serve } from '../serve.mjs';
import { Type } from '../wire/clasp-frames.mjs';
import { numberInAddress, readMessages, setValue } from '../wire/clasp-reader.mjs';
import { RateWatch } from './rate-watch.mjs';

/** @typedef {import('../wire/clasp.mjs').Peer} Peer */

/** @type {Peer[]} */
const peers = [];
/** The last value of each subscriber and address. */
let values = new Float64Array(0);
/** By subscriber and address; empty without a rate limit. @type {RateWatch[]} */
let watches = [];
let delivered = 0;
let lastMicros = 0;

serve({ open, reset, status, rates, missing });

/** @param {{ wire: string, server: import('../wire/clasp.mjs').Server, subscribers: number, addresses: readonly string[], maxRate?: number }} input */
async function open({ wire, server, subscribers, addresses, maxRate }) {
  const { connect, subscribe } = await import(`../wire/${wire}.mjs`);
  values = new Float64Array(subscribers * addresses.length);
  if (maxRate !== undefined) watches = Array.from(values, () => new RateWatch(maxRate));
  for (let i = 0; i < subscribers; i++) {
    const peer = await connect(server, `subscriber ${i}`);
    peers.push(peer);
    const first = i * addresses.length;
    readMessages(peer, (bytes, start) => {
      if (bytes[start] === Type.Set) take(first + numberInAddress(bytes, start), setValue(bytes, start));
    });
    await subscribe(peer, addresses, { maxRate });
  }
}

/**
 * @param {number} pair of subscriber and address
 * @param {number} value
 */
function take(pair, value) {
  delivered++;
  values[pair] = value;
  lastMicros = machineMicros();
  watches[pair]?.mark(lastMicros);
}

function reset() {
  delivered = 0;
  for (const watch of watches) watch.reset();
}

function status() {
  const lost = peers.filter(({ connection }) => connection.lost !== undefined);
  const refused = peers.filter(({ walker }) => walker.lastError !== undefined);
  return {
    delivered,
    lastMicros,
    problems: [
      ...(lost.length > 0 ? [`${lost.length} subscribers lost their connection: ${lost[0]?.connection.lost}`] : []),
      ...(refused.length > 0 ? [`${refused.length} subscribers got ERROR ${refused[0]?.walker.lastError}`] : []),
    ],
  };
}

/** Returns how often each subscriber received each address since the reset. */
function rates() {
  const perSecond = watches.map((watch) => watch.perSecond);
  return {
    least: Math.min(...perSecond),
    mostInASecond: Math.max(...watches.map(({ most }) => most)),
    violations: watches.reduce((sum, { violations }) => sum + violations, 0),
  };
}

/**
 * Returns how many subscribers lack the last value of an address.
 *
 * @param {{ last: readonly number[] }} input by address
 */
function missing({ last }) {
  let missing = 0;
  for (let pair = 0; pair < values.length; pair += last.length) {
    if (last.some((value, address) => values[pair + address] !== value)) missing++;
  }
  return { missing };
}
