// @ts-check
// A client that is connected for the whole run: it sends each PING at its time, and times each PONG.
import { Histogram } from '../histogram.mjs';
import { openLoop } from '../open-loop.mjs';
import { serve } from '../serve.mjs';

const SLICE_SECONDS = 0.05;

/** @type {import('../wire/clasp.mjs').Peer} */
let peer;
/** @type {Buffer} */
let ping;
let histogram = new Histogram();
/** Send times of the PINGs without a PONG; PONGs arrive in the order of the PINGs. @type {number[]} */
const waiting = [];
/** @type {Promise<void> | undefined} */
let running;
let isOn = false;

serve({ open, start, stop });

/** @param {{ wire: string, server: import('../wire/clasp.mjs').Server }} input */
async function open({ wire, server }) {
  const dialect = await import(`../wire/${wire}.mjs`);
  ping = dialect.ping();
  peer = await dialect.connect(server, 'pinger');
  const { connection, walker } = peer;
  let answered = walker.pongs;
  connection.onBytes = (bytes, end) => {
    walker.walk(bytes, end);
    const now = performance.now();
    for (; answered < walker.pongs; answered++) {
      const sentAt = waiting.shift();
      if (sentAt !== undefined) histogram.record((now - sentAt) * 1000);
    }
  };
}

/** @param {{ perSecond: number }} input */
function start({ perSecond }) {
  histogram = new Histogram();
  isOn = true;
  running = (async () => {
    while (isOn) {
      await openLoop({ seconds: SLICE_SECONDS, perSecond }, () => {
        waiting.push(performance.now());
        peer.connection.send(ping);
      });
    }
    await peer.connection.until(() => waiting.length === 0, 'PONG');
  })();
  running.catch(() => {}); // stop() rethrows it
}

/** Waits for the last PONG. */
async function stop() {
  isOn = false;
  await running;
  return {
    count: histogram.count,
    p50: histogram.percentile(0.5),
    p99: histogram.percentile(0.99),
    max: histogram.max,
    problems: peer.connection.lost === undefined ? [] : [`the pinger lost its connection: ${peer.connection.lost}`],
  };
}
