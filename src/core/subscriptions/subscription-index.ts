import { signalTypeMask, type SignalType, signalTypes } from '../../protocol/enumerations.js';
import type { LogMask } from '../change.js';
import { type Changes, noChanges } from '../changes.js';
import type { Pattern } from '../../protocol/pattern.js';
import { StepCounter } from '../../protocol/step-counter.js';
import { isPacedType, leastRestrictive, type Pace, type PacedType } from './rate-policy.js';
import type { PacedSubscription } from './paced-subscription.js';
import { MatchCosts } from './match-cost.js';
import { nodesOf, PatternTrie } from './pattern-trie.js';
import type { RecipientGroup } from './recipient-group.js';
import type { SessionPattern } from './session-pattern.js';
import { SessionSubscriptions } from './session-subscriptions.js';
import type { Subscription } from './subscription.js';
import type { RouterSession } from '../session.js';
import type { WireForm } from '../delivery/wire-form.js';

/** Recipients of a message: each session once, regardless of its subscriptions. */
export interface Recipients {
  /** Unrestricted recipients, by wire form. */
  readonly groups: readonly RecipientGroup[];
  /** Recipients with a requested rate. */
  readonly paced: readonly PacedSubscription[];
  /** The change logs that want these messages. */
  readonly logs: LogMask;
}

/** Tracks paced recipients; see Pacing. */
export type ResolvePaced = (
  type: PacedType,
  address: string,
  paces: ReadonlyMap<RouterSession, Pace>,
  isSubscribed: (session: RouterSession) => boolean,
) => readonly PacedSubscription[];

/** Whether a session can see an address. */
export type CanSee = (session: RouterSession, address: string) => boolean;

interface CacheEntry {
  readonly matches: readonly SessionPattern[];
  /** One list per signal type, created on demand; the last is for messages without a type. */
  readonly lists: (Recipients | undefined)[];
}

/** Maximum addresses in the recipient cache. A full cache is emptied. */
const MAX_CACHED_ADDRESSES = 65_536;
/** Maximum memory of the cache, unless the router's memory budget sets another. */
const MAX_CACHED_BYTES = 67_108_864;
/** Memory of an address, of each of its characters, and of each matching pattern of a session and recipient. */
const ADDRESS_BYTES = 300;
const CHARACTER_BYTES = 2;
const REFERENCE_BYTES = 8;

/** Steps of a cache miss, without those of the match. */
const MISS_STEPS = 150;

/**
 * Subscriptions by pattern. A trie of pattern segments is authoritative. Its result for an address is cached until any
 * subscription changes, so a message costs the same with ten patterns as with ten thousand.
 */
export class SubscriptionIndex {
  readonly #changes: Pick<Changes, 'logsOf'>;
  readonly #trie = new PatternTrie<SessionPattern>();
  readonly #costs = new MatchCosts();
  readonly #cache = new Map<string, CacheEntry>();
  readonly #resolvePaced: ResolvePaced;
  readonly #canSee: CanSee;
  readonly #counter: StepCounter;
  readonly #sessions = new Map<RouterSession, SessionSubscriptions>();
  /** Maximum memory of the cache in bytes. */
  readonly maxCachedBytes: number;
  #cachedBytes = 0;
  #size = 0;
  /** A subscription changed since the cache was filled. Emptying it at the next lookup also releases ended sessions. */
  #stale = false;
  #generation = 0;

  /**
   * @param counter counts the steps of each uncached match
   * @param maxCachedBytes maximum memory of the cache
   */
  constructor(
    resolvePaced: ResolvePaced,
    shows: CanSee,
    counter: StepCounter = new StepCounter(),
    maxCachedBytes = MAX_CACHED_BYTES,
    changes: Pick<Changes, 'logsOf'> = noChanges,
  ) {
    this.#changes = changes;
    this.maxCachedBytes = maxCachedBytes;
    this.#resolvePaced = resolvePaced;
    this.#canSee = shows;
    this.#counter = counter;
  }

  get size(): number {
    return this.#size;
  }

  /** Changes whenever the recipients of any address can change. */
  get generation(): number {
    return this.#generation;
  }

  /** Approximate memory of the cache in bytes. */
  get cachedBytes(): number {
    return this.#cachedBytes;
  }

  /** Whether the trie has no nodes left. */
  get isEmpty(): boolean {
    return this.#trie.isEmpty;
  }

  /** Whether any pattern begins with this literal segment. */
  hasBelow(segment: string): boolean {
    return this.#trie.hasBelow(segment);
  }

  /** Sessions with subscriptions. */
  get sessions(): Iterable<RouterSession> {
    return this.#sessions.keys();
  }

  /** Returns the subscriptions of a session. They can be removed during iteration. */
  of(session: RouterSession): Iterable<Subscription> {
    return this.#sessions.get(session)?.byId.values() ?? [];
  }

  find(session: RouterSession, id: number): Subscription | undefined {
    return this.#sessions.get(session)?.byId.get(id);
  }

  /** Total segments in the patterns of a session: about 100 bytes of memory per segment. */
  segmentsOf(session: RouterSession): number {
    return this.#sessions.get(session)?.segments ?? 0;
  }

  /** Returns the worst-case steps of a match, in addition to {@link BASE_STEPS}, if a pattern were added. */
  matchStepsWith(pattern: Pattern): number {
    return this.#costs.heaviestWith(pattern);
  }

  add(subscription: Subscription): void {
    const { session, id, pattern } = subscription;
    let own = this.#sessions.get(session);
    if (own === undefined) this.#sessions.set(session, (own = new SessionSubscriptions()));
    const added = own.add(subscription);
    if (added !== undefined) this.#trie.add(pattern, added);
    this.#costs.add(pattern);
    own.byId.set(id, subscription);
    own.segments += nodesOf(pattern);
    session.holdings.subscriptions++;
    this.#size++;
    this.forgetAll();
  }

  /** Removes a subscription. */
  remove(subscription: Subscription): void {
    const { session, id, pattern } = subscription;
    const own = this.#sessions.get(session);
    if (own?.byId.get(id) !== subscription) return;
    const removed = own.remove(subscription);
    if (removed !== undefined) this.#trie.remove(pattern, removed);
    this.#costs.remove(pattern);
    own.byId.delete(id);
    own.segments -= nodesOf(pattern);
    if (own.byId.size === 0) this.#sessions.delete(session);
    session.holdings.subscriptions--;
    this.#size--;
    this.forgetAll();
  }

  /**
   * Returns the recipients of a message of this type at this address; undefined type: all subscribers of the address.
   */
  recipients(address: string, type: SignalType | undefined): Recipients {
    if (this.#stale) this.#clearCache();
    let entry = this.#cache.get(address);
    if (entry === undefined) {
      this.#counter.steps += MISS_STEPS;
      entry = { matches: [...this.matches(address)], lists: [] };
      this.#remember(address, entry);
    }
    const list = type === undefined ? signalTypes.length : signalTypes.indexOf(type);
    const known = entry.lists[list];
    if (known !== undefined) return known;
    const resolved = this.#resolve(entry.matches, address, type);
    for (const { sessions } of resolved.groups) this.#cachedBytes += REFERENCE_BYTES * sessions.length;
    this.#cachedBytes += REFERENCE_BYTES * resolved.paced.length;
    if (this.#cachedBytes > this.maxCachedBytes) this.#stale = true;
    entry.lists[list] = resolved;
    return resolved;
  }

  /** Returns the same without the cache. Empties a stale cache: its entries refer to ended sessions. */
  resolve(address: string, type: SignalType): Recipients {
    if (this.#stale) this.#clearCache();
    this.#counter.steps += MISS_STEPS;
    return this.#resolve([...this.matches(address)], address, type);
  }

  #remember(address: string, entry: CacheEntry): void {
    const bytes = ADDRESS_BYTES + CHARACTER_BYTES * address.length + REFERENCE_BYTES * entry.matches.length;
    if (this.#cache.size >= MAX_CACHED_ADDRESSES || this.#cachedBytes + bytes > this.maxCachedBytes) this.#clearCache();
    this.#cachedBytes += bytes;
    this.#cache.set(address, entry);
  }

  #clearCache(): void {
    this.#cache.clear();
    this.#cachedBytes = 0;
    this.#stale = false;
  }

  /** Discards the cached recipients of an address. */
  forget(address: string): void {
    this.#cache.delete(address);
  }

  /** Discards all cached recipients. */
  forgetAll(): void {
    this.#stale = true;
    this.#generation++;
  }

  /** Returns the patterns of sessions that match, without the cache. */
  matches(address: string): ReadonlySet<SessionPattern> {
    return this.#trie.matches(address, this.#counter);
  }

  #resolve(matches: readonly SessionPattern[], address: string, type: SignalType | undefined): Recipients {
    const mask = signalTypeMask(type === undefined ? undefined : [type]);
    const sessions = new Map<RouterSession, Pace | undefined>();
    this.#counter.steps += matches.length;
    for (const match of matches) {
      const { session } = match;
      if (!match.accepts(mask) || !this.#canSee(session, address)) continue;
      const pace = match.paceOf(type);
      sessions.set(session, sessions.has(session) ? leastRestrictive(sessions.get(session), pace) : pace);
    }
    const paces = new Map<RouterSession, Pace>();
    const unpaced: RouterSession[] = [];
    for (const [session, pace] of sessions) {
      if (pace === undefined) unpaced.push(session);
      else paces.set(session, pace);
    }
    const paced = isPacedType(type)
      ? this.#resolvePaced(type, address, paces, (session) => sessions.has(session))
      : nobody;
    return { groups: groupByForm(unpaced), paced, logs: this.#changes.logsOf(address, type) };
  }
}

const nobody: readonly PacedSubscription[] = [];

/** Groups sessions by wire form. */
export function groupByForm(sessions: Iterable<RouterSession>): readonly RecipientGroup[] {
  const groups: { form: WireForm; sessions: RouterSession[] }[] = [];
  for (const session of sessions) {
    const group = groups.find(({ form }) => form === session.form);
    if (group === undefined) groups.push({ form: session.form, sessions: [session] });
    else group.sessions.push(session);
  }
  return groups;
}
