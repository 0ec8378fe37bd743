import type { LookupFunction } from 'node:net';
import type { Clock } from '../../util/clock.js';
import type { QuicProvider } from '../../transports/quic/provider.js';
import type { WebSocketConstructor } from '../websocket-link.js';

export interface LinkOptions {
  /**
   * Trusted certificates as PEM, for `wss:`, `tls:` and `quic:`. For a self-signed certificate, the router's own.
   * @default those of the system
   */
  readonly ca?: string | undefined;
  /** The name in the router's certificate, if it differs from the URL. QUIC accepts no IP address here. */
  readonly servername?: string | undefined;
  /** WebSocket class for `ws:` and `wss:`, in place of the package `ws`. `ca` and `servername` do not apply to it. */
  readonly WebSocket?: WebSocketConstructor | undefined;
  /** Resolves the host name in the URL. All of its addresses are tried. @default `lookup` of `node:dns` */
  readonly lookup?: LookupFunction | undefined;
  /** Maximum milliseconds per attempt. The QUIC handshake gets half of it. @default 10_000 */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * For `quic:`: whether stream samples and gesture moves can use datagrams in both directions, if the router supports
   * them. A lost datagram is not sent again, and does not delay later ones. @default false
   */
  readonly datagrams?: boolean | undefined;
  /** QUIC library for `quic:`. @default `@currentspace/http3`, if installed */
  readonly quicProvider?: QuicProvider | undefined;
  /** Clock for the request for datagrams and the close of UDP. @default the system clock */
  readonly clock?: Clock | undefined;
}

/** Host and port of a URL. */
export interface Destination {
  readonly host: string;
  readonly port: number;
}
