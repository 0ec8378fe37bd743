import type { Owner } from '../quotas/owner.js';
import { type Linked, RecencyList } from './recency-list.js';

/** The part of a param that a share uses. */
interface Shared<T> extends Linked<T> {
  readonly holder: unknown;
}

/** The params that one owner created. */
export class ParamShare<T extends Shared<T>> {
  /** undefined for restored params. */
  readonly owner: Owner | undefined;
  /** In order of use. */
  readonly free = new RecencyList<T>();
  readonly locked = new RecencyList<T>();
  count = 0;
  bytes = 0;

  constructor(owner: Owner | undefined) {
    this.owner = owner;
  }

  /** Returns the param to evict, other than `other`; locked params come last. */
  earliestBut(other: T | undefined): T | undefined {
    return firstBut(this.free.earliest, other) ?? firstBut(this.locked.earliest, other);
  }

  listOf(param: T): RecencyList<T> {
    return param.holder === undefined ? this.free : this.locked;
  }
}

function firstBut<T extends Linked<T>>(earliest: T | undefined, other: T | undefined): T | undefined {
  return earliest === other ? earliest?.later : earliest;
}
