import type { Owner } from '../quotas/owner.js';
import { type Linked, RecencyList } from './recency-list.js';

/** What a share needs to know of a param. */
interface Shared<T> extends Linked<T> {
  readonly holder: unknown;
}

/** The params that one owner created. */
export class ParamShare<T extends Shared<T>> {
  /** undefined for what a router began with. */
  readonly owner: Owner | undefined;
  /** In the order of their use. */
  readonly free = new RecencyList<T>();
  readonly locked = new RecencyList<T>();
  count = 0;
  bytes = 0;

  constructor(owner: Owner | undefined) {
    this.owner = owner;
  }

  /** The param that makes room for another one; a locked one goes last. */
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
