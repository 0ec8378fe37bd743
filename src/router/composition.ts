import type { RootInput } from '../actors/root/root-machine.js';
import { sessionOptions } from '../actors/session/session-options.js';
import { summarized } from '../actors/summarized.js';
import { sendBufferOptions, sendQueueOptions } from '../core/congestion/congestion-options.js';
import { coreOptions } from '../core/core-options.js';
import { silentLogger, unfailing } from '../core/ports.js';
import { sliceOf } from '../util/option.js';
import { version } from '../util/version.js';
import { inboundPipeline } from './inbound-pipeline.js';
import { recipientCacheBytes } from './memory-budget.js';
import type { ResolvedRouterOptions } from './options.js';
import { printableLogger } from './printable-logger.js';
import { coreObservers } from './service-observers.js';

/**
 * Returns the input of the root machine for these options, in `createRouter` or inside another actor system. Each part
 * gets its own options.
 */
export function rootInput(options: ResolvedRouterOptions): RootInput {
  const { authenticator, clock, maxMemoryBytes, maxMessagesPerSecond, state } = options;
  const logger = options.logger === silentLogger ? silentLogger : unfailing(printableLogger(options.logger));
  const drainMs = options.drainTimeoutSeconds * 1_000;
  return {
    router: summarized({
      ...sliceOf(coreOptions, options),
      ...sliceOf(sendBufferOptions, options),
      recipientCacheBytes: recipientCacheBytes(maxMemoryBytes),
      state,
      ...coreObservers(options.services),
      version,
      authenticator,
      clock,
      logger,
    }),
    sessions: summarized({
      ...sliceOf(sessionOptions, options),
      ...sliceOf(sendQueueOptions, options),
      sessionTimeoutMs: options.sessionTimeoutSeconds * 1_000,
      helloTimeoutMs: options.helloTimeoutSeconds * 1_000,
      drainMs,
      authenticator,
      clock,
      logger,
    }),
    readInto: (router) => inboundPipeline({ router, maxMessagesPerSecond, clock, logger }).attach,
    drainMs,
    logger,
    faultCounts: { handshake: 0, timeout: 0, refused: 0, unsolicited: 0 },
  };
}
