// @ts-check
// The subscribers: one process with any number of them, and the count of their deliveries.
import { elementAt } from './element-at.mjs';
import { serve } from './serve.mjs';
import { connectIn, subscribeIn } from './wire/clasp-notation.mjs';

/**
 * @typedef {{ connection: import('./wire/raw-connection.mjs').RawConnection, walker: import('./wire/walker.mjs').Walker }} Peer
 * @typedef {import('./cases.mjs').Audience & { wire: string, server: import('./wire/clasp.mjs').Server }} OpenInput
 */

/**
 * Subscribers for which only bytes are counted. At tens of millions of deliveries per second, reading their headers
 * would be the bottleneck. The headers of the first subscriber are read and give the length of a delivery, which is
 * constant in such a case.
 *
 * @type {{ peer: Peer, bytes: number }[]}
 */
const weighed = [];
/** Subscribers whose messages are counted individually. @type {Peer[]} */
const walked = [];

let firstAt = 0;
let lastAt = 0;
let weighedBefore = 0;
let walkedBefore = 0;

serve({ open, subscribe, reset, status });

/** @param {OpenInput} input */
async function open({ wire, server, interests, countBy, notations = [] }) {
  const dialect = await import(`./wire/${wire}.mjs`);
  for (const [i, patterns] of interests.entries()) {
    const notation = notations[i % notations.length];
    if (notation !== undefined && notation !== 'binary') {
      const peer = await connectIn(notation, server, `subscriber ${i}`);
      await subscribeIn(peer, patterns);
      walk(peer);
      continue;
    }
    const peer = await dialect.connect(server, `subscriber ${i}`);
    await dialect.subscribe(peer, patterns);
    // Only CLASP routers are this fast, and only they are known to send nothing between deliveries.
    if (countBy === 'bytes' && wire === 'clasp' && i > 0) weigh(peer);
    else walk(peer);
  }
}

/** Adds patterns to existing subscribers that are counted individually. @param {OpenInput} input */
async function subscribe({ wire, interests }) {
  const dialect = await import(`./wire/${wire}.mjs`);
  for (const [i, patterns] of interests.entries()) await dialect.subscribe(elementAt(walked, i), patterns);
}

/** Resets the count. Call it only if nothing is in flight. */
function reset() {
  firstAt = lastAt = 0;
  walkedBefore = walkedDeliveries();
  weighedBefore = weighedDeliveries();
}

function status() {
  return {
    delivered: walkedDeliveries() - walkedBefore + weighedDeliveries() - weighedBefore,
    seconds: (lastAt - firstAt) / 1000,
    problems: problems(),
  };
}

/** @param {Peer} peer */
function walk(peer) {
  walked.push(peer);
  peer.connection.onBytes = (bytes, end) => {
    peer.walker.walk(bytes, end);
    mark();
  };
}

/** @param {Peer} peer */
function weigh(peer) {
  const count = { peer, bytes: 0 };
  weighed.push(count);
  peer.connection.onBytes = (_, end) => {
    count.bytes += end;
    mark();
  };
}

function mark() {
  lastAt = performance.now();
  if (firstAt === 0) firstAt = lastAt;
}

function walkedDeliveries() {
  return walked.reduce((sum, { walker }) => sum + walker.deliveries, 0);
}

function weighedDeliveries() {
  if (weighed.length === 0) return 0;
  const size = elementAt(walked, 0).walker.longestDelivery;
  return size === 0 ? 0 : weighed.reduce((sum, { bytes }) => sum + Math.floor(bytes / size), 0);
}

/**
 * Returns reasons to doubt the count. Complete only when everything is delivered: before, a delivery can be in
 * flight.
 */
function problems() {
  const sample = elementAt(walked, 0).walker;
  const uneven = weighed.filter(({ bytes }) => bytes % sample.longestDelivery !== 0).length;
  return [
    ...walked.flatMap(({ walker }, i) =>
      walker.lastError === undefined ? [] : [`subscriber ${i} got ERROR ${walker.lastError}`],
    ),
    ...[...walked, ...weighed.map(({ peer }) => peer)].flatMap(({ connection }) =>
      connection.lost === undefined ? [] : [`a subscriber lost its connection: ${connection.lost}`],
    ),
    ...(weighed.length > 0 && sample.shortestDelivery < sample.longestDelivery
      ? ['deliveries differ in length: the count by bytes is wrong']
      : []),
    ...(uneven > 0 ? [`${uneven} subscribers got bytes that are no whole number of deliveries`] : []),
  ];
}
