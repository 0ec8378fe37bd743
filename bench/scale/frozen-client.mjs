// @ts-check
// One publisher and its subscribers in one process, so that one clock times every delivery.
import { setTimeout as sleep } from 'node:timers/promises';
import { elementAt } from '../element-at.mjs';
import { Histogram } from '../histogram.mjs';
import { openLoop } from '../open-loop.mjs';
import { serve } from '../serve.mjs';

/** @typedef {import('../wire/clasp.mjs').Peer} Peer */

const ADDRESS = '/bench/param/00';
/** Only the last subscriber has a subscription for these, so that only its socket fills. */
const floodAddresses = Array.from({ length: 10 }, (_, i) => `/flood/param/${i}`);
/**
 * More than the kernel buffers for a socket that is not read, and than the router queues before the session is
 * congested.
 */
const FLOOD_BYTES = 64 * 1024 * 1024;
const FLOOD_VALUE_BYTES = 16_384;
/** Maximum number of outstanding ACKs. */
const FLOOD_AHEAD = 200;
const QUIET_MS = 300;

/** @type {Peer} */
let sender;
/** @type {Peer[]} */
let subscribers = [];
/** @type {any} */
let dialect;
let histogram = new Histogram();

serve({ open, flood, measure });

/** @param {{ wire: string, server: import('../wire/clasp.mjs').Server, subscribers: number }} input */
async function open({ wire, server, subscribers: count }) {
  dialect = await import(`../wire/${wire}.mjs`);
  sender = await dialect.connect(server, 'sender');
  for (let i = 0; i < count; i++) {
    const peer = await dialect.connect(server, `subscriber ${i}`);
    const isLast = i === count - 1;
    await dialect.subscribe(peer, isLast ? ['/bench/**', '/flood/**'] : ['/bench/**']);
    subscribers.push(peer);
  }
}

/** Fills the last subscriber's socket, or lets it read everything. @param {{ isFrozen: boolean }} input */
async function flood({ isFrozen }) {
  const { connection, walker } = sender;
  if (isFrozen) elementAt(subscribers, subscribers.length - 1).connection.freeze();
  const load = { publishers: 1, signal: 'set', qos: 1, valueBytes: FLOOD_VALUE_BYTES, addresses: floodAddresses };
  /** @type {Buffer[]} */
  const messages = dialect.messages(load, floodAddresses.length);
  const total = Math.ceil(FLOOD_BYTES / FLOOD_VALUE_BYTES);
  const acksBefore = walker.acks;
  for (let sent = 1; sent <= total; sent++) {
    if (!connection.send(elementAt(messages, sent % messages.length))) await connection.drained();
    if (sent % FLOOD_AHEAD === 0) await connection.until(() => walker.acks - acksBefore >= sent - FLOOD_AHEAD, 'ACKs');
  }
  await connection.until(() => walker.acks - acksBefore >= total, 'ACKs');
  await sleep(QUIET_MS);
}

/** @param {{ seconds: number, perSecond: number }} input */
async function measure({ seconds, perSecond }) {
  histogram = new Histogram();
  const others = subscribers.slice(0, -1);
  const last = elementAt(subscribers, subscribers.length - 1);
  for (const { walker } of others) {
    walker.onDelivery = (bytes, start) =>
      histogram.record((performance.now() - dialect.sentAt(bytes, start, ADDRESS)) * 1000);
  }
  const count = () => others.reduce((sum, { walker }) => sum + walker.deliveries, 0);
  const [before, lastBefore] = [count(), last.walker.deliveries];
  const sent = await openLoop({ seconds, perSecond }, () =>
    sender.connection.send(dialect.stamped(ADDRESS, performance.now())),
  );
  const owed = sent * others.length;
  for (let seen = -1; count() - before < owed && count() > seen; await sleep(QUIET_MS)) seen = count();
  return {
    owed,
    delivered: count() - before,
    toTheLast: last.walker.deliveries - lastBefore,
    p50: histogram.percentile(0.5),
    p99: histogram.percentile(0.99),
    problems: [sender, ...subscribers].flatMap(({ connection, walker }) => [
      ...(connection.lost === undefined ? [] : [`a connection was lost: ${connection.lost}`]),
      ...(walker.lastError === undefined ? [] : [`somebody got ERROR ${walker.lastError}`]),
    ]),
  };
}
