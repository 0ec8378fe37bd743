import { type Clock, systemClock } from '../util/clock.js';
import { checkOptions } from '../net/option-rules.js';
import type { TlsSource } from '../net/tls.js';
import { httpLimits } from './limits.js';
import { send } from './responses.js';
import { HttpListener } from './http-listener.js';
import { httpPortRules } from './http-option-rules.js';
import type { HttpRoute } from './route.js';
import { SAME_HOST } from './origins.js';

export interface HttpPortOptions {
  /** 0 takes any free port; {@link HttpPort.url} tells which. */
  readonly port: number;
  /** Address of this computer to listen on. @default '127.0.0.1', for this computer alone */
  readonly host?: string | undefined;
  /** Asked in this order; what none of them wants is answered 404. */
  readonly routes: readonly HttpRoute[];
  /** The option of the command that chooses the port, for the sentence of an error. @default '--health-port' */
  readonly flag?: string | undefined;
  /** Encrypts with this certificate. @default no encryption */
  readonly tls?: TlsSource | undefined;
  /** As `WebSocketOptions.allowedOrigins`, for the upgrades of the routes. @default ['same-host'] */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** As `WebSocketOptions.allowHosts`. @default none */
  readonly allowHosts?: readonly string[] | undefined;
  /** As `WebSocketOptions.trustedProxies`. @default none */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Milliseconds from the first look at a connection to the end of the answer; a slower one is closed. @default 10_000 */
  readonly handshakeMs?: number | undefined;
  /** Hears what a route has thrown, of which the peer only sees 500, and of a port that breaks. @default nobody */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** @default the system's */
  readonly clock?: Clock | undefined;
}

/** An open port that serves routes and nothing else. */
export interface HttpPort {
  /** `http://127.0.0.1:7360`, with the real port. */
  readonly url: string;
  /** Gives the port back and cuts off whoever has no answer yet. */
  close(): Promise<void>;
}

/**
 * Opens a port of its own for routes, such as probes and metrics that not everybody may ask. It has the limits a WebSocket port has.
 *
 * @throws ArgumentError for an option that is missing, unknown or of the wrong type; TransportError if it cannot listen
 */
export async function openHttpPort(options: HttpPortOptions): Promise<HttpPort> {
  checkOptions<HttpPortOptions>('openHttpPort', options, httpPortRules, ['port', 'routes']);
  const door = await HttpListener.open({
    port: options.port,
    host: options.host ?? '127.0.0.1',
    flag: options.flag ?? '--health-port',
    tls: options.tls,
    allowedOrigins: options.allowedOrigins ?? [SAME_HOST],
    allowHosts: options.allowHosts ?? [],
    trustedProxies: options.trustedProxies ?? [],
    awaited: 'HTTP request',
    ...httpLimits(options),
    routes: options.routes,
    onRouteError: options.onError,
    clock: options.clock ?? systemClock,
  });
  door.serve({
    request: ({ method = '' }, response) => {
      if (['GET', 'HEAD', 'POST'].includes(method)) send(response, 404, 'not found');
      else send(response, 405, 'only GET, HEAD and POST', { headers: { Allow: 'GET, HEAD, POST' } });
    },
    upgrade: (_request, socket) => {
      const text = 'it asked for an upgrade where there is none';
      door.refuse(socket, 400, 'nothing here takes an upgrade', { kind: 'handshake', text });
    },
    failed: (error) => options.onError?.(error), // nobody comes in here any more; the router goes on
  });
  const { address, family, port } = door.address;
  const host = family === 'IPv6' ? `[${address}]` : address;
  return { url: `${door.isEncrypted ? 'https' : 'http'}://${host}:${port}`, close: () => door.close() };
}
