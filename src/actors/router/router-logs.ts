import type { Logger } from '../../core/ports.js';
import type { RouterSession } from '../../core/session.js';
import { throttledLog } from '../../core/system/throttled-log.js';
import type { ScheduledBundle } from '../../core/writes/scheduled-bundles.js';
import type { Clock } from '../../util/clock.js';

interface Failure {
  readonly error: unknown;
  readonly session: RouterSession | undefined;
}

export interface RouterLogs {
  /** Logs an exception of a hook. */
  readonly fault: (fault: unknown, hook: string) => void;
  /** Logs an evicted scheduled bundle. */
  readonly bundleDropped: (bundle: ScheduledBundle) => void;
  /** Logs a bug in the router. */
  readonly internalError: (error: unknown, work: string, session: RouterSession | undefined) => void;
}

/** Returns the log of what the router reports, throttled. */
export function routerLogs(clock: Clock, logger: Logger): RouterLogs {
  const fault = throttledLog(clock, (fault: unknown, hook: string, more: number): void => {
    logger.error({ err: fault, hook, ...(more > 0 && { more }) }, 'internal error in a hook');
  });
  const dropped = throttledLog(clock, ({ session, owner, atMicros }: ScheduledBundle, _, more): void => {
    logger.warn(
      { session: session.id, owner: owner.key, atMicros, ...(more > 0 && { more }) },
      'a scheduled bundle was dropped: all that wait would take more than maxPendingBundleBytes',
    );
  });
  const failed = throttledLog(clock, ({ error, session }: Failure, work, more): void => {
    const fields = { err: error, work, session: session?.id, ...(more > 0 && { more }) };
    logger.error(fields, 'internal error in the router');
  });
  return {
    fault,
    bundleDropped: (bundle) => {
      dropped(bundle, 'bundle');
    },
    internalError: (error, work, session) => {
      failed({ error, session }, work);
    },
  };
}
