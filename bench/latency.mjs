// @ts-check
// Latency of one hop, measured with one clock: this process sends and receives.
import { setTimeout as sleep } from 'node:timers/promises';
import { Histogram } from './histogram.mjs';
import { openLoop } from './open-loop.mjs';
import { serve } from './serve.mjs';

/** @typedef {import('./wire/clasp.mjs').Peer} Peer */

const ADDRESS = '/bench/param/00';
const QUIET_MS = 300;

/** @type {Peer} */
let sender;
/** @type {Peer} */
let receiver;
/** @type {(address: string, time: number) => Buffer} */
let stamped;
let histogram = new Histogram();

serve({ open, measure });

/** @param {{ wire: string, server: import('./wire/clasp.mjs').Server, echoes: boolean }} input */
async function open({ wire, server, echoes }) {
  const dialect = await import(`./wire/${wire}.mjs`);
  stamped = dialect.stamped;
  sender = await dialect.connect(server, 'sender');
  receiver = echoes ? sender : await dialect.connect(server, 'receiver');
  if (!echoes) await dialect.subscribe(receiver, ['/bench/**']);
  receiver.walker.onDelivery = (bytes, start) =>
    histogram.record((performance.now() - dialect.sentAt(bytes, start, ADDRESS)) * 1000);
}

/** @param {{ seconds: number, messagesPerSecond: number }} input */
async function measure({ seconds, messagesPerSecond }) {
  histogram = new Histogram();
  const before = receiver.walker.deliveries;
  const total = await openLoop({ seconds, perSecond: messagesPerSecond }, () =>
    sender.connection.send(stamped(ADDRESS, performance.now())),
  );
  let delivered;
  do {
    delivered = receiver.walker.deliveries - before;
    if (delivered < total) await sleep(QUIET_MS);
  } while (receiver.walker.deliveries - before > delivered);
  const problem = receiver.connection.lost ?? sender.connection.lost ?? receiver.walker.lastError;
  return {
    sent: total,
    delivered,
    p50: histogram.percentile(0.5),
    p99: histogram.percentile(0.99),
    problems: problem === undefined ? [] : [problem],
  };
}
