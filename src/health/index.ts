/** Health checks and metrics of a router, for HTTP ports. */

export type { Distribution, MetricsSource, RouterFigures } from './figures.js';
export { createMetrics, type Metrics, type MetricsOptions } from './metrics.js';
export { healthRoute, type HealthOptions, metricsRoute, type ProbeRoute } from './routes.js';
