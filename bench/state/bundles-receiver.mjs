// @ts-check
// The receiver of the bundles: a separate process, which knows the router's clock from SYNC.
import { serve } from '../serve.mjs';
import { Type } from '../wire/clasp-frames.mjs';
import { publishValue, readMessages } from '../wire/clasp-reader.mjs';
import { clientMessage } from '../wire/websocket.mjs';
import { RouterClock } from './router-clock.mjs';

/** @type {import('../wire/clasp.mjs').Peer} */
let peer;
const clock = new RouterClock();
/** @type {{ numbers: number[], times: number[] }} */
let arrivals = { numbers: [], times: [] };

serve({ open, reset, status, result });

/** @param {{ wire: string, server: import('../wire/clasp.mjs').Server }} input */
async function open({ wire, server }) {
  const { connect, subscribe } = await import(`../wire/${wire}.mjs`);
  peer = await connect(server, 'receiver');
  readMessages(peer, (bytes, start) => {
    if (bytes[start] === Type.Publish) {
      arrivals.times.push(clock.now());
      arrivals.numbers.push(publishValue(bytes, start));
    } else clock.take(bytes, start);
  });
  await clock.look(peer, clientMessage);
  await subscribe(peer, ['/bench/**']);
}

function reset() {
  arrivals = { numbers: [], times: [] };
}

function status() {
  const problem = peer.connection.lost ?? peer.walker.lastError;
  return {
    delivered: arrivals.numbers.length,
    problems: problem === undefined ? [] : [`the receiver: ${problem}`],
  };
}

function result() {
  return { arrivals, errorMicros: clock.errorMicros };
}
