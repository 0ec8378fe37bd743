// @ts-check
// Counts the messages of any number of subscribers.
import { serve } from '../serve.mjs';
import { Peer } from './peer.mjs';

/** @type {Peer[]} */
const peers = [];
let before = 0;

serve({
  /** @param {{ where: import('./peer.mjs').Where, count: number }} input */
  async open({ where, count }) {
    for (let i = 0; i < count; i++) {
      const peer = await Peer.connect(where, `subscriber ${i}`);
      await peer.subscribe('/bench/**');
      peers.push(peer);
    }
    before = delivered();
  },
  status: () => ({
    delivered: delivered() - before,
    error: peers.find(({ lastError }) => lastError !== '')?.lastError ?? '',
  }),
});

function delivered() {
  return peers.reduce((sum, peer) => sum + peer.deliveries, 0);
}
