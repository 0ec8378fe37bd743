import { RelayQueue, type RelaySocket, type StatelyStream } from './stately/index.js';
import type { RunningView, SendText } from './views.js';

/**
 * Maximum bytes of queued updates. Above it, updates are dropped, and the page receives all actors again when it has
 * caught up.
 */
const MAX_BEHIND_BYTES = 4 << 20;

/**
 * Sends actor events in the protocol of the Stately inspector: first all present actors, then every event. The page
 * gets a small part at a time and the next when it has accepted that. The actors of a thousand sessions are
 * megabytes, and a slow page must not cause them all to be created at once.
 */
export function watchStately(stream: StatelyStream, send: SendText): RunningView {
  const queue = new RelayQueue(ownShare(send), { replay: () => stream.replayEach(), maxBehindBytes: MAX_BEHIND_BYTES });
  const stop = stream.subscribe((events) => {
    queue.push(events);
  });
  return {
    stop() {
      stop();
      queue.close();
    },
  };
}

/**
 * The page's socket from this view's side. Data of other views does not count, because the queue is not notified when
 * it is sent.
 */
function ownShare(send: SendText): RelaySocket {
  let heldBytes = 0;
  return {
    get bufferedAmount() {
      return heldBytes;
    },
    send(event, done) {
      const text = `{"type":"stately","events":[${event}]}`;
      const bytes = Buffer.byteLength(text);
      heldBytes += bytes;
      send(text, (error) => {
        heldBytes -= bytes;
        done(error);
      });
    },
  };
}
