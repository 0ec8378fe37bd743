import { EvictionOrder } from './eviction-order.js';
import type { Owner } from './owner.js';
import type { Quota } from './quota.js';

/** An item that is stored for an owner. */
export interface Held {
  readonly owner: Owner;
  /** Memory in bytes. */
  readonly bytes: number;
}

/** Result of {@link makeRoom}. */
export interface Room<T> {
  /** Items to evict, in the order of selection. */
  readonly victims: readonly T[];
  /** Whether their eviction makes enough room. If not, the quota is unchanged. */
  readonly isEnough: boolean;
}

/**
 * Selects items to evict, one by one, for an owner that exceeds a quota. Returns their memory to the quota.
 *
 * @param next returns the next item of an owner to evict; undefined if it has no other
 */
export function makeRoom<T extends Held>(
  quota: Quota,
  requester: Owner,
  next: (donor: Owner) => T | undefined,
): Room<T> {
  const victims: T[] = [];
  if (!quota.exceedsTotal(0)) return { victims, isEnough: true };
  const order = new EvictionOrder(quota, requester);
  while (quota.exceedsTotal(0)) {
    const donor = order.next();
    if (donor === undefined) {
      for (const { owner, bytes } of victims) quota.take(owner, bytes);
      return { victims, isEnough: false };
    }
    const one = next(donor);
    if (one === undefined) {
      order.skip();
    } else {
      quota.give(donor, one.bytes);
      victims.push(one);
    }
  }
  return { victims, isEnough: true };
}
