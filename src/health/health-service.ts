import { checkNames } from '../util/arguments.js';
import { type HttpPort, openHttpPort } from '../http/http-port.js';
import type { HttpRoute } from '../http/route.js';
import type { Service, ServiceRouter } from '../router/service.js';
import type { RouterFigures } from './figures.js';
import type { Metrics } from './metrics.js';
import { healthRoute, metricsRoute } from './routes.js';

export interface HealthServiceOptions {
  /** Whether the ports of the clients serve `/metrics` too, where every client can read it. @default false */
  readonly metrics?: boolean | undefined;
  /** A separate port for health and metrics; 0 selects any free port. @default none */
  readonly port?: number | undefined;
  /** Local address of the separate port. @default '127.0.0.1', reachable from this computer only */
  readonly host?: string | undefined;
  /** Same as `WebSocketOptions.allowHosts`, for the separate port. @default none */
  readonly allowHosts?: readonly string[] | undefined;
  /** Same as `WebSocketOptions.trustedProxies`, for the separate port. @default none */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Same as `WebSocketOptions.describeOption`, for the separate port. @default `the option` and its name */
  readonly describeOption?: ((name: string) => string) | undefined;
}

const optionNames = {
  metrics: true,
  port: true,
  host: true,
  allowHosts: true,
  trustedProxies: true,
  describeOption: true,
} satisfies Record<keyof HealthServiceOptions, true>;

/** Health and metrics of a router as a service. */
export interface HealthService extends Service {
  /** `http://127.0.0.1:7360`, while the separate port is open. */
  readonly url: string | undefined;
}

/**
 * Serves `/healthz` and `/readyz` on the ports of the clients, and `/metrics` if enabled. A separate port serves all
 * three. It stays open until all sessions have ended, so that a load balancer reads 503 from `/readyz` meanwhile.
 * docs/reference/metrics.md lists the metrics.
 *
 * @throws ArgumentError for an unknown option
 */
export function health(options: HealthServiceOptions = {}): HealthService {
  checkNames('health', options, Object.keys(optionNames));
  return new Health(options);
}

class Health implements HealthService {
  readonly name = 'health';
  readonly routes: readonly HttpRoute[];
  readonly #options: HealthServiceOptions;
  readonly #measured: HttpRoute;
  readonly #probes: HttpRoute;
  #router: ServiceRouter | undefined;
  #metrics: Metrics | undefined;
  #port: HttpPort | undefined;

  constructor(options: HealthServiceOptions) {
    this.#options = options;
    this.#probes = healthRoute({ isReady: () => this.#isReady });
    this.#measured = metricsRoute({ text: () => this.#text(), contentType: () => this.#metrics?.contentType() });
    this.routes = options.metrics === true ? [this.#probes, this.#measured] : [this.#probes];
  }

  get url(): string | undefined {
    return this.#port?.url;
  }

  async start(router: ServiceRouter): Promise<void> {
    this.#router = router;
    const { port, host, allowHosts, trustedProxies, describeOption } = this.#options;
    if (port === undefined) return;
    const { clock, logger } = router;
    const onError = (error: unknown): void => {
      logger.error({ err: error }, 'internal error in an HTTP route');
    };
    const routes = [this.#probes, this.#measured];
    const rules = { allowHosts, trustedProxies, describeOption };
    this.#port = await openHttpPort({ port, host, routes, ...rules, onError, clock });
    const { url } = this.#port;
    logger.info({ url }, `health and metrics on ${url}`);
  }

  async stop(): Promise<void> {
    await this.#port?.close();
    this.#port = undefined;
  }

  /** A router whose listeners are not open yet accepts no clients. */
  get #isReady(): boolean {
    return this.#router !== undefined && this.#router.isReady && this.#router.addresses.length > 0;
  }

  /** Loads the library for metrics with the first request for them. */
  async #text(): Promise<string> {
    const router = this.#router;
    if (router === undefined) throw new Error('the router has no figures before its start');
    const { createMetrics } = await import('./metrics.js');
    this.#metrics ??= createMetrics({ source: { statistics: () => figuresOf(router) }, clock: router.clock });
    return this.#metrics.text();
  }
}

function figuresOf(router: ServiceRouter): RouterFigures {
  const { authFailures, releasedSessions, displacedSessions, counts, totals, ...rest } = router.statistics();
  return {
    ...rest,
    counts: { ...counts, congestedSessions: counts.congested },
    totals: { ...totals, authFailures, releasedSessions, displacedSessions },
  };
}
