import { type Clock, systemClock } from '../../clock.js';
import { MAX_FRAME_BYTES } from '../../protocol/limits.js';
import type { TlsSource } from '../tls.js';
import type { Transport } from '../transport.js';
import { DEFAULT_PORT } from './constants.js';
import { WebSocketListener } from './listener.js';

export interface WebSocketOptions {
  /** 0 takes any free port; `Listener.addresses` tells which. @default 7330 */
  readonly port?: number | undefined;
  /** Address of this computer to listen on. @default '0.0.0.0', all of IPv4 */
  readonly host?: string | undefined;
  /** Bytes of the largest binary message taken; a larger one closes the connection with 1009. @default 65_547 */
  readonly maxFrameBytes?: number | undefined;
  /** Encrypts, TLS 1.2 or later, with this certificate: `wss://`. @default no encryption */
  readonly tls?: TlsSource | undefined;
  /**
   * Milliseconds from the TCP connect to the end of the upgrade, a TLS handshake included; who is slower is cut off.
   * @default 10_000
   */
  readonly handshakeMs?: number | undefined;
  /** Milliseconds between pings; a peer silent through two of them is lost. 0 sends none. @default 30_000 */
  readonly pingIntervalMs?: number | undefined;
  /** The HTML a browser sees that opens the port as a web page. Anybody may read it. @default a page with the name */
  readonly statusPage?: (() => string) | undefined;
  /** Takes the subprotocol `clasp.v2`, which clients up to 0.1.9 ask for. @default false */
  readonly allowClaspV2?: boolean | undefined;
  /** Times the handshake, pings and the grace of a close. @default the system's */
  readonly clock?: Clock | undefined;
}

/** CLASP over WebSocket, with TLS or without: the transport every client has. Any path will do; plain HTTP requests get 200. */
export function webSocket(options: WebSocketOptions = {}): Transport {
  return {
    name: 'websocket',
    listen: () =>
      WebSocketListener.open({
        port: options.port ?? DEFAULT_PORT,
        host: options.host ?? '0.0.0.0',
        maxFrameBytes: options.maxFrameBytes ?? MAX_FRAME_BYTES,
        tls: options.tls,
        handshakeMs: options.handshakeMs ?? 10_000,
        pingIntervalMs: options.pingIntervalMs ?? 30_000,
        statusPage: options.statusPage,
        allowClaspV2: options.allowClaspV2 ?? false,
        clock: options.clock ?? systemClock,
      }),
  };
}
