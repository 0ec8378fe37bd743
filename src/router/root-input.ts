import { unfailing } from '../core/ports.js';
import { printableLogger } from './printable-logger.js';
import type { RootInput } from '../actors/root/root-machine.js';
import { summarized } from '../actors/summarized.js';
import type { ResolvedRouterOptions } from './options.js';
import { inboundPipeline } from './inbound-pipeline.js';
import { recipientCacheBytes } from './memory-budget.js';
import { version } from '../util/version.js';

/** Returns the input of the root machine for these options, in `createRouter` or inside another actor system. */
export function rootInput(options: ResolvedRouterOptions): RootInput {
  const { clock, maxMessagesPerSecond, highWaterBytes } = options;
  const logger = unfailing(printableLogger(options.logger));
  const drainMs = options.drainTimeoutSeconds * 1_000;
  return {
    router: summarized({
      name: options.name,
      features: options.features,
      maxSubscriptionsPerSession: options.maxSubscriptionsPerSession,
      acks: options.acks,
      unknownAddress: options.unknownAddress,
      securityMode: options.securityMode,
      maxParams: options.maxParams,
      maxParamBytes: options.maxParamBytes,
      eviction: options.eviction,
      paramTtlSeconds: options.paramTtlSeconds,
      maxLockSeconds: options.maxLockSeconds,
      conflictRules: options.conflictRules,
      historyRules: options.historyRules,
      maxPaced: options.maxPaced,
      maxPacedBytes: options.maxPacedBytes,
      maxMatchSteps: options.maxMatchSteps,
      maxTimelines: options.maxTimelines,
      maxTimelineBytes: options.maxTimelineBytes,
      maxSignals: options.maxSignals,
      maxSignalBytes: options.maxSignalBytes,
      signalTtlSeconds: options.signalTtlSeconds,
      checkAnnounced: options.checkAnnounced,
      gestureIntervalMs: options.gestureIntervalMs,
      maxScheduleSeconds: options.maxScheduleSeconds,
      maxPendingBundlesPerSession: options.maxPendingBundlesPerSession,
      maxPendingBundleBytes: options.maxPendingBundleBytes,
      maxWillBytes: options.maxWillBytes,
      recipientCacheBytes: recipientCacheBytes(options.maxMemoryBytes),
      maxSubscriptionBytes: options.maxSubscriptionBytes,
      maxQueryBytes: options.maxQueryBytes,
      maxSendBufferBytes: options.maxSendBufferBytes,
      maxPatternSegmentsPerSession: options.maxPatternSegmentsPerSession,
      maxGlobstars: options.maxGlobstars,
      maxValueBytes: options.maxValueBytes,
      maxMalformedPerMinute: options.maxMalformedPerMinute,
      presence: options.presence,
      state: options.state,
      signals: options.signals,
      validateWrite: options.validateWrite,
      isVisible: options.isVisible,
      maxQueueBytesTotal: options.maxQueueBytesTotal,
      version,
      authenticator: options.authenticator,
      highWaterBytes,
      clock,
      logger,
    }),
    sessions: summarized({
      maxSessions: options.maxSessions,
      maxSessionsPerAddress: options.maxSessionsPerAddress,
      maxSessionsPerToken: options.maxSessionsPerToken,
      maxHalfOpen: options.maxHalfOpen,
      maxHalfOpenPerAddress: options.maxHalfOpenPerAddress,
      sessionTimeoutMs: options.sessionTimeoutSeconds * 1_000,
      helloTimeoutMs: options.helloTimeoutSeconds * 1_000,
      drainMs,
      maxQueueBytes: options.maxQueueBytes,
      maxQueueMessages: options.maxQueueMessages,
      authenticator: options.authenticator,
      clock,
      logger,
      newId: options.newId,
    }),
    readInto: (router) => inboundPipeline({ router, maxMessagesPerSecond, clock, logger }).attach,
    drainMs,
    logger,
    faultCounts: { handshake: 0, timeout: 0, refused: 0, unsolicited: 0 },
  };
}
