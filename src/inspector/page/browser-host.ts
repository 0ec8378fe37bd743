import type { FeedSocket, LinkHost, SocketEvents } from './feed-link.js';

const TOKEN = 'clasp-inspector-token';
const KEY = 'clasp-inspector-key';

/**
 * Browser implementation of the link's host. The feed URL is relative to this module, wherever the router serves it.
 */
export const browserHost: LinkHost = {
  open({ received, closed }: SocketEvents): FeedSocket {
    const url = new URL('./feed', import.meta.url);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    socket.addEventListener('message', ({ data }) => {
      received(data);
    });
    socket.addEventListener('close', closed);
    return socket;
  },
  later(run, milliseconds) {
    setTimeout(run, milliseconds);
  },
  // Stored for the lifetime of the tab, so that a reload does not ask again.
  secrets: {
    get token() {
      return sessionStorage.getItem(TOKEN) ?? undefined;
    },
    set token(token) {
      keep(TOKEN, token);
    },
    get key() {
      return sessionStorage.getItem(KEY) ?? undefined;
    },
    set key(key) {
      keep(KEY, key);
    },
  },
};

function keep(name: string, text: string | undefined): void {
  if (text === undefined) sessionStorage.removeItem(name);
  else sessionStorage.setItem(name, text);
}
