import type { Metrics } from './metrics.js';

/** A plain HTTP request, as far as it matters here; the routes below fit into the `routes` of a WebSocket port. */
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
  /** Undefined for a request that is none of its own. */
  readonly answer: (request: ProbeRequest) => ProbeAnswer | Promise<ProbeAnswer> | undefined;
}

export interface HealthOptions {
  /** Whether every door that was asked for is open and the router is not draining. */
  readonly isReady: () => boolean;
}

/**
 * `/healthz` is 200 `ok` as long as the process answers at all; `/readyz` is 200 `ready`, or 503 `not ready` while nobody should be sent
 * here (router.md 18).
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

/** `/metrics`: everything in `docs/metrics.md`, for Prometheus. */
export function metricsRoute(metrics: Metrics): ProbeRoute {
  return {
    answer(request) {
      if (!isRead(request) || request.path !== '/metrics') return undefined;
      return metrics.text().then((body) => ({ status: 200, type: metrics.contentType, body }));
    },
  };
}

function isRead({ method }: ProbeRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}
