import type { Logger } from '../core/ports.js';
import { createMetrics, healthRoute, metricsRoute, type RouterFigures } from '../health/index.js';
import type { Router } from '../router/create-router.js';
import { type HttpRoute, openHttpPort } from '../http/index.js';
import type { Settings } from './settings.js';

/** Health and metrics. */
export interface Probes {
  /** Routes for the WebSocket port. */
  readonly routes: readonly HttpRoute[];
  /** Opens the separate port, if enabled. @throws TransportError */
  open(logger: Logger): Promise<void>;
}

/** @param router returns the router; undefined before it exists, because listeners are created first */
export function probes(
  { healthPort, healthHost, metrics, allowHosts, trustedProxies }: Settings,
  router: () => Router | undefined,
): Probes {
  const health = healthRoute({ isReady: () => router()?.isReady ?? false });
  const measured = metricsRoute(createMetrics({ source: { statistics: () => figuresOf(router()) } }));
  return {
    routes: [health, ...(metrics ? [measured] : [])],
    async open(logger) {
      if (healthPort === undefined) return;
      const onError = (error: unknown): void => {
        logger.error({ err: error }, 'internal error in an HTTP route');
      };
      const { url } = await openHttpPort({
        port: healthPort,
        host: healthHost,
        routes: [health, measured],
        allowHosts,
        trustedProxies,
        onError,
      });
      logger.info({ url }, `health and metrics on ${url}`);
    },
  };
}

function figuresOf(router: Router | undefined): RouterFigures {
  if (router === undefined) throw new Error('there is no router yet');
  const { authFailures, releasedSessions, displacedSessions, counts, totals, ...rest } = router.statistics();
  return {
    ...rest,
    counts: { ...counts, congestedSessions: counts.congested },
    totals: { ...totals, authFailures, releasedSessions, displacedSessions },
  };
}
