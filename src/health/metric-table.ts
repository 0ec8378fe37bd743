import type { Distribution, RouterFigures } from './figures.js';

/** One line of a metric. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric, and how to read it from the figures. */
export type RouterMetric = {
  readonly name: string;
  readonly help: string;
} & (
  | { readonly type: 'gauge'; readonly read: (figures: RouterFigures) => number }
  | {
      readonly type: 'gauge';
      readonly label: string;
      readonly readAll: (figures: RouterFigures) => readonly Sample[];
    }
  | { readonly type: 'counter'; readonly read: (figures: RouterFigures) => number }
  | {
      readonly type: 'counter';
      readonly label: string;
      readonly readAll: (figures: RouterFigures) => readonly Sample[];
    }
  | { readonly type: 'histogram'; readonly readDistribution: (figures: RouterFigures) => Distribution | undefined }
);

const MICROS = 1_000_000;

/** All metrics of the router, in the order of `docs/reference/metrics.md`; a test compares the two. */
export const routerMetrics: readonly RouterMetric[] = [
  {
    name: 'clasp_messages_total',
    type: 'counter',
    label: 'type',
    help: 'Received messages by type, without those dropped by a rate limit.',
    readAll: ({ messages }) => samples('type', messages),
  },
  {
    name: 'clasp_deliveries_total',
    type: 'counter',
    help: 'Messages delivered to subscribers.',
    read: ({ totals }) => totals.deliveries,
  },
  {
    name: 'clasp_errors_total',
    type: 'counter',
    label: 'code',
    help: 'Sent ERRORs by code.',
    readAll: ({ errors }) => samples('code', errors),
  },
  {
    name: 'clasp_internal_errors_total',
    type: 'counter',
    help: 'Internal errors. Each lost a message or other work.',
    read: ({ totals }) => totals.internalErrors,
  },
  {
    name: 'clasp_message_latency_seconds',
    type: 'histogram',
    help: 'Time from the arrival of a batch of messages to the end of the tick that wrote its output.',
    readDistribution: ({ latencySeconds }) => latencySeconds,
  },
  {
    name: 'clasp_broadcast_fanout',
    type: 'histogram',
    help: 'Recipients of each SET and PUBLISH.',
    readDistribution: ({ fanOut }) => fanOut,
  },
  {
    name: 'clasp_received_bytes_total',
    type: 'counter',
    help: 'Bytes of received frames, without the framing of transports.',
    read: ({ totals }) => totals.receivedBytes,
  },
  {
    name: 'clasp_sent_bytes_total',
    type: 'counter',
    help: 'Bytes of sent frames, without the framing of transports.',
    read: ({ totals }) => totals.sentBytes,
  },
  {
    name: 'clasp_sessions_active',
    type: 'gauge',
    help: 'Sessions after WELCOME.',
    read: ({ counts }) => counts.sessions,
  },
  {
    name: 'clasp_sessions_congested',
    type: 'gauge',
    help: 'Sessions with a full send buffer.',
    read: ({ counts }) => counts.congestedSessions,
  },
  {
    name: 'clasp_queue_bytes',
    type: 'gauge',
    help: 'Bytes queued for congested sessions.',
    read: ({ counts }) => counts.queuedBytes,
  },
  {
    name: 'clasp_subscriptions_active',
    type: 'gauge',
    help: 'Subscriptions of all sessions.',
    read: ({ counts }) => counts.subscriptions,
  },
  {
    name: 'clasp_state_params_active',
    type: 'gauge',
    help: 'Stored params.',
    read: ({ counts }) => counts.params,
  },
  {
    name: 'clasp_signals_announced',
    type: 'gauge',
    help: 'Announced signals.',
    read: ({ counts }) => counts.signals,
  },
  {
    name: 'clasp_messages_dropped_total',
    type: 'counter',
    label: 'reason',
    help: 'Undelivered messages by reason.',
    readAll: ({ drops: { rateLimited, malformed, conflated, dropped } }) =>
      samples('reason', { rate_limit: rateLimited, malformed, conflated, slow_reader: dropped }),
  },
  {
    name: 'clasp_sessions_overflowed_total',
    type: 'counter',
    help: 'Sessions closed because their queue exceeded its limit.',
    read: ({ drops }) => drops.overflows,
  },
  {
    name: 'clasp_sessions_released_total',
    type: 'counter',
    help: 'Sessions released because they did not answer a probe while the router was full.',
    read: ({ totals }) => totals.releasedSessions,
  },
  {
    name: 'clasp_sessions_displaced_total',
    type: 'counter',
    help: 'Sessions displaced by new connections while the router was full; they had no subscription and no write.',
    read: ({ totals }) => totals.displacedSessions,
  },
  {
    name: 'clasp_memory_used_bytes',
    type: 'gauge',
    label: 'kind',
    help: 'Approximate memory by kind of data.',
    readAll: ({ memory }) => memorySamples(memory, ({ usedBytes }) => usedBytes),
  },
  {
    name: 'clasp_memory_limit_bytes',
    type: 'gauge',
    label: 'kind',
    help: 'Memory limit by kind of data; absent without a limit.',
    readAll: ({ memory }) =>
      memorySamples(memory, ({ limitBytes }) => limitBytes).filter(({ value: limitBytes }) => limitBytes > 0),
  },
  {
    name: 'clasp_memory_made_room_total',
    type: 'counter',
    label: 'kind',
    help: 'Items removed at a memory limit, such as params, messages and sessions, by kind of data.',
    readAll: ({ memory }) => memorySamples(memory, ({ madeRoom }) => madeRoom),
  },
  {
    name: 'clasp_params_evicted_total',
    type: 'counter',
    help: 'Params evicted at a limit.',
    read: ({ drops }) => drops.evictedParams,
  },
  {
    name: 'clasp_params_expired_total',
    type: 'counter',
    help: 'Params removed after their TTL.',
    read: ({ drops }) => drops.expiredParams,
  },
  {
    name: 'clasp_signals_evicted_total',
    type: 'counter',
    help: 'Announced signals evicted at a limit.',
    read: ({ drops }) => drops.evictedSignals,
  },
  {
    name: 'clasp_bundles_dropped_total',
    type: 'counter',
    help: 'Scheduled bundles dropped at a limit.',
    read: ({ drops }) => drops.droppedBundles,
  },
  {
    name: 'clasp_wills_dropped_total',
    type: 'counter',
    help: 'Last wills dropped at a limit.',
    read: ({ drops }) => drops.droppedWills,
  },
  {
    name: 'clasp_auth_failures_total',
    type: 'counter',
    help: 'HELLOs refused for an invalid or missing token.',
    read: ({ totals }) => totals.authFailures,
  },
  {
    name: 'clasp_rejected_connections_total',
    type: 'counter',
    label: 'kind',
    help: 'Rejected connections by kind.',
    readAll: ({ rejectedConnections }) => samples('kind', rejectedConnections),
  },
  {
    name: 'clasp_bundles_pending',
    type: 'gauge',
    help: 'Scheduled bundles.',
    read: ({ counts }) => counts.pendingBundles,
  },
  {
    name: 'clasp_bundles_run_total',
    type: 'counter',
    help: 'Executed scheduled bundles.',
    read: ({ schedule }) => schedule.bundles,
  },
  {
    name: 'clasp_bundle_lateness_last_seconds',
    type: 'gauge',
    help: 'Lateness of the last executed scheduled bundle.',
    read: ({ schedule }) => schedule.lastErrorMicros / MICROS,
  },
  {
    name: 'clasp_bundle_lateness_worst_seconds',
    type: 'gauge',
    help: 'Maximum lateness of all executed scheduled bundles.',
    read: ({ schedule }) => schedule.worstErrorMicros / MICROS,
  },
];

type MemoryFigures = RouterFigures['memory'];

function memorySamples(memory: MemoryFigures, read: (use: MemoryFigures[string]) => number): readonly Sample[] {
  return samples('kind', Object.fromEntries(Object.entries(memory).map(([kind, use]) => [snakeCase(kind), read(use)])));
}

/** Returns `send_buffers` for `sendBuffers`. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function samples(label: string, values: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(values).map(([key, value]) => ({ labels: { [label]: key }, value }));
}
