import type { WatchedState } from '../../core/observers.js';
import type { RestoredParam } from '../../core/params/stored-param.js';
import type { ServiceRouter } from '../../router/service.js';
import type { LoadedParams } from './load-params.js';
import type { ParamsStore } from './params-store.js';
import { keptRevisions, type PersistRules } from './persist-rules.js';
import type { ClockPair, StoredParam } from './stored-state.js';

/** Params that are restored in one turn of the event loop. */
const SLICE = 2_000;

/** What receives a loaded state. */
export interface RestoreTarget {
  readonly router: ServiceRouter;
  readonly rules: PersistRules;
  readonly state: WatchedState;
  readonly now: ClockPair;
  readonly store: ParamsStore;
}

/** Restores what an earlier run has stored, the latest writes first, and reports what is incomplete. */
export async function restoreLoaded(loaded: LoadedParams, target: RestoreTarget): Promise<void> {
  const { router, rules, state, now } = target;
  const { state: stored } = loaded;
  const wasClean = stored.isClean;
  stored.beginRun(now, keptRevisions(rules));
  const kept: StoredParam[] = [];
  for (const param of stored.params.values()) if (rules.of(param.address) !== 'none') kept.push(param);
  kept.sort((one, other) => other.timestampMicros - one.timestampMicros);
  let refused = stored.params.size - kept.length;
  const params: RestoredParam[] = [];
  const signals = [...stored.signals.values()];
  refused += router.restore({ params: [], gone: [...stored.gone], signals, isLimited: true });
  for (const param of kept) {
    params.push(restoredParam(param, state.protocolAheadMicros));
    if (params.length < SLICE) continue;
    refused += router.restore({ params: params.splice(0), gone: [], signals: [], isLimited: true });
    await new Promise((resolve) => void setImmediate(resolve));
  }
  refused += router.restore({ params, gone: [], signals: [], isLimited: true });
  report(loaded, target, refused, wasClean);
}

function restoredParam(param: StoredParam, protocolAheadMicros: number): RestoredParam {
  const { address, value, revision, writer, timestampMicros, ttlSeconds, isAbsolute, expiresMicros } = param;
  return {
    address,
    value,
    revision,
    writer,
    timestampMicros,
    ...(ttlSeconds > 0 && { ttlSeconds }),
    ...(isAbsolute && { absolute: true }),
    ...(expiresMicros !== Infinity && { expiresAtMicros: expiresMicros + protocolAheadMicros }),
  };
}

function report(loaded: LoadedParams, { router, store }: RestoreTarget, refused: number, wasClean: boolean): void {
  const { logger } = router;
  const { state, damaged, tornBytes } = loaded;
  const stored = state.params.size;
  if (stored > 0) logger.info({ params: stored - refused }, `params restored: ${stored - refused}`);
  if (!wasClean) logger.warn({ tornBytes }, 'the router was not stopped properly; its last changes may be missing');
  for (const { file, start, end, fault } of damaged) {
    const why = fault === undefined ? '' : ` (${fault})`;
    const text = `${file} is damaged from byte ${start} to ${end}${why}; it is moved to damaged/`;
    logger.error({ file, start, end, fault }, text);
  }
  if (refused === 0) return;
  const name = store.pinLoaded();
  logger.warn(
    { stored, admitted: stored - refused, state: name },
    `${stored} params were stored, and this start admits ${stored - refused} of them. The others are kept: stop the ` +
      `router, raise its limits, and run clasp-router state restore ${name}`,
  );
}
