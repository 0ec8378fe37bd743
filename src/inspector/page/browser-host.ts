import type { FeedSocket, LinkHost, SocketEvents } from './feed-link.js';

const TOKEN = 'clasp-inspector-token';

/** The browser as the link needs it. The feed lies beside this module, wherever the router serves it. */
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
  // Kept as long as the tab, so that a reload does not ask again.
  get token(): string | undefined {
    return sessionStorage.getItem(TOKEN) ?? undefined;
  },
  set token(token: string | undefined) {
    if (token === undefined) sessionStorage.removeItem(TOKEN);
    else sessionStorage.setItem(TOKEN, token);
  },
};
