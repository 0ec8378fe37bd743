import { messageOf } from './client-error.js';
import type { Channel, ClientEncoding, Link, LinkEvents } from './link.js';

/** Bytes in unshared memory. In this form the type has the same meaning before and after TypeScript 5.7. */
type OwnedBytes = Uint8Array & { readonly buffer: ArrayBuffer };

/** The used part of a WebSocket: that of browsers, of Node.js ≥ 22, or of `ws`. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: string | OwnedBytes): void;
  close(code?: number, reason?: string): void;
  /** Destroys the connection. Not available in browsers. */
  terminate?(): void;
  addEventListener(type: string, listener: (event: WebSocketEvent) => void): void;
  removeEventListener(type: string, listener: (event: WebSocketEvent) => void): void;
}

/** The used fields of all its events. */
export interface WebSocketEvent {
  readonly type: string;
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  /** The error behind the message, in `ws` only. */
  readonly error?: unknown;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

export interface WebSocketLinkOptions {
  /** @default the global WebSocket */
  readonly WebSocket?: WebSocketConstructor | undefined;
}

const OPEN = 1;
/** Code that a WebSocket reports for an end without a Close frame. */
const ABNORMAL_CLOSURE = 1006;

/**
 * Creates a link over a WebSocket: one frame, or one JSON message, per WebSocket message. Runs in browsers.
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
          'this runtime has no WebSocket; provide one in the option WebSocket, such as that of the package ws',
        );
      }
      return openChannel(new WebSocket(url, [subprotocol(encoding)]), events);
    },
  };
}

function globalWebSocket(): WebSocketConstructor | undefined {
  // Invariant: a global WebSocket follows the WHATWG standard, of which WebSocketLike is a part.
  return (globalThis as { readonly WebSocket?: WebSocketConstructor }).WebSocket;
}

/** Only this router supports CBOR. With this name, other routers reject the connection instead of misreading it. */
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
      // Browsers never give a reason. A `close` follows.
      fault = new Error(message === '' ? messageOf(error) : (message ?? 'the WebSocket failed'));
    },
    close: ({ code, reason }) => {
      detach();
      const abnormal = code === ABNORMAL_CLOSURE ? new Error('the connection ended without a close') : undefined;
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
      // Invariant: the encoders use unshared memory.
      if (socket.readyState === OPEN) socket.send(frame as string | OwnedBytes);
    },
    close: () => socket.close(1000),
    destroy: () => {
      detach();
      socket.addEventListener('error', () => undefined); // `ws` throws errors without a listener
      if (socket.terminate === undefined) socket.close();
      else socket.terminate();
    },
  };
}

function said(code: number, reason: string | undefined): Error {
  return new Error(reason === undefined || reason === '' ? `the router closed it with code ${code}` : reason);
}
