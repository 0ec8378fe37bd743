import { type Address, addressSegments, parseAddress } from '../../protocol/address.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { SetMessage } from '../../protocol/messages/message.js';
import { isLiteral, type Pattern } from '../../protocol/pattern.js';
import { AddressTree } from './address-tree.js';
import { DueQueue } from './due-queue.js';
import { OldestFirst } from './oldest-first.js';
import { Param } from './param.js';
import { type HistoryRule, ParamHistory } from './param-history.js';
import { RecencyList } from './recency-list.js';
import type { RouterSession } from './router-session.js';
import type { RestoredParam } from './router-state.js';

export interface ParamStoreOptions {
  /** Params kept; 0 = unlimited. */
  readonly maxParams: number;
  /**
   * Who makes room for a new param: `lru`, the one not written or read for the longest time; `oldest`, the one not written for
   * the longest; `reject`, nobody. A locked param goes last.
   */
  readonly eviction: 'lru' | 'oldest' | 'reject';
  /** Seconds of disuse after which a param goes that came without a TTL of its own; 0 = never. */
  readonly paramTtlSeconds: number;
  /** Seconds after which a lock ends by itself; 0 = never. */
  readonly maxLockSeconds: number;
  /** Which params keep values that were replaced. */
  readonly historyRules: readonly HistoryRule[];
}

/** Some two milliseconds. */
const MOST_EXPIRED_AT_ONCE = 1_000;

/** Revisions remembered of params that have gone, so that a param that comes back never counts from 1 again. */
const MAX_TOMBSTONES = 65_536;

/**
 * Every param: by its address, by the segments of it, by its last use, and by the time it expires. An expired param is
 * invisible from that instant on, whenever it is cleared away.
 */
export class ParamStore {
  readonly #options: ParamStoreOptions;
  readonly #params = new Map<string, Param>();
  readonly #tree = new AddressTree<Param>();
  readonly #free = new RecencyList();
  readonly #locked = new RecencyList();
  readonly #expiring = new DueQueue<Param>();
  /** Revisions by address. */
  readonly #tombstones = new OldestFirst<number>();
  #serial = 0;
  #evicted = 0;
  #expired = 0;

  constructor(options: ParamStoreOptions) {
    this.#options = options;
  }

  /** Params there are, those that have expired and are not cleared away yet included. */
  get size(): number {
    return this.#params.size;
  }

  get evicted(): number {
    return this.#evicted;
  }

  get expired(): number {
    return this.#expired;
  }

  /** The serial the next new param gets: everything below exists already. */
  get nextSerial(): number {
    return this.#serial;
  }

  /** When {@link expire} has something to do; Infinity when never. */
  get dueMicros(): number {
    return this.#expiring.dueMicros;
  }

  /** The param as it is at this instant: gone if it has expired, and free if its lock has. */
  get(address: string, nowMicros: number): Param | undefined {
    const param = this.#params.get(address);
    if (param === undefined) return undefined;
    if (nowMicros >= param.expiresAtMicros) {
      this.#expire(param);
      return undefined;
    }
    if (nowMicros >= param.heldUntilMicros) this.unlock(param);
    return param;
  }

  /** Room for this many new params, without anybody being evicted against the options. */
  hasRoomFor(count: number): boolean {
    const { maxParams, eviction } = this.#options;
    return maxParams === 0 || eviction !== 'reject' || this.#params.size + count <= maxParams;
  }

  atCapacity(address: string): ClaspError {
    const { maxParams } = this.#options;
    const text = `State store at capacity: the limit is ${maxParams} params`;
    return new ClaspError(ErrorCode.Overloaded, text, { address });
  }

  /**
   * The param at an address that has none. The caller writes its first value at once.
   *
   * @throws ClaspError 503 when there is no room and nobody makes any
   */
  create(address: Address): Param {
    this.#makeRoom(address);
    const param = new Param(address, this.#serial++, this.#tombstones.get(address) ?? 0);
    this.#tombstones.delete(address);
    param.ttlMicros = this.#options.paramTtlSeconds * 1_000_000;
    param.history = ParamHistory.for(address, this.#options.historyRules);
    this.#params.set(address, param);
    this.#tree.add(param);
    this.#free.add(param);
    return param;
  }

  /** Puts back what was there in an earlier life of the router. What has expired meanwhile leaves its revision behind. */
  restore(
    params: readonly RestoredParam[],
    gone: readonly (readonly [address: string, revision: number])[],
    nowMicros: number,
  ): void {
    for (const [address, revision] of gone) this.#bury(address, revision);
    for (const restored of params) {
      const { address, revision, expiresAtMicros = Infinity } = restored;
      if (expiresAtMicros <= nowMicros) {
        this.#bury(address, revision);
        continue;
      }
      const param = this.#params.get(address) ?? this.create(parseAddress(address));
      param.restore(restored);
      param.expiresAtMicros = expiresAtMicros;
      this.#queue(param);
    }
  }

  /** All visible params, in the order in which they would make room: whoever restores them in this order keeps it. */
  *inOrderOfUse(nowMicros: number): IterableIterator<Param> {
    for (const list of [this.#free, this.#locked]) {
      for (let param = list.earliest; param !== undefined; param = param.later)
        if (param.isVisible(nowMicros)) yield param;
    }
  }

  /** Revisions reached by params that have gone, the oldest first. */
  get gone(): IterableIterator<[address: string, revision: number]> {
    return this.#tombstones.entries();
  }

  /** A param was written: it is used, and its time begins anew. */
  written(param: Param, { ttl, absolute }: SetMessage, nowMicros: number): void {
    if (ttl !== undefined) {
      param.ttlMicros = ttl * 1_000_000; // 0 is never, in either spelling (wire.md 11)
      param.ttlIsAbsolute = absolute === true;
    }
    this.#listOf(param).touch(param);
    this.#renew(param, nowMicros);
  }

  /** A param was read by GET: that renews a sliding TTL. Appearing in a snapshot does not. */
  read(param: Param, nowMicros: number): void {
    if (this.#options.eviction === 'lru') this.#listOf(param).touch(param);
    if (!param.ttlIsAbsolute) this.#renew(param, nowMicros);
  }

  /** Takes a param out, as if it had expired. */
  remove(address: string): void {
    const param = this.#params.get(address);
    if (param !== undefined) this.#remove(param);
  }

  lock(param: Param, holder: RouterSession, nowMicros: number): void {
    const { maxLockSeconds } = this.#options;
    this.unlock(param);
    this.#free.remove(param);
    this.#locked.add(param);
    param.holder = holder;
    param.heldUntilMicros = maxLockSeconds === 0 ? Infinity : nowMicros + maxLockSeconds * 1_000_000;
    holder.locks.add(param);
  }

  unlock(param: Param): void {
    if (param.holder === undefined) return;
    param.holder.locks.delete(param);
    param.holder = undefined;
    param.heldUntilMicros = Infinity;
    this.#locked.remove(param);
    this.#free.add(param);
  }

  /**
   * All visible params that match, and undefined for those that had to be looked at to find that out. Lazy, and safe while params
   * come and go: a long walk can rest between ticks.
   */
  matching(pattern: Pattern): IterableIterator<Param | undefined> {
    if (pattern === '/**') return this.#params.values();
    if (!isLiteral(pattern)) return this.#tree.matching(addressSegments(pattern));
    const param = this.#params.get(pattern);
    return (param === undefined ? [] : [param]).values();
  }

  /**
   * Clears away what has expired, so much at a time: a hundred thousand at once would hold everybody up for 0.2 s. The rest stays
   * due, and is invisible all the same.
   */
  expire(nowMicros: number): void {
    for (let looked = 0; looked < MOST_EXPIRED_AT_ONCE; looked++) {
      const param = this.#expiring.popDue(nowMicros);
      if (param === undefined) return;
      if (param.isRemoved) continue;
      // Renewals only move the time in the param: its place in the queue follows here, when that has come up.
      if (param.queuedForMicros <= nowMicros) param.queuedForMicros = Infinity;
      if (param.expiresAtMicros <= nowMicros) this.#expire(param);
      else this.#queue(param);
    }
  }

  #renew(param: Param, nowMicros: number): void {
    param.expiresAtMicros = param.ttlMicros === 0 ? Infinity : nowMicros + param.ttlMicros;
    this.#queue(param);
  }

  #queue(param: Param): void {
    if (param.expiresAtMicros >= param.queuedForMicros) return;
    param.queuedForMicros = param.expiresAtMicros;
    this.#expiring.push(param, param.expiresAtMicros);
    // What was evicted meanwhile stays in the queue until it would have expired, unless there is too much of it.
    if (this.#expiring.size > 2 * this.#params.size + 1_024) this.#expiring.retain((queued) => !queued.isRemoved);
  }

  #expire(param: Param): void {
    this.#remove(param);
    this.#expired++;
  }

  #makeRoom(address: string): void {
    const { maxParams, eviction } = this.#options;
    if (maxParams === 0 || this.#params.size < maxParams) return;
    const victim = eviction === 'reject' ? undefined : (this.#free.earliest ?? this.#locked.earliest);
    if (victim === undefined) throw this.atCapacity(address);
    this.#remove(victim);
    this.#evicted++;
  }

  #remove(param: Param): void {
    this.unlock(param);
    this.#free.remove(param);
    this.#params.delete(param.address);
    this.#tree.remove(param);
    param.isRemoved = true;
    this.#bury(param.address, param.revision);
  }

  #bury(address: string, revision: number): void {
    this.#tombstones.set(address, revision);
    if (this.#tombstones.size > MAX_TOMBSTONES) this.#tombstones.deleteOldest();
  }

  #listOf(param: Param): RecencyList {
    return param.holder === undefined ? this.#free : this.#locked;
  }
}
