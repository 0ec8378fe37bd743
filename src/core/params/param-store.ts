import { DirectParams } from '../direct/direct-params.js';
import type { paramStoreOptions } from './param-options.js';
import type { OptionValues } from '../../util/option.js';
import { type Address, addressSegments, parseAddress } from '../../protocol/address.js';
import type { SetMessage } from '../../protocol/messages/message.js';
import { isLiteral, type Pattern } from '../../protocol/pattern.js';
import type { StepCounter } from '../../protocol/step-counter.js';
import type { EncodedValue } from '../../protocol/values/encoded-value.js';
import { type Changes, noChanges } from '../changes.js';
import { Eviction } from './eviction.js';
import { ExpiryQueue } from './expiry-queue.js';
import { AddressTree } from './address-tree.js';
import { noParamWatch, type ParamWatch } from '../param-watch.js';
import { Param } from './param.js';
import { ParamHistory } from './param-history.js';
import { ParamLocks } from './param-locks.js';
import { ParamShares } from './param-shares.js';
import { LargeMap } from '../../util/large-map.js';
import type { RouterSession } from '../session.js';
import { type RestoredParams, restoreParams } from './restore-params.js';
import { Tombstones } from './tombstones.js';
import type { Slice } from '../scheduling/slice.js';

export type ParamStoreOptions = OptionValues<typeof paramStoreOptions>;

/** Steps of removing a param, and of requeuing one. */
const EXPIRE_STEPS = 100;

/**
 * All params, indexed by address, segments, last use and expiry. An expired param is invisible at once, even before its
 * removal.
 */
export class ParamStore {
  readonly #options: ParamStoreOptions;
  readonly #changes: Changes;
  readonly #watch: ParamWatch;
  readonly #params = new LargeMap<Param>();
  readonly #tree = new AddressTree<Param>();
  readonly #shares = new ParamShares();
  readonly #expiring = new ExpiryQueue();
  readonly eviction: Eviction;
  readonly locks: ParamLocks;
  readonly #tombstones = new Tombstones();
  readonly #direct: DirectParams;
  #serial = 0;
  #evicted = 0;
  #expired = 0;

  /**
   * @param changes receives removals and locks that end
   * @param watch sees every param before it changes
   * @param direct the params that are found by the bytes of their addresses; removed ones are removed from it
   */
  constructor(
    options: ParamStoreOptions,
    changes: Changes = noChanges,
    watch: ParamWatch = noParamWatch,
    direct = new DirectParams(),
  ) {
    this.#options = options;
    this.eviction = new Eviction(options, this.#params, this.#shares);
    this.#changes = changes;
    this.#watch = watch;
    this.locks = new ParamLocks(options.maxLockSeconds, changes);
    this.#direct = direct;
  }

  /** Number of params, including expired ones that are not removed yet. */
  get size(): number {
    return this.#params.size;
  }

  /** Number of params that wait to expire. */
  get expiring(): number {
    return this.#expiring.size;
  }

  get evicted(): number {
    return this.#evicted;
  }

  get expired(): number {
    return this.#expired;
  }

  /** Serial of the next new param. All existing params have lower ones. */
  get nextSerial(): number {
    return this.#serial;
  }

  /** When {@link runDue} has work; Infinity = never. */
  get dueMicros(): number {
    return this.#expiring.dueMicros;
  }

  /** Returns the param at this time: undefined if expired, and unlocked if its lock is over. */
  get(address: string, nowMicros: number): Param | undefined {
    const param = this.#params.get(address);
    if (param === undefined) return undefined;
    if (nowMicros >= param.expiresAtMicros) {
      this.#expire(param, nowMicros);
      return undefined;
    }
    const { holder } = param;
    if (holder !== undefined && (holder.hasLeft || this.locks.isOver(param, nowMicros))) this.locks.release(param);
    return param;
  }

  /** Approximate memory of all params in bytes. */
  get bytes(): number {
    return this.#shares.bytes;
  }

  /** Returns the param of an address, also if it or its lock has expired. */
  peek(address: string): Param | undefined {
    return this.#params.get(address);
  }

  /**
   * Creates a param at an unused address, after {@link Eviction.checkCapacity}. The caller must write its first value at once.
   *
   * @param session whose owner is charged; undefined for the router's own
   */
  create(address: Address, session: RouterSession | undefined, nowMicros: number): Param {
    const param = new Param(address, this.#serial++, this.#tombstones.take(address));
    param.ttlMicros = this.#options.paramTtlSeconds * 1_000_000;
    param.history = ParamHistory.for(address, this.#options.historyRules);
    this.#params.set(address, param);
    this.#tree.add(param);
    this.#shares.add(param, session?.owner);
    if (session !== undefined) this.#makeRoom(session, param, nowMicros);
    return param;
  }

  /**
   * Restores the params of a persisted state. Params that expired in the meantime leave their revision.
   *
   * @param stateAheadMicros microseconds by which the expiry times are ahead of the monotonic clock
   * @returns the number of params that were not admitted
   */
  restore(state: RestoredParams, nowMicros: number, stateAheadMicros: number): number {
    const into = { params: this.#params, shares: this.#shares, expiring: this.#expiring, tombstones: this.#tombstones };
    const create = (address: string): Param => this.create(parseAddress(address), undefined, nowMicros);
    return restoreParams({ ...into, eviction: this.eviction, create }, state, nowMicros, stateAheadMicros);
  }

  /** Returns all params, including expired ones. Lazy, and safe while params are added and removed. */
  all(): IterableIterator<Param> {
    return this.#params.values();
  }

  /** Returns all visible params in eviction order. Restoring them in this order preserves it. */
  *inOrderOfUse(nowMicros: number): IterableIterator<Param> {
    for (const param of this.#shares.inOrderOfUse()) if (param.isVisible(nowMicros)) yield param;
  }

  /** Returns the last revisions of removed params, oldest first. */
  get tombstones(): IterableIterator<[address: string, revision: number]> {
    return this.#tombstones.entries();
  }

  /**
   * Writes a param, which counts as use and restarts its TTL. Additional memory can evict other params.
   *
   * @param session the writer
   */
  write(
    param: Param,
    value: EncodedValue,
    { ttl, absolute, attachment }: SetMessage,
    session: RouterSession,
    nowMicros: number,
  ): void {
    if (param.stored !== this.#watch.generation) this.#watch.touch(param);
    let grown = param.write(value, session.id, nowMicros);
    if (attachment !== param.attachment) grown += param.attach(attachment);
    if (grown !== 0) {
      this.#shares.resize(param, grown);
      this.#makeRoom(session, param, nowMicros);
    }
    if (ttl !== undefined) {
      param.ttlMicros = ttl * 1_000_000; // 0 = never, in both notations (wire.md 11)
      param.ttlIsAbsolute = absolute === true;
    }
    param.share?.listOf(param).touch(param);
    this.#expiring.renew(param, nowMicros);
  }

  /**
   * Writes a canonical value of a SET without TTL, as {@link write} does.
   *
   * @param param unlocked, not expired, and without a history
   * @returns false without an effect if the value needs other memory than the present one
   */
  overwrite(
    param: Param,
    type: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    session: RouterSession,
    nowMicros: number,
  ): boolean {
    if (!param.fits(end - start)) return false;
    if (param.stored !== this.#watch.generation) this.#watch.touch(param);
    param.overwrite(type, bytes, start, end, session.id, nowMicros);
    param.share?.free.touch(param);
    this.#expiring.renew(param, nowMicros);
    return true;
  }

  /** Counts a GET as use, which renews a sliding TTL. A snapshot does not. */
  read(param: Param, nowMicros: number): void {
    if (this.#options.eviction === 'lru') param.share?.listOf(param).touch(param);
    if (param.ttlIsAbsolute || param.ttlMicros === 0) return;
    if (param.stored !== this.#watch.generation) this.#watch.touch(param);
    this.#expiring.renew(param, nowMicros);
  }

  /** Removes a param as if it had expired. */
  remove(address: string): void {
    const param = this.#params.get(address);
    if (param !== undefined) this.#remove(param);
  }

  /**
   * Returns all visible matching params, and undefined for each checked param that does not match. Lazy, and safe while
   * params are added and removed, so a long walk can pause between ticks.
   *
   * @param counter counts the comparisons
   */
  matching(pattern: Pattern, counter?: StepCounter): IterableIterator<Param | undefined> {
    if (pattern === '/**') return this.#params.values();
    if (!isLiteral(pattern)) return this.#tree.matching(addressSegments(pattern), counter);
    const param = this.#params.get(pattern);
    return (param === undefined ? [] : [param]).values();
  }

  /**
   * Removes expired params until the slice ends: a hundred thousand at once would block the router for 0.2 s. The rest
   * stays due, and is invisible already.
   */
  runDue(nowMicros: number, slice: Slice): void {
    while (!slice.isOver) {
      const param = this.#expiring.popDue(nowMicros);
      if (param === undefined) return;
      slice.spend(EXPIRE_STEPS);
      if (param.expiresAtMicros <= nowMicros) this.#expire(param, nowMicros);
      else this.#expiring.queue(param);
    }
  }

  #expire(param: Param, nowMicros: number): void {
    this.#remove(param);
    this.#changes.removed(param, 'expired', nowMicros);
    this.#expired++;
  }

  /** Evicts other params until the one just written fits. */
  #makeRoom(session: RouterSession, written: Param, nowMicros: number): void {
    let victim = this.eviction.next(session, written);
    while (victim !== undefined) {
      this.#remove(victim);
      this.#changes.removed(victim, 'evicted', nowMicros);
      this.#evicted++;
      victim = this.eviction.next(session, written);
    }
  }

  #remove(param: Param): void {
    if (param.stored !== this.#watch.generation) this.#watch.touch(param);
    this.locks.unlock(param);
    this.#shares.remove(param);
    this.#params.delete(param.address);
    this.#tree.remove(param);
    this.#expiring.remove(param);
    param.isRemoved = true;
    this.#direct.remove(param);
    this.#tombstones.add(param.address, param.revision);
  }
}
