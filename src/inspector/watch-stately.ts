import { RelayQueue, type RelaySocket, type StatelyStream } from './stately/index.js';
import type { RunningView, SendText } from './views.js';

/** Bytes of updates that may wait for the page; beyond, they are dropped, and all is told anew once it has caught up. */
const MAX_BEHIND_BYTES = 4 << 20;

/**
 * What happens to the actors, in the protocol of the Stately inspector: first all there are, then everything that follows. A page is
 * given a little at a time and the rest when it has taken that, however much it is: the actors of a thousand sessions are megabytes, which
 * would otherwise be made in vain for a page that cannot take them.
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

/** The page's socket as this view sees it: what other views have sent is not counted, for nobody tells the queue when that is taken. */
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
