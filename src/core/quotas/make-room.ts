import { Givers } from './givers.js';
import type { Owner } from './owner.js';
import type { Quota } from './quota.js';

/** Something that is kept for an owner. */
export interface Held {
  readonly owner: Owner;
  /** Memory it takes. */
  readonly bytes: number;
}

/** What {@link makeRoom} has found. */
export interface Room<T> {
  /** What has to go, in the order in which it was named. */
  readonly victims: readonly T[];
  /** Whether there is enough room without it. If not, what the quota counts has not changed. */
  readonly isEnough: boolean;
}

/**
 * Looks for room for an owner that has taken too much of a quota: whose things have to go, one by one, until there is enough. What they
 * took is given back to the quota.
 *
 * @param next the next thing of an owner that can go; undefined when the owner has no other
 */
export function makeRoom<T extends Held>(quota: Quota, asker: Owner, next: (giver: Owner) => T | undefined): Room<T> {
  const victims: T[] = [];
  if (!quota.exceedsTotal(0)) return { victims, isEnough: true };
  const givers = new Givers(quota, asker);
  while (quota.exceedsTotal(0)) {
    const giver = givers.next();
    if (giver === undefined) {
      for (const { owner, bytes } of victims) quota.take(owner, bytes);
      return { victims, isEnough: false };
    }
    const one = next(giver);
    if (one === undefined) {
      givers.skip();
    } else {
      quota.give(giver, one.bytes);
      victims.push(one);
    }
  }
  return { victims, isEnough: true };
}
