import { type Clock, systemClock } from '../util/clock.js';
import { describeOption } from '../util/describe-option.js';
import { checkOptions } from '../net/option-rules.js';
import type { TlsSource } from '../net/tls.js';
import { httpLimits } from './limits.js';
import { send } from './responses.js';
import { HttpListener } from './http-listener.js';
import { httpPortRules } from './http-option-rules.js';
import type { HttpRoute } from './route.js';
import { SAME_HOST } from './origins.js';

export interface HttpPortOptions {
  /** Port number. 0 selects any free port; see {@link HttpPort.url}. */
  readonly port: number;
  /** Local address to listen on. @default '127.0.0.1', reachable from this computer only */
  readonly host?: string | undefined;
  /** Routes in order of precedence. A request that no route accepts gets 404. */
  readonly routes: readonly HttpRoute[];
  /** Certificate for encryption. @default no encryption */
  readonly tls?: TlsSource | undefined;
  /** Same as `WebSocketOptions.allowedOrigins`, for upgrades of the routes. @default ['same-host'] */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** Same as `WebSocketOptions.allowHosts`. @default none */
  readonly allowHosts?: readonly string[] | undefined;
  /** Same as `WebSocketOptions.trustedProxies`. @default none */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Same as `WebSocketOptions.describeOption`. @default `the option` and its name */
  readonly describeOption?: ((name: string) => string) | undefined;
  /**
   * Milliseconds from the first read of a connection to the end of the answer. A slower connection is closed. @default
   * 10_000
   */
  readonly handshakeMs?: number | undefined;
  /**
   * Called with each error that a route throws, for which the peer only gets 500, and with a failure of the port.
   * @default none
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** @default the system clock */
  readonly clock?: Clock | undefined;
}

/** An open port that serves only routes. */
export interface HttpPort {
  /** `http://127.0.0.1:7360`, with the actual port. */
  readonly url: string;
  /** Closes the port and all connections that have no answer yet. */
  close(): Promise<void>;
}

/**
 * Opens a separate port for routes, such as probes and metrics with restricted access. It has the limits of a WebSocket
 * port.
 *
 * @throws ArgumentError if an option is missing, unknown or of the wrong type; TransportError if it cannot listen
 */
export async function openHttpPort(options: HttpPortOptions): Promise<HttpPort> {
  checkOptions<HttpPortOptions>('openHttpPort', options, httpPortRules, ['port', 'routes']);
  const listener = await HttpListener.open({
    port: options.port,
    host: options.host ?? '127.0.0.1',
    tls: options.tls,
    allowedOrigins: options.allowedOrigins ?? [SAME_HOST],
    allowHosts: options.allowHosts ?? [],
    trustedProxies: options.trustedProxies ?? [],
    describeOption: options.describeOption ?? describeOption,
    awaited: 'HTTP request',
    ...httpLimits(options),
    routes: options.routes,
    onRouteError: options.onError,
    clock: options.clock ?? systemClock,
  });
  listener.serve({
    request: ({ method = '' }, response) => {
      if (['GET', 'HEAD', 'POST'].includes(method)) send(response, 404, 'not found');
      else send(response, 405, 'only GET, HEAD and POST', { headers: { Allow: 'GET, HEAD, POST' } });
    },
    upgrade: (_request, socket) => {
      const text = 'it requested an upgrade, which this port does not support';
      listener.refuse(socket, 400, 'this port does not support upgrades', { kind: 'handshake', text });
    },
    failed: (error) => options.onError?.(error), // The port accepts no more connections. The router continues.
  });
  const { address, family, port } = listener.address;
  const host = family === 'IPv6' ? `[${address}]` : address;
  return { url: `${listener.isEncrypted ? 'https' : 'http'}://${host}:${port}`, close: () => listener.close() };
}
