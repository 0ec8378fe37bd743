import { type Clock, systemClock } from '../../util/clock.js';
import { MAX_FRAME_BYTES } from '../../protocol/limits.js';
import { checkOptions } from '../../net/option-rules.js';
import type { TlsSource } from '../../net/tls.js';
import type { Transport } from '../transport.js';
import { DEFAULT_PING_INTERVAL_MS, DEFAULT_PORT } from './constants.js';
import { httpLimits } from '../../http/limits.js';
import { webSocketRules } from '../../http/http-option-rules.js';
import type { HttpRoute } from '../../http/route.js';
import { WebSocketListener } from './listener.js';
import { SAME_HOST } from '../../http/origins.js';

export { type HttpPort, type HttpPortOptions, openHttpPort } from '../../http/http-port.js';
export type { HttpPeer } from '../../http/http-peer.js';
export { BodyTooLarge, type HttpAnswer, type HttpRequest, type HttpRoute } from '../../http/route.js';

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
   * Which web pages may connect: origins as browsers write them (`https://show.example:8443`), `same-host`, `null` (pages from
   * files), or `*` for all. Others get 403. What is no web page sends no origin and may always.
   *
   * `same-host` is every page whose host is the one it connects to, whatever the port; the names of the loopback are one
   * host. Without TLS that host must be a name of the router, see {@link allowHosts}.
   * @default ['same-host']
   */
  readonly allowedOrigins?: readonly string[] | undefined;
  /**
   * Host names that plain HTTP requests and pages of the same host can use, beside the router's own: `show.example.org`, without port,
   * or `*` for all. Other names get 403, because their owner could have pointed them here to get past the rules of browsers (DNS
   * rebinding). The router's own are `localhost` and loopback addresses; if it listens on another address, also every address, the host
   * name of the computer (`desk`), `desk.local` and `clasp-desk.local`. With `tls` all names are allowed, since the certificate proves
   * them. Upgrades without an origin, which are no web pages, are not concerned. `listen()` fails for a text that is no host name.
   * @default none
   */
  readonly allowHosts?: readonly string[] | undefined;
  /**
   * Reverse proxies that are believed, as addresses and networks: `192.168.1.2`, `10.0.0.0/8`, `fd00::/8`. The peer of a request that
   * one of them passes on is the rightmost address of its `X-Forwarded-For` or `Forwarded` that is not in this list: in logs, views and
   * limits per address. Where a trusted proxy adds `X-Forwarded-Host`, that name has to be allowed as well ({@link allowHosts}). `listen()`
   * fails for a text that is neither address nor network.
   * @default none: all peers of a proxy have its address
   */
  readonly trustedProxies?: readonly string[] | undefined;
  /**
   * Milliseconds for a handshake: from the first look at a connection to the end of its upgrade, TLS included. A connection that
   * is slower is closed. One that has to wait for a limit before that waits for as long at most. @default 10_000
   */
  readonly handshakeMs?: number | undefined;
  /** Bytes of a request's first line and headers together; beyond: 431. @default 16_384 */
  readonly maxHeaderBytes?: number | undefined;
  /** Headers of a request; beyond: 431. @default 100 */
  readonly maxHeaders?: number | undefined;
  /**
   * Connections that are not upgraded a second after their handshake began; new ones wait (`maxWaiting`). 0 is unlimited.
   * Connections of this computer do not count, here and in the next five. @default 512
   */
  readonly maxHalfOpen?: number | undefined;
  /** The same for one address; for IPv6, one network of 64 bits. @default 64 */
  readonly maxHalfOpenPerAddress?: number | undefined;
  /** Connects of one address per second, and at once after a rest; further ones wait. 0 is unlimited. @default 200 */
  readonly connectsPerSecond?: number | undefined;
  /** The same for all addresses together. 0 is unlimited. @default 2_000 */
  readonly maxConnectsPerSecond?: number | undefined;
  /**
   * Connections that wait for one of these limits, unread; further ones are closed, and of the address with the most. 0: none
   * waits, and what is above a limit is closed at once. @default 2_048
   */
  readonly maxWaiting?: number | undefined;
  /** The same for one address. 0: as many as `maxWaiting`. @default 1_024 */
  readonly maxWaitingPerAddress?: number | undefined;
  /** Milliseconds between pings; a peer silent through two of them is lost. 0 sends none. @default 30_000 */
  readonly pingIntervalMs?: number | undefined;
  /** Makes the HTML of the page at `/`. Everyone who reaches the port can read it. @default a page that names CLASP */
  readonly statusPage?: (() => string) | undefined;
  /**
   * What else is served on this port: health, metrics, pages. Asked in this order, before the status page and the WebSocket. Anybody
   * who reaches the port may ask. @default none
   */
  readonly routes?: readonly HttpRoute[] | undefined;
  /** Hears what a route has thrown; the peer only sees 500. @default nobody */
  readonly onRouteError?: ((error: unknown) => void) | undefined;
  /** Takes the subprotocol `clasp.v2`, which clients up to 0.1.9 ask for. @default false */
  readonly allowClaspV2?: boolean | undefined;
  /** Times the handshake, pings and the grace of a close. @default the system's */
  readonly clock?: Clock | undefined;
}

/**
 * CLASP over WebSocket, with TLS or without: the transport every client has. A client can upgrade at any path. Plain HTTP requests get the
 * status page at `/`, what a route serves, or 404.
 *
 * @throws ArgumentError for an option that is unknown or of the wrong type
 */
export function webSocket(options: WebSocketOptions = {}): Transport {
  checkOptions<WebSocketOptions>('webSocket', options, webSocketRules);
  return {
    name: 'websocket',
    listen: () =>
      WebSocketListener.open({
        port: options.port ?? DEFAULT_PORT,
        host: options.host ?? '0.0.0.0',
        flag: '--port',
        maxFrameBytes: options.maxFrameBytes ?? MAX_FRAME_BYTES,
        tls: options.tls,
        allowedOrigins: options.allowedOrigins ?? [SAME_HOST],
        allowHosts: options.allowHosts ?? [],
        trustedProxies: options.trustedProxies ?? [],
        awaited: 'WebSocket upgrade',
        ...httpLimits(options),
        pingIntervalMs: options.pingIntervalMs ?? DEFAULT_PING_INTERVAL_MS,
        statusPage: options.statusPage,
        routes: options.routes ?? [],
        onRouteError: options.onRouteError,
        allowClaspV2: options.allowClaspV2 ?? false,
        clock: options.clock ?? systemClock,
      }),
  };
}
