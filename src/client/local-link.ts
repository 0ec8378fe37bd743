import type { LocalEvents, LocalPeer } from '../transports/local/index.js';
import type { Link } from './link.js';

/**
 * Creates a link to a router in the same process, which receives messages by reference.
 *
 * @param join connects the events to the router, once per attempt
 * @param hasEnded returns whether the router has stopped
 */
export function localLink(join: (events: LocalEvents) => LocalPeer, hasEnded: () => boolean): Link {
  return {
    get hasEnded() {
      return hasEnded();
    },
    url: 'local:',
    reliable: true,
    carriesText: false,
    open(events) {
      let isOpen = true;
      const peer = join({
        received: (messages) => {
          if (isOpen) events.receivedMessages?.(messages);
        },
        closed: (cause) => {
          if (isOpen) events.closed(cause);
          isOpen = false;
        },
      });
      queueMicrotask(() => {
        if (isOpen) events.opened();
      });
      return {
        bufferedBytes: 0,
        send: () => undefined, // never called: `sendMessage` replaces it
        sendMessage: (message, qos) => {
          peer.send(message, qos);
        },
        close: () => {
          peer.close();
        },
        destroy: () => {
          isOpen = false;
          peer.destroy();
        },
      };
    },
  };
}
