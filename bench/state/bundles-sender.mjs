// @ts-check
// The sender of the bundles: a separate process, which knows the router's clock from SYNC.
import { openLoop } from '../open-loop.mjs';
import { serve } from '../serve.mjs';
import { readMessages } from '../wire/clasp-reader.mjs';
import { clientMessage } from '../wire/websocket.mjs';
import { BundleSchedule } from './bundle-schedule.mjs';
import { RouterClock } from './router-clock.mjs';

/** @type {import('../wire/clasp.mjs').Peer} */
let peer;
const clock = new RouterClock();

serve({ open, send, status });

/** @param {{ wire: string, server: import('../wire/clasp.mjs').Server }} input */
async function open({ wire, server }) {
  const { connect } = await import(`../wire/${wire}.mjs`);
  peer = await connect(server, 'sender');
  readMessages(peer, (bytes, start) => clock.take(bytes, start));
  await clock.look(peer, clientMessage);
}

/** @param {{ seconds: number, perSecond: number, isScheduled: boolean }} input */
async function send({ seconds, perSecond, isScheduled }) {
  const schedule = new BundleSchedule(isScheduled);
  await openLoop({ seconds, perSecond }, () => peer.connection.send(clientMessage(schedule.next(clock.now()))));
  return { times: schedule.times };
}

function status() {
  const problem = peer.connection.lost ?? peer.walker.lastError;
  return { errorMicros: clock.errorMicros, problems: problem === undefined ? [] : [`the sender: ${problem}`] };
}
