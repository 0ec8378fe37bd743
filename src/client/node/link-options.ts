import type { LookupFunction } from 'node:net';
import type { Clock } from '../../util/clock.js';
import type { QuicProvider } from '../../transports/quic/provider.js';
import type { WebSocketConstructor } from '../websocket-link.js';

export interface LinkOptions {
  /** PEM of the certificates to trust, for `wss:`, `tls:` and `quic:`: the router's own where that is self-signed. @default the system's */
  readonly ca?: string | undefined;
  /** The name that the router's certificate has, where it is not the one in the URL. QUIC takes no IP address here. */
  readonly servername?: string | undefined;
  /** For `ws:` and `wss:`, in place of the package `ws`. `ca` and `servername` are its own business then. */
  readonly WebSocket?: WebSocketConstructor | undefined;
  /** Looks up the host name in the URL. All of its addresses are tried. @default `lookup` of `node:dns` */
  readonly lookup?: LookupFunction | undefined;
  /** Milliseconds until an attempt is given up; half of it is QUIC's own, for its handshake. @default 10_000 */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * For `quic:`: whether stream samples and moves of gestures may go by datagrams, and come by them, if the router has them
   * too. What is lost then is not sent again, and holds up nothing behind it. @default false
   */
  readonly datagrams?: boolean | undefined;
  /** For `quic:`. @default `@currentspace/http3`, if it is installed */
  readonly quicProvider?: QuicProvider | undefined;
  /** Times the question for datagrams and the close of UDP. @default the system's */
  readonly clock?: Clock | undefined;
}

/** Where a URL leads. */
export interface Destination {
  readonly host: string;
  readonly port: number;
}
