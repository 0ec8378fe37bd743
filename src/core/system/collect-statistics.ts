import type { LastWills } from '../announce/last-wills.js';
import type { QueryHandler } from '../announce/query-handler.js';
import type { SignalDirectory } from '../announce/signal-directory.js';
import type { SendQueueBudget } from '../congestion/send-queue-budget.js';
import type { Dispatcher } from '../delivery/dispatcher.js';
import type { Replies } from '../delivery/replies.js';
import type { SignalRouter } from '../delivery/signal-router.js';
import type { InternalErrors } from '../internal-errors.js';
import type { ParamStore } from '../params/param-store.js';
import type { WriteHistory } from '../params/write-history.js';
import type { PublishHandler } from '../publish/publish-handler.js';
import type { RouterSession } from '../session.js';
import type { ScheduledBundles } from '../writes/scheduled-bundles.js';
import type { Counters } from './counters.js';
import type { MemoryUse, Statistics } from './statistics.js';

/** The limits of memory that the statistics state. 0 = unlimited. */
export interface MemoryLimits {
  readonly maxParamBytes: number;
  readonly maxPacedBytes: number;
  readonly maxSubscriptionBytes: number;
  readonly maxQueueBytesTotal: number;
  readonly maxPendingBundleBytes: number;
  readonly maxSignalBytes: number;
  readonly maxWillBytes: number;
  readonly maxQueryBytes: number;
  readonly maxTimelineBytes: number;
  readonly maxWriteHistoryBytes: number;
}

/** The components of the core whose figures the statistics contain. */
export interface StatisticsSources {
  readonly limits: MemoryLimits;
  readonly sessions: ReadonlyMap<string, RouterSession>;
  /** Messages since the router started. */
  readonly messageCount: number;
  readonly counters: Counters;
  readonly errors: InternalErrors;
  readonly params: ParamStore;
  readonly history: WriteHistory | undefined;
  readonly signals: SignalDirectory;
  readonly wills: LastWills;
  readonly queries: QueryHandler;
  readonly routing: SignalRouter;
  readonly publishing: PublishHandler;
  readonly scheduled: ScheduledBundles;
  readonly sendQueues: SendQueueBudget;
  readonly deliveries: Dispatcher;
  readonly replies: Replies;
}

/** Returns the statistics. O(sessions). @param sendBuffers use of the socket buffers, which the core does not know */
export function collectStatistics(sources: StatisticsSources, sendBuffers: MemoryUse): Statistics {
  const { sessions, counters, params, signals, scheduled, sendQueues } = sources;
  let { conflated, receivedBytes, sentBytes } = counters;
  let congested = 0;
  for (const { sendQueue, phase, traffic } of sessions.values()) {
    conflated += sendQueue.conflated;
    receivedBytes += traffic.receivedBytes;
    sentBytes += traffic.sentBytes;
    if (phase === 'congested') congested++;
  }
  const { messages, rateLimited, malformed, schedule } = counters;
  return {
    counts: {
      sessions: sessions.size,
      subscriptions: sources.routing.subscriptionCount,
      params: params.size,
      signals: signals.size,
      pendingBundles: scheduled.size,
      congested,
      queuedBytes: sendQueues.bytes,
    },
    totals: {
      messages: sources.messageCount,
      deliveries: sources.deliveries.count,
      receivedBytes,
      sentBytes,
      internalErrors: sources.errors.count,
    },
    messages: { ...messages },
    errors: Object.fromEntries(sources.replies.errors),
    drops: {
      rateLimited,
      malformed,
      conflated,
      dropped: sendQueues.dropped,
      overflows: sendQueues.overflows,
      evictedParams: params.evicted,
      expiredParams: params.expired,
      evictedSignals: signals.evicted,
      droppedBundles: scheduled.dropped,
      droppedWills: sources.wills.dropped,
    },
    memory: { ...memoryOf(sources), sendBuffers },
    schedule,
  };
}

function memoryOf(sources: StatisticsSources): Omit<Statistics['memory'], 'sendBuffers'> {
  const { limits, params, signals, wills, queries, scheduled, sendQueues, history } = sources;
  const { pacedMemory, subscriptionMemory } = sources.routing;
  const { timelineMemory } = sources.publishing;
  return {
    params: use(params.bytes, limits.maxParamBytes, params.evicted),
    paced: use(pacedMemory.bytes, limits.maxPacedBytes, pacedMemory.dropped),
    subscriptions: use(subscriptionMemory.bytes, limits.maxSubscriptionBytes, subscriptionMemory.closed),
    queues: use(sendQueues.heldBytes, limits.maxQueueBytesTotal, sendQueues.dropped + sendQueues.overflows),
    bundles: use(scheduled.bytes, limits.maxPendingBundleBytes, scheduled.dropped),
    signals: use(signals.bytes, limits.maxSignalBytes, signals.evicted),
    wills: use(wills.bytes, limits.maxWillBytes, wills.dropped),
    queries: use(queries.bytes, limits.maxQueryBytes, queries.closed),
    timelines: use(timelineMemory.bytes, limits.maxTimelineBytes, timelineMemory.dropped),
    history: history?.use ?? use(0, limits.maxWriteHistoryBytes, 0),
  };
}

function use(usedBytes: number, limitBytes: number, madeRoom: number): MemoryUse {
  return { usedBytes, limitBytes, madeRoom };
}
