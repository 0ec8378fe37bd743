import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { type Clock, systemClock } from '../util/clock.js';
import type { MetricsSource, RouterFigures } from './figures.js';
import { type RouterMetric, routerMetrics } from './metric-table.js';
import { PulledHistogram } from './pulled-histogram.js';

export interface MetricsOptions {
  readonly source: MetricsSource;
  /** @default the system's */
  readonly clock?: Clock | undefined;
}

/** The metrics of one router and of the process it runs in. */
export interface Metrics {
  /** What goes into `Content-Type`. */
  readonly contentType: string;
  /**
   * All of them in Prometheus's text format. Whoever asks within `FRESH_MS` of somebody else gets the same text: to ask often
   * costs nothing.
   */
  text(): Promise<string>;
}

/** Milliseconds for which a text is fresh enough. */
export const FRESH_MS = 1_000;

/** Measures nothing until it is asked, but for the event loop's lag and the garbage collections of the process. */
export function createMetrics({ source, clock = systemClock }: MetricsOptions): Metrics {
  const registry = new Registry();
  let figures: RouterFigures | undefined;
  for (const metric of routerMetrics) register(metric, registry, () => (figures ??= source.statistics()));
  const ofProcess = processMetrics();
  const scrape = async (): Promise<string> => {
    figures = undefined; // the first metric asks, and all show the same moment
    return `${await registry.metrics()}\n${await ofProcess.metrics()}`;
  };
  let last: { readonly atMs: number; readonly text: Promise<string> } | undefined;
  return {
    contentType: registry.contentType,
    text() {
      const nowMs = clock.now();
      if (last === undefined || nowMs - last.atMs >= FRESH_MS) {
        const text = scrape();
        const scraped = { atMs: nowMs, text };
        last = scraped;
        text.catch(() => {
          if (last === scraped) last = undefined; // a failure is nothing to be kept
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
          this.reset(); // the counting is done elsewhere
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

/** Walks over everything that is open, by a back door of Node's; `nodejs_active_resources` says the same. */
const REDUNDANT = [
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
];

let shared: Registry | undefined;

/** Of the process, so there is one for all its routers: what prom-client sets up for it cannot be taken down again. */
export function processMetrics(): Registry {
  if (shared === undefined) {
    shared = new Registry();
    collectDefaultMetrics({ register: shared });
    for (const name of REDUNDANT) shared.removeSingleMetric(name);
  }
  return shared;
}
