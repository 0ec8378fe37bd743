import type { Changes } from '../changes.js';
import type { RouterSession } from '../session.js';
import type { Param } from './param.js';

/** Steps of releasing a lock. */
const UNLOCK_STEPS = 10;

/** The locks of params, by holder. */
export class ParamLocks {
  readonly #maxLockMicros: number;
  readonly #changes: Changes;
  readonly #byHolder = new Map<RouterSession, Set<Param>>();
  /** Locks that end after this time are not over yet, because unread input may renew them. Set by the owner. */
  unjudgedSinceMicros = Infinity;

  /**
   * @param maxLockSeconds duration of a lock; 0 = unlimited
   * @param changes receives locks that end
   */
  constructor(maxLockSeconds: number, changes: Changes) {
    this.#maxLockMicros = maxLockSeconds === 0 ? Infinity : maxLockSeconds * 1_000_000;
    this.#changes = changes;
  }

  /** Locks a param, in place of an earlier lock. */
  lock(param: Param, holder: RouterSession, nowMicros: number): void {
    this.unlock(param);
    param.share?.free.remove(param);
    param.share?.locked.add(param);
    param.holder = holder;
    param.heldUntilMicros = nowMicros + this.#maxLockMicros;
    let locked = this.#byHolder.get(holder);
    if (locked === undefined) this.#byHolder.set(holder, (locked = new Set()));
    locked.add(param);
    holder.holdings.locks++;
  }

  /** Does nothing for a param without a lock. */
  unlock(param: Param): void {
    const { holder } = param;
    if (holder === undefined) return;
    const locked = this.#byHolder.get(holder);
    locked?.delete(param);
    if (locked?.size === 0) this.#byHolder.delete(holder);
    holder.holdings.locks--;
    param.holder = undefined;
    param.heldUntilMicros = Infinity;
    param.share?.locked.remove(param);
    param.share?.free.add(param);
  }

  /** Whether a lock has expired. It has not while unread input of its holder may renew it. */
  isOver({ heldUntilMicros }: Param, nowMicros: number): boolean {
    return nowMicros >= heldUntilMicros && heldUntilMicros < this.unjudgedSinceMicros;
  }

  /** Releases a lock that has ended. */
  release(param: Param): void {
    this.unlock(param);
    this.#changes.locked(param);
  }

  /**
   * Releases the locks of an ended session piece by piece. They no longer exclude other sessions:
   * `ParamStore.get` releases them too.
   *
   * @returns the steps of each piece
   */
  *releasing(holder: RouterSession): Generator<number, void> {
    for (const param of this.#byHolder.get(holder) ?? []) {
      this.release(param);
      yield UNLOCK_STEPS;
    }
  }
}
