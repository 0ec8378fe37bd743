/** The part of an HTTP request that the routes read. They fit into the `routes` of a WebSocket port. */
export interface ProbeRequest {
  readonly method: string;
  readonly path: string;
}

export interface ProbeAnswer {
  readonly status: number;
  readonly type?: string | undefined;
  readonly body: string;
}

export interface ProbeRoute {
  /** Returns undefined for a request that the route does not handle. */
  readonly answer: (request: ProbeRequest) => ProbeAnswer | Promise<ProbeAnswer> | undefined;
}

export interface HealthOptions {
  /** Whether every configured listener is open and the router is not draining. */
  readonly isReady: () => boolean;
}

/**
 * `/healthz` returns 200 `ok` as long as the process answers. `/readyz` returns 200 `ready`, or 503 `not ready` if no
 * clients should be sent to this router (router.md 18).
 */
export function healthRoute({ isReady }: HealthOptions): ProbeRoute {
  return {
    answer(request) {
      if (!isRead(request)) return undefined;
      switch (request.path) {
        case '/healthz':
          return { status: 200, body: 'ok' };
        case '/readyz':
          return isReady() ? { status: 200, body: 'ready' } : { status: 503, body: 'not ready' };
        default:
          return undefined;
      }
    },
  };
}

/** The metrics of {@link metricsRoute}: their text, then its media type. */
export interface MetricsText {
  text(): Promise<string>;
  /** Called after {@link text}. */
  contentType(): string | undefined;
}

/** `/metrics` returns all metrics of `docs/reference/metrics.md`, for Prometheus. */
export function metricsRoute(metrics: MetricsText): ProbeRoute {
  return {
    answer(request) {
      if (!isRead(request) || request.path !== '/metrics') return undefined;
      return metrics.text().then((body) => ({ status: 200, type: metrics.contentType(), body }));
    },
  };
}

function isRead({ method }: ProbeRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}
