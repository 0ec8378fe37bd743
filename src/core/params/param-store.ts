import { type Address, addressSegments, parseAddress } from '../../protocol/address.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { SetMessage } from '../../protocol/messages/message.js';
import { isLiteral, parsePattern, type Pattern } from '../../protocol/pattern.js';
import type { StepCounter } from '../../protocol/step-counter.js';
import type { EncodedValue } from '../../protocol/values/encoded-value.js';
import { AddressTree } from './address-tree.js';
import { DueQueue } from '../scheduling/due-queue.js';
import { InsertionOrderMap } from '../quotas/insertion-order-map.js';
import { Param } from './param.js';
import { type HistoryRule, ParamHistory } from './param-history.js';
import { ParamShares } from './param-shares.js';
import type { RouterSession } from '../session.js';
import type { RestoredParam } from './stored-param.js';
import type { Slice } from '../scheduling/slice.js';

export interface ParamStoreOptions {
  /** Params kept; 0 = unlimited. */
  readonly maxParams: number;
  /** Bytes that all params may take, indexes included, roughly; 0 = unlimited. */
  readonly maxParamBytes: number;
  /**
   * Which param makes room for a new one: `lru`, the one not written or read for the longest time; `oldest`, the one not written for
   * the longest; `reject`, none. A locked param goes last. It is one of the owner that has most; for a session that may not write
   * everywhere, one of its own owner.
   */
  readonly eviction: 'lru' | 'oldest' | 'reject';
  /** Seconds of disuse after which a param goes that came without a TTL of its own; 0 = never. */
  readonly paramTtlSeconds: number;
  /** Seconds after which a lock ends by itself; 0 = never. */
  readonly maxLockSeconds: number;
  /** Which params keep values that were replaced. */
  readonly historyRules: readonly HistoryRule[];
}

/** Steps of clearing away a param, of queueing one again, and of releasing a lock. */
const EXPIRE_STEPS = 100;
const UNLOCK_STEPS = 10;

/** Revisions remembered of params that have gone, so that a param that comes back never counts from 1 again. */
const MAX_TOMBSTONES = 65_536;
/** Characters of their addresses together. */
const MAX_TOMBSTONE_CHARACTERS = 8_388_608;

/**
 * Every param: by its address, by the segments of it, by its last use, and by the time it expires. An expired param is
 * invisible from that instant on, whenever it is cleared away.
 */
export class ParamStore {
  readonly #options: ParamStoreOptions;
  readonly #params = new Map<string, Param>();
  readonly #tree = new AddressTree<Param>();
  readonly #shares = new ParamShares();
  readonly #expiring = new DueQueue<Param>();
  readonly #locked = new Map<RouterSession, Set<Param>>();
  /** Revisions by address. */
  readonly #tombstones = new InsertionOrderMap<number>();
  /** Locks that end from then on are not over yet: their holders may have renewed them, unread. Set by the owner. */
  unjudgedSinceMicros = Infinity;
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

  /** Params that wait for their time to expire. */
  get expiring(): number {
    return this.#expiring.size;
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

  /** When {@link runDue} has something to do; Infinity when never. */
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
    const { holder } = param;
    if (holder !== undefined && (holder.hasLeft || this.isLockOver(param, nowMicros))) this.unlock(param);
    return param;
  }

  /** Whether a lock has ended by itself. Not while its holder may have renewed it in input that was not read yet. */
  isLockOver({ heldUntilMicros }: Param, nowMicros: number): boolean {
    return nowMicros >= heldUntilMicros && heldUntilMicros < this.unjudgedSinceMicros;
  }

  /** Memory that all params take, roughly. */
  get bytes(): number {
    return this.#shares.bytes;
  }

  /**
   * Whether a session may create so many params, with values of so many bytes in all.
   *
   * @throws ClaspError 503
   */
  checkRoom(session: RouterSession, address: string, count: number, bytes: number): void {
    const excess = this.#excess(count, bytes);
    if (excess === undefined || this.#victim(session, excess, undefined) !== undefined) return;
    const { maxParams, maxParamBytes } = this.#options;
    const limit = excess === 'count' ? `${maxParams} params` : `${maxParamBytes} bytes`;
    throw new ClaspError(ErrorCode.Overloaded, `State store at capacity: the limit is ${limit}`, { address });
  }

  /**
   * The param at an address that has none, after {@link checkRoom}. The caller writes its first value at once.
   *
   * @param session whose owner answers for it; undefined for the router's own
   */
  create(address: Address, session: RouterSession | undefined): Param {
    const param = new Param(address, this.#serial++, this.#tombstones.get(address) ?? 0);
    this.#tombstones.delete(address);
    param.ttlMicros = this.#options.paramTtlSeconds * 1_000_000;
    param.history = ParamHistory.for(address, this.#options.historyRules);
    this.#params.set(address, param);
    this.#tree.add(param);
    this.#shares.add(param, session?.owner);
    if (session !== undefined) this.#makeRoom(session, param);
    return param;
  }

  /**
   * Puts back what was there in an earlier life of the router. What has expired meanwhile leaves its revision behind.
   *
   * @param stateAheadMicros microseconds by which the times of expiry are ahead of the monotonic clock
   */
  restore(
    params: readonly RestoredParam[],
    gone: readonly (readonly [address: string, revision: number])[],
    nowMicros: number,
    stateAheadMicros: number,
  ): void {
    for (const [address, revision] of gone) this.#bury(address, revision);
    for (const restored of params) {
      const { address, revision } = restored;
      const expiresAtMicros = (restored.expiresAtMicros ?? Infinity) - stateAheadMicros;
      if (expiresAtMicros <= nowMicros) {
        this.#bury(address, revision);
        continue;
      }
      const param = this.#params.get(address) ?? this.create(parseAddress(address), undefined);
      const before = param.heldBytes;
      param.restore(restored);
      this.#shares.resize(param, param.heldBytes - before);
      param.expiresAtMicros = expiresAtMicros;
      this.#queue(param);
    }
  }

  /** All visible params, in the order in which they would make room: whoever restores them in this order keeps it. */
  *inOrderOfUse(nowMicros: number): IterableIterator<Param> {
    const shares = [...this.#shares];
    for (const list of [...shares.map(({ free }) => free), ...shares.map(({ locked }) => locked)]) {
      for (let param = list.earliest; param !== undefined; param = param.later)
        if (param.isVisible(nowMicros)) yield param;
    }
  }

  /** Revisions reached by params that have gone, the oldest first. */
  get gone(): IterableIterator<[address: string, revision: number]> {
    return this.#tombstones.entries();
  }

  /**
   * Writes a param: it is used, and its time begins again. What it takes more than before makes others go.
   *
   * @param session the writer
   */
  write(
    param: Param,
    value: EncodedValue,
    { ttl, absolute }: SetMessage,
    session: RouterSession,
    nowMicros: number,
  ): void {
    const grown = param.write(value, session.id, nowMicros);
    if (grown !== 0) {
      this.#shares.resize(param, grown);
      this.#makeRoom(session, param);
    }
    if (ttl !== undefined) {
      param.ttlMicros = ttl * 1_000_000; // 0 is never, in either spelling (wire.md 11)
      param.ttlIsAbsolute = absolute === true;
    }
    param.share?.listOf(param).touch(param);
    this.#renew(param, nowMicros);
  }

  /** A param was read by GET: that renews a sliding TTL. Appearing in a snapshot does not. */
  read(param: Param, nowMicros: number): void {
    if (this.#options.eviction === 'lru') param.share?.listOf(param).touch(param);
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
    param.share?.free.remove(param);
    param.share?.locked.add(param);
    param.holder = holder;
    param.heldUntilMicros = maxLockSeconds === 0 ? Infinity : nowMicros + maxLockSeconds * 1_000_000;
    let locked = this.#locked.get(holder);
    if (locked === undefined) this.#locked.set(holder, (locked = new Set()));
    locked.add(param);
    holder.holdings.locks++;
  }

  unlock(param: Param): void {
    const { holder } = param;
    if (holder === undefined) return;
    const locked = this.#locked.get(holder);
    locked?.delete(param);
    if (locked?.size === 0) this.#locked.delete(holder);
    holder.holdings.locks--;
    param.holder = undefined;
    param.heldUntilMicros = Infinity;
    param.share?.locked.remove(param);
    param.share?.free.add(param);
  }

  /**
   * Releases the locks of a session that has left, piece by piece. They exclude no session any more: {@link get} releases them too.
   *
   * @returns the steps of each piece
   */
  *unlocking(holder: RouterSession): Generator<number, void> {
    for (const param of this.#locked.get(holder) ?? []) {
      this.unlock(param);
      yield UNLOCK_STEPS;
    }
  }

  /**
   * All visible params that match, and undefined for those that had to be looked at to find that out. Lazy, and safe while params
   * come and go: a long walk can rest between ticks.
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
   * Clears away what has expired, until the slice is over: a hundred thousand at once would block the router for 0.2 s. The rest stays
   * due, and is invisible all the same.
   */
  runDue(nowMicros: number, slice: Slice): void {
    while (!slice.isOver) {
      const param = this.#expiring.popDue(nowMicros);
      if (param === undefined) return;
      slice.spend(EXPIRE_STEPS);
      param.expiry = undefined;
      // A renewal only moves the time in the param: its entry follows here, when it comes up.
      if (param.expiresAtMicros <= nowMicros) this.#expire(param);
      else this.#queue(param);
    }
  }

  #renew(param: Param, nowMicros: number): void {
    param.expiresAtMicros = param.ttlMicros === 0 ? Infinity : nowMicros + param.ttlMicros;
    this.#queue(param);
  }

  /** One entry per param at most. A later time is left to {@link runDue}: a fader renews its TTL with each write. */
  #queue(param: Param): void {
    const { expiry, expiresAtMicros } = param;
    if (expiry === undefined) {
      if (expiresAtMicros !== Infinity) param.expiry = this.#expiring.push(param, expiresAtMicros);
    } else if (expiresAtMicros < expiry.dueMicros) {
      this.#expiring.move(expiry, expiresAtMicros);
    }
  }

  #expire(param: Param): void {
    this.#remove(param);
    this.#expired++;
  }

  /** What would be passed with so many more params and bytes. */
  #excess(count: number, bytes: number): 'count' | 'bytes' | undefined {
    const { maxParams, maxParamBytes } = this.#options;
    if (maxParams > 0 && this.#params.size + count > maxParams) return 'count';
    return maxParamBytes > 0 && this.#shares.bytes + bytes > maxParamBytes ? 'bytes' : undefined;
  }

  /** Removes others until what a session has just written fits. */
  #makeRoom(session: RouterSession, written: Param): void {
    for (let excess = this.#excess(0, 0); excess !== undefined; excess = this.#excess(0, 0)) {
      const victim = this.#victim(session, excess, written);
      if (victim === undefined) return;
      this.#remove(victim);
      this.#evicted++;
    }
  }

  /**
   * Which param makes room for one of a session. One that may write everywhere takes from the owner that has most; one with a narrow
   * token never reaches beyond what it may write: it takes from its own owner, and its first from another only where its token reaches.
   */
  #victim(session: RouterSession, size: 'count' | 'bytes', written: Param | undefined): Param | undefined {
    if (this.#options.eviction === 'reject') return undefined;
    const { owner, permissions } = session;
    const own = this.#shares.of(owner);
    const isNarrow = !permissions.covers('write', EVERYTHING);
    const ownEarliest = own?.earliestBut(written);
    if (isNarrow && ownEarliest !== undefined) return ownEarliest;
    const victim = this.#shares.largest(owner, size)?.earliestBut(written) ?? ownEarliest;
    return victim === undefined || !isNarrow || permissions.allows('write', victim.address) ? victim : undefined;
  }

  #remove(param: Param): void {
    this.unlock(param);
    this.#shares.remove(param);
    this.#params.delete(param.address);
    this.#tree.remove(param);
    if (param.expiry !== undefined) this.#expiring.remove(param.expiry);
    param.expiry = undefined;
    param.isRemoved = true;
    this.#bury(param.address, param.revision);
  }

  #bury(address: string, revision: number): void {
    this.#tombstones.set(address, revision);
    const tombstones = this.#tombstones;
    while (tombstones.size > MAX_TOMBSTONES || tombstones.characters > MAX_TOMBSTONE_CHARACTERS)
      tombstones.deleteOldest();
  }
}

const EVERYTHING = parsePattern('/**');
