import { messageOf } from './client-error.js';
import type { Channel, ClientEncoding, Link, LinkEvents } from './link.js';

/** Bytes in memory of their own. In this form the type means the same before and after TypeScript 5.7. */
type OwnedBytes = Uint8Array & { readonly buffer: ArrayBuffer };

/** What is needed of a WebSocket: browsers' own, that of Node ≥ 22, or that of `ws`. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: string | OwnedBytes): void;
  close(code?: number, reason?: string): void;
  /** Cuts it off; browsers have no such thing. */
  terminate?(): void;
  addEventListener(type: string, listener: (event: WebSocketEvent) => void): void;
  removeEventListener(type: string, listener: (event: WebSocketEvent) => void): void;
}

/** What is read of any of its events. */
export interface WebSocketEvent {
  readonly type: string;
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  /** What `ws` has behind its message. */
  readonly error?: unknown;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

export interface WebSocketLinkOptions {
  /** @default the global one */
  readonly WebSocket?: WebSocketConstructor | undefined;
}

const OPEN = 1;
/** What a WebSocket says of an end without a goodbye. */
const ABNORMAL_CLOSURE = 1006;

/**
 * A link through a WebSocket: one frame, or one JSON text, a message. Runs in browsers.
 *
 * @param url `ws://host:port` or `wss://host:port`
 */
export function webSocketLink(url: string, options: WebSocketLinkOptions = {}): Link {
  return {
    url,
    reliable: true,
    carriesText: true,
    open: (events, encoding) => {
      const WebSocket = options.WebSocket ?? globalWebSocket();
      if (WebSocket === undefined) {
        throw new Error(
          'this runtime has no WebSocket; give one as the option WebSocket, such as that of the package ws',
        );
      }
      return openChannel(new WebSocket(url, [subprotocol(encoding)]), events);
    },
  };
}

function globalWebSocket(): WebSocketConstructor | undefined {
  // Where there is one it is the one of the WHATWG standard, which is what WebSocketLike is cut from.
  return (globalThis as { readonly WebSocket?: WebSocketConstructor }).WebSocket;
}

/** CBOR is our router's; with this name any other one refuses it at the door instead of misreading it. */
function subprotocol(encoding: ClientEncoding): string {
  return encoding === 'cbor' ? 'clasp.cbor' : 'clasp';
}

function openChannel(socket: WebSocketLike, events: LinkEvents): Channel {
  socket.binaryType = 'arraybuffer';
  let fault: Error | undefined;
  const listeners: Readonly<Record<string, (event: WebSocketEvent) => void>> = {
    open: () => events.opened(),
    message: ({ data }) => {
      if (typeof data === 'string') events.received([data]);
      else if (data instanceof ArrayBuffer) events.received([new Uint8Array(data)]);
    },
    error: ({ message, error }) => {
      // Browsers never say why. A `close` follows.
      fault = new Error(message === '' ? messageOf(error) : (message ?? 'the WebSocket failed'));
    },
    close: ({ code, reason }) => {
      detach();
      const abnormal = code === ABNORMAL_CLOSURE ? new Error('the connection broke off') : undefined;
      const refused = code === undefined || code <= 1001 || code === ABNORMAL_CLOSURE ? undefined : said(code, reason);
      events.closed(fault ?? abnormal ?? refused);
    },
  };
  const detach = (): void => {
    for (const [type, listener] of Object.entries(listeners)) socket.removeEventListener(type, listener);
  };
  for (const [type, listener] of Object.entries(listeners)) socket.addEventListener(type, listener);
  return {
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    send(frame) {
      // The encoders make their bytes in memory of their own, never in memory that is shared between threads.
      if (socket.readyState === OPEN) socket.send(frame as string | OwnedBytes);
    },
    close: () => socket.close(1000),
    destroy: () => {
      detach();
      socket.addEventListener('error', () => undefined); // ws throws what nobody listens to
      if (socket.terminate === undefined) socket.close();
      else socket.terminate();
    },
  };
}

function said(code: number, reason: string | undefined): Error {
  return new Error(reason === undefined || reason === '' ? `the router closed it with code ${code}` : reason);
}
