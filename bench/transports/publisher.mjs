// @ts-check
// Publishes as fast as the router reads: blocks of prepared SETs with a PING at their end, few of them unanswered.
import { serve } from '../serve.mjs';
import { ping, set, Type } from '../wire/clasp-frames.mjs';
import { Peer } from './peer.mjs';

/** @type {Peer} */
let peer;
/** @type {Buffer | Buffer[]} */
let block;
let perBlock = 0;
let isReliable = true;

const UNANSWERED_BLOCKS = 8;

serve({
  /** @param {import('./peer.mjs').Where} where */
  async open(where) {
    peer = await Peer.connect(where, 'publisher');
    isReliable = where.transport !== 'udp';
    perBlock = isReliable ? 500 : 50; // the number of datagrams that every socket buffer can hold
    block = peer.pack([
      ...Array.from({ length: perBlock }, (_, i) => set(`/bench/param/${10 + (i % 90)}`, i, 0)),
      ping(),
    ]);
  },
  /** @param {{ seconds: number }} input */
  async publish({ seconds }) {
    const end = performance.now() + seconds * 1000;
    const before = peer.countOf(Type.Pong);
    const most = isReliable ? UNANSWERED_BLOCKS : 2;
    let blocks = 0;
    let lost = 0;
    while (performance.now() < end) {
      peer.send(block);
      blocks++;
      const mayGoOn = () => blocks - lost - (peer.countOf(Type.Pong) - before) < most;
      // Over UDP a PONG can be lost, too; then the next block is sent after a delay.
      if (!mayGoOn() && !(await peer.until(mayGoOn, isReliable ? 10_000 : 20))) lost++;
      else if (blocks % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await peer.until(() => peer.countOf(Type.Pong) - before >= blocks - lost, 1_000);
    return { sent: blocks * perBlock, error: peer.lastError };
  },
});
