import { type Clock, systemClock } from '../../util/clock.js';
import { describeOption } from '../../util/describe-option.js';
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

export interface WebSocketOptions {
  /** TCP port. 0 selects any free port; see `Listener.addresses`. @default 7330 */
  readonly port?: number | undefined;
  /** Local address to listen on. @default '0.0.0.0', all IPv4 addresses */
  readonly host?: string | undefined;
  /** Maximum bytes per binary message. A larger one closes the connection with 1009. @default 65_547 */
  readonly maxFrameBytes?: number | undefined;
  /** Certificate for encryption with TLS 1.2 or later: `wss://`. @default no encryption */
  readonly tls?: TlsSource | undefined;
  /**
   * Web pages that can connect: origins as browsers write them (`https://show.example:8443`), `same-host`, `null`
   * (pages from files), or `*` for all. Others get 403. Clients that are not web pages send no origin and are always
   * allowed.
   *
   * `same-host` allows every page whose host is the host to which it connects, on any port. All loopback names are one
   * host. Without TLS, that host must be a name of the router, see {@link allowHosts}.
   * @default ['same-host']
   */
  readonly allowedOrigins?: readonly string[] | undefined;
  /**
   * Additional host names that plain HTTP requests and pages of the same host can use: `show.example.org` without port,
   * or `*` for all. Other names get 403. Their owner could have pointed them to this router to bypass the rules of
   * browsers (DNS rebinding). The router's own names are `localhost` and loopback addresses. If it listens on another
   * address, they also include every address, the host name of the computer (`desk`), `desk.local` and
   * `clasp-desk.local`. With `tls` all names are allowed, because the certificate proves them. Upgrades without an
   * origin do not come from web pages and are not checked. `listen()` fails for an invalid host name.
   * @default none
   */
  readonly allowHosts?: readonly string[] | undefined;
  /**
   * Trusted reverse proxies, as addresses and networks: `192.168.1.2`, `10.0.0.0/8`, `fd00::/8`. If one of them
   * forwards a request, its peer is the rightmost address of `X-Forwarded-For` or `Forwarded` that is not in this list.
   * That address is used in logs, views and limits per address. If a trusted proxy adds `X-Forwarded-Host`, that name
   * must be allowed too ({@link allowHosts}). `listen()` fails for an item that is not an address or network.
   * @default none: all peers of a proxy have its address
   */
  readonly trustedProxies?: readonly string[] | undefined;
  /**
   * Names an option in the text of a 403, for programs whose users know it by another name. @default `the option` and
   * its name
   */
  readonly describeOption?: ((name: string) => string) | undefined;
  /**
   * Milliseconds per handshake: from the first read of a connection to the end of its upgrade, TLS included. A slower
   * connection is closed. If a connection must first wait for a limit, it waits at most as long. @default 10_000
   */
  readonly handshakeMs?: number | undefined;
  /** Maximum bytes of a request's first line and headers. Beyond it: 431. @default 16_384 */
  readonly maxHeaderBytes?: number | undefined;
  /** Maximum headers per request. Beyond it: 431. @default 100 */
  readonly maxHeaders?: number | undefined;
  /**
   * Maximum connections that are not upgraded one second after the start of their handshake. Further connections wait
   * (`maxWaiting`). 0 is unlimited. Connections from this computer do not count, here and for the next five options.
   * @default 512
   */
  readonly maxHalfOpen?: number | undefined;
  /** Like `maxHalfOpen`, per address; for IPv6, per 64-bit network. @default 64 */
  readonly maxHalfOpenPerAddress?: number | undefined;
  /**
   * New connections per second and address, with the same burst. Further connections wait. 0 is unlimited. @default 200
   */
  readonly connectsPerSecond?: number | undefined;
  /** Like `connectsPerSecond`, for all addresses together. 0 is unlimited. @default 2_000 */
  readonly maxConnectsPerSecond?: number | undefined;
  /**
   * Maximum connections that wait unread for one of these limits. Beyond it, connections of the address with the most
   * are closed. 0: none waits, and connections above a limit are closed immediately. @default 2_048
   */
  readonly maxWaiting?: number | undefined;
  /** Like `maxWaiting`, per address. 0: same as `maxWaiting`. @default 1_024 */
  readonly maxWaitingPerAddress?: number | undefined;
  /** Milliseconds between pings. A peer that stays silent during two of them is lost. 0 disables pings. @default 30_000 */
  readonly pingIntervalMs?: number | undefined;
  /**
   * Returns the HTML of the page at `/`. Everyone who reaches the port can read it. @default a page that names CLASP
   */
  readonly statusPage?: (() => string) | undefined;
  /**
   * Additional content on this port: health, metrics, pages. Routes are called in order, before the status page and the
   * WebSocket. Everyone who reaches the port can access them. @default none
   */
  readonly routes?: readonly HttpRoute[] | undefined;
  /** Called with each error that a route throws. The peer only gets 500. @default none */
  readonly onRouteError?: ((error: unknown) => void) | undefined;
  /** Whether the subprotocol `clasp.v2` is accepted, which clients up to 0.1.9 request. @default false */
  readonly allowClaspV2?: boolean | undefined;
  /** Clock for the handshake, pings and the grace period of a close. @default the system clock */
  readonly clock?: Clock | undefined;
}

/**
 * CLASP over WebSocket, with or without TLS: the transport that every client supports. A client can upgrade at any
 * path. Plain HTTP requests get the status page at `/`, the answer of a route, or 404.
 *
 * @throws ArgumentError if an option is unknown or of the wrong type
 */
export function webSocket(options: WebSocketOptions = {}): Transport {
  checkOptions<WebSocketOptions>('webSocket', options, webSocketRules);
  return {
    name: 'websocket',
    listen: () =>
      WebSocketListener.open({
        port: options.port ?? DEFAULT_PORT,
        host: options.host ?? '0.0.0.0',
        maxFrameBytes: options.maxFrameBytes ?? MAX_FRAME_BYTES,
        tls: options.tls,
        allowedOrigins: options.allowedOrigins ?? [SAME_HOST],
        allowHosts: options.allowHosts ?? [],
        trustedProxies: options.trustedProxies ?? [],
        describeOption: options.describeOption ?? describeOption,
        awaited: 'WebSocket upgrade',
        ...httpLimits(options),
        pingIntervalMs: options.pingIntervalMs ?? DEFAULT_PING_INTERVAL_MS,
        statusPage: options.statusPage,
        routes: options.routes ?? [],
        onRouteError: options.onRouteError,
        allowClaspV2: options.allowClaspV2 ?? false,
        clock: options.clock ?? systemClock,
      }),
    withRoutes: (routes, onError) =>
      webSocket({
        ...options,
        routes: [...(options.routes ?? []), ...routes],
        onRouteError: options.onRouteError ?? onError,
      }),
  };
}
