import type { Eviction } from './eviction.js';
import type { ExpiryQueue } from './expiry-queue.js';
import type { LargeMap } from '../../util/large-map.js';
import type { Param } from './param.js';
import type { ParamShares } from './param-shares.js';
import type { RestoredParam } from './stored-param.js';
import type { Tombstones } from './tombstones.js';

/** Params of an earlier router. */
export interface RestoredParams {
  readonly params: readonly RestoredParam[];
  /** Last revisions of removed params. */
  readonly gone: readonly (readonly [address: string, revision: number])[];
  /**
   * Whether params are admitted up to the limits only, latest use first, and none replaces an existing one. Otherwise
   * all are restored, earliest use first.
   *
   * @default false
   */
  readonly isLimited?: boolean;
}

/** The components of the store that get the params. */
export interface RestoreTarget {
  readonly params: Pick<LargeMap<Param>, 'get'>;
  readonly shares: ParamShares;
  readonly expiring: ExpiryQueue;
  readonly tombstones: Tombstones;
  readonly eviction: Eviction;
  readonly create: (address: string) => Param;
}

/** Restores params: see `ParamStore.restore`. */
export function restoreParams(
  target: RestoreTarget,
  { params, gone, isLimited = false }: RestoredParams,
  nowMicros: number,
  stateAheadMicros: number,
): number {
  let refused = 0;
  for (const [address, revision] of gone) target.tombstones.add(address, revision);
  for (const restored of params) {
    const { address, revision } = restored;
    const expiresAtMicros = (restored.expiresAtMicros ?? Infinity) - stateAheadMicros;
    const known = target.params.get(address);
    if (isLimited && known !== undefined) {
      known.revision = Math.max(known.revision, revision); // written since the router was created: it stays
    } else if (expiresAtMicros <= nowMicros) {
      target.tombstones.add(address, revision);
    } else if (isLimited && target.eviction.isFullFor(restored.value.byteLength)) {
      target.tombstones.add(address, revision);
      refused++;
    } else {
      const param = known ?? target.create(address);
      const before = param.heldBytes;
      param.restore(restored);
      target.shares.resize(param, param.heldBytes - before);
      if (isLimited) target.shares.usedFirst(param);
      param.expiresAtMicros = expiresAtMicros;
      target.expiring.queue(param);
    }
  }
  return refused;
}
