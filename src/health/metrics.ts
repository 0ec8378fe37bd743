import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { type Clock, systemClock } from '../util/clock.js';
import type { MetricsSource, RouterFigures } from './figures.js';
import { type RouterMetric, routerMetrics } from './metric-table.js';
import { PulledHistogram } from './pulled-histogram.js';

export interface MetricsOptions {
  readonly source: MetricsSource;
  /** @default the system clock */
  readonly clock?: Clock | undefined;
}

/** Metrics of one router and of its process. */
export interface Metrics {
  /** Value of the `Content-Type` header. */
  contentType(): string;
  /**
   * Returns all metrics in Prometheus's text format. The text is cached for `FRESH_MS`, so that frequent scrapes cost
   * nothing.
   */
  text(): Promise<string>;
}

/** Lifetime of the cached text, in milliseconds. */
export const FRESH_MS = 1_000;

/**
 * Creates the metrics. They measure nothing between scrapes, except the event loop lag and the garbage collections of
 * the process.
 */
export function createMetrics({ source, clock = systemClock }: MetricsOptions): Metrics {
  const registry = new Registry();
  let figures: RouterFigures | undefined;
  for (const metric of routerMetrics) register(metric, registry, () => (figures ??= source.statistics()));
  const ofProcess = processMetrics();
  const scrape = async (): Promise<string> => {
    figures = undefined; // the first metric reads them again, so that all metrics have the same moment
    return `${await registry.metrics()}\n${await ofProcess.metrics()}`;
  };
  let last: { readonly atMs: number; readonly text: Promise<string> } | undefined;
  return {
    contentType: () => registry.contentType,
    text() {
      const nowMs = clock.now();
      if (last === undefined || nowMs - last.atMs >= FRESH_MS) {
        const text = scrape();
        const scraped = { atMs: nowMs, text };
        last = scraped;
        text.catch(() => {
          if (last === scraped) last = undefined; // failures are not cached
        });
      }
      return last.text;
    },
  };
}

function register(metric: RouterMetric, registry: Registry, figures: () => RouterFigures): void {
  const { name, help } = metric;
  const common = { name, help, registers: [registry] };
  switch (metric.type) {
    case 'gauge': {
      const labelNames = 'label' in metric ? [metric.label] : [];
      new Gauge({
        ...common,
        labelNames,
        collect() {
          this.reset();
          const values = 'label' in metric ? metric.readAll(figures()) : [{ value: metric.read(figures()) }];
          for (const { labels = {}, value } of values) this.set(labels, value);
        },
      });
      return;
    }
    case 'counter': {
      const labelNames = 'label' in metric ? [metric.label] : [];
      new Counter({
        ...common,
        labelNames,
        collect() {
          this.reset(); // the counters belong to the router
          const values = 'label' in metric ? metric.readAll(figures()) : [{ value: metric.read(figures()) }];
          for (const { labels = {}, value } of values) this.inc(labels, value);
        },
      });
      return;
    }
    case 'histogram':
      new PulledHistogram({ name, help, registry, read: () => metric.readDistribution(figures()) });
  }
}

/** These walk over all open handles through a private API of Node.js; `nodejs_active_resources` has the same data. */
const REDUNDANT = [
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
];

let shared: Registry | undefined;

/** One registry per process, for all its routers, because prom-client cannot remove its process metrics. */
export function processMetrics(): Registry {
  if (shared === undefined) {
    shared = new Registry();
    collectDefaultMetrics({ register: shared });
    for (const name of REDUNDANT) shared.removeSingleMetric(name);
  }
  return shared;
}
