// @ts-check
// One hop, timed by one clock: this process both sends and receives. Open loop: a message goes out when it is due,
// whether or not earlier ones have arrived, so a stalled server can't slow its own test down.
import { setTimeout as sleep } from 'node:timers/promises';
import { Histogram } from './histogram.mjs';
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
  const offset = dialect.stampOffset(ADDRESS);
  sender = await dialect.connect(server, 'sender');
  receiver = echoes ? sender : await dialect.connect(server, 'receiver');
  if (!echoes) await dialect.subscribe(receiver, ['/bench/**']);
  receiver.walker.onDelivery = (bytes, start) =>
    histogram.record((performance.now() - bytes.readDoubleBE(start + offset)) * 1000);
}

/** @param {{ seconds: number, messagesPerSecond: number }} input */
async function measure({ seconds, messagesPerSecond }) {
  histogram = new Histogram();
  const before = receiver.walker.deliveries;
  const start = performance.now();
  const total = Math.round(seconds * messagesPerSecond);
  let sent = 0;
  while (sent < total) {
    await sleep(1); // fires late by up to 1 ms: then two messages are due
    const due = Math.min(total, Math.floor(((performance.now() - start) / 1000) * messagesPerSecond));
    for (; sent < due; sent++) sender.connection.send(stamped(ADDRESS, performance.now()));
  }
  let delivered;
  do {
    delivered = receiver.walker.deliveries - before;
    if (delivered < total) await sleep(QUIET_MS);
  } while (receiver.walker.deliveries - before > delivered);
  const problem = receiver.connection.lost ?? sender.connection.lost ?? receiver.walker.lastError;
  return {
    sent,
    delivered,
    p50: histogram.percentile(0.5),
    p99: histogram.percentile(0.99),
    problems: problem === undefined ? [] : [problem],
  };
}
