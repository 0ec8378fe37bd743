import { signalTypeMask, type SignalType, signalTypes } from '../../protocol/enumerations.js';
import type { SubscribeOptions } from '../../protocol/messages/message.js';
import type { Pattern } from '../../protocol/pattern.js';
import { StepCounter } from '../../protocol/step-counter.js';
import { isPacedType, leastRestrictive, type Pace, type PacedType, paceOf } from './rate-policy.js';
import type { PacedSubscription } from './paced-subscription.js';
import { MatchCosts } from './match-cost.js';
import { nodesOf, PatternTrie } from './pattern-trie.js';
import type { RouterSession } from '../session.js';
import type { WireForm } from '../delivery/wire-form.js';

/** One SUBSCRIBE that is in force. */
export interface Subscription {
  readonly session: RouterSession;
  readonly id: number;
  readonly pattern: Pattern;
  /** Signal types it lets through, as the wire's mask. */
  readonly typeMask: number;
  readonly options: SubscribeOptions | undefined;
}

export function subscription(
  session: RouterSession,
  id: number,
  pattern: Pattern,
  types: readonly SignalType[] | undefined,
  options: SubscribeOptions | undefined,
): Subscription {
  return { session, id, pattern, typeMask: signalTypeMask(types), options };
}

/** Whether signals of this type pass. */
export function acceptsType({ typeMask }: Subscription, type: SignalType): boolean {
  return (typeMask & signalTypeMask([type])) !== 0;
}

/** Those who get a message: each session once, whatever it subscribed to. */
export interface Recipients {
  /** Those who get every one, by the form it has to be written in. */
  readonly groups: readonly RecipientGroup[];
  /** Those who asked for less. */
  readonly paced: readonly PacedSubscription[];
}

export interface RecipientGroup {
  readonly form: WireForm;
  readonly sessions: readonly RouterSession[];
}

/** Follows those who are paced; see Pacing. */
export type ResolvePaced = (
  type: PacedType,
  address: string,
  paces: ReadonlyMap<RouterSession, Pace>,
  isSubscribed: (session: RouterSession) => boolean,
) => readonly PacedSubscription[];

/** Whether a session may hear of an address. */
export type CanSee = (session: RouterSession, address: string) => boolean;

interface SessionSubscriptions {
  readonly byId: Map<number, Subscription>;
  /** In all of their patterns. */
  segments: number;
}

interface CacheEntry {
  readonly matches: readonly Subscription[];
  /** One list for each signal type, made when first asked for; the last is for messages without a type. */
  readonly lists: (Recipients | undefined)[];
}

/** Addresses whose recipients are remembered. A full cache starts over. */
const MAX_CACHED_ADDRESSES = 65_536;
/** Memory of all of them, unless the budget of the router says otherwise. */
const MAX_CACHED_BYTES = 67_108_864;
/** Memory of an address, of each of its characters, and of each matching subscription and each recipient. */
const ADDRESS_BYTES = 300;
const CHARACTER_BYTES = 2;
const REFERENCE_BYTES = 8;

/** Steps of looking up an address that is not remembered, beside those of the match. */
const MISS_STEPS = 150;

/**
 * Who subscribed to what. A trie of pattern segments is the truth; what it says about an address is remembered until
 * any subscription changes, so that a message costs the same with ten patterns as with ten thousand.
 */
export class SubscriptionIndex {
  readonly #trie = new PatternTrie<Subscription>();
  readonly #costs = new MatchCosts();
  readonly #cache = new Map<string, CacheEntry>();
  readonly #resolvePaced: ResolvePaced;
  readonly #canSee: CanSee;
  readonly #counter: StepCounter;
  readonly #sessions = new Map<RouterSession, SessionSubscriptions>();
  readonly #maxCachedBytes: number;
  #cachedBytes = 0;
  #size = 0;
  /** Something changed since the cache was filled. Emptying it at the next look-up also lets go of departed sessions. */
  #stale = false;

  /**
   * @param counter counts the steps of each match that was not remembered
   * @param maxCachedBytes memory that what is remembered of addresses may take
   */
  constructor(
    resolvePaced: ResolvePaced,
    shows: CanSee,
    counter: StepCounter = new StepCounter(),
    maxCachedBytes = MAX_CACHED_BYTES,
  ) {
    this.#maxCachedBytes = maxCachedBytes;
    this.#resolvePaced = resolvePaced;
    this.#canSee = shows;
    this.#counter = counter;
  }

  get size(): number {
    return this.#size;
  }

  /** Memory that what is remembered of addresses takes, roughly. */
  get cachedBytes(): number {
    return this.#cachedBytes;
  }

  /** Whether not even a branch without subscriptions is left. */
  get isEmpty(): boolean {
    return this.#trie.isEmpty;
  }

  /** Whether any pattern begins with this very segment. */
  hasBelow(segment: string): boolean {
    return this.#trie.hasBelow(segment);
  }

  /** The sessions that have subscriptions. */
  get sessions(): Iterable<RouterSession> {
    return this.#sessions.keys();
  }

  /** The subscriptions of a session. They may be removed during the walk. */
  of(session: RouterSession): Iterable<Subscription> {
    return this.#sessions.get(session)?.byId.values() ?? [];
  }

  find(session: RouterSession, id: number): Subscription | undefined {
    return this.#sessions.get(session)?.byId.get(id);
  }

  /** Segments in all patterns of a session together: what its subscriptions cost, some 100 bytes each. */
  segmentsOf(session: RouterSession): number {
    return this.#sessions.get(session)?.segments ?? 0;
  }

  /** The steps a match of an address would take at worst beside {@link BASE_STEPS}, if a pattern was added. */
  matchStepsWith(pattern: Pattern): number {
    return this.#costs.heaviestWith(pattern);
  }

  add(subscription: Subscription): void {
    const { session, id, pattern } = subscription;
    this.#trie.add(pattern, subscription);
    this.#costs.add(pattern);
    let own = this.#sessions.get(session);
    if (own === undefined) this.#sessions.set(session, (own = { byId: new Map(), segments: 0 }));
    own.byId.set(id, subscription);
    own.segments += nodesOf(pattern);
    session.holdings.subscriptions++;
    this.#size++;
    this.#stale = true;
  }

  /** Takes it out. */
  remove(subscription: Subscription): void {
    const { session, id, pattern } = subscription;
    const own = this.#sessions.get(session);
    if (own === undefined || !this.#trie.remove(pattern, subscription)) return;
    this.#costs.remove(pattern);
    own.byId.delete(id);
    own.segments -= nodesOf(pattern);
    if (own.byId.size === 0) this.#sessions.delete(session);
    session.holdings.subscriptions--;
    this.#size--;
    this.#stale = true;
  }

  /** Who gets a message of this type at this address; undefined type: whoever subscribed there to anything. */
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
    if (this.#cachedBytes > this.#maxCachedBytes) this.#stale = true;
    entry.lists[list] = resolved;
    return resolved;
  }

  #remember(address: string, entry: CacheEntry): void {
    const bytes = ADDRESS_BYTES + CHARACTER_BYTES * address.length + REFERENCE_BYTES * entry.matches.length;
    if (this.#cache.size >= MAX_CACHED_ADDRESSES || this.#cachedBytes + bytes > this.#maxCachedBytes)
      this.#clearCache();
    this.#cachedBytes += bytes;
    this.#cache.set(address, entry);
  }

  #clearCache(): void {
    this.#cache.clear();
    this.#cachedBytes = 0;
    this.#stale = false;
  }

  /** Whoever gets messages of an address is looked up anew for the next one. */
  forget(address: string): void {
    this.#cache.delete(address);
  }

  /** The same for all addresses. */
  forgetAll(): void {
    this.#stale = true;
  }

  /** Every subscription whose pattern matches, straight from the trie. */
  matches(address: string): ReadonlySet<Subscription> {
    return this.#trie.matches(address, this.#counter);
  }

  #resolve(matches: readonly Subscription[], address: string, type: SignalType | undefined): Recipients {
    const mask = signalTypeMask(type === undefined ? undefined : [type]);
    const sessions = new Map<RouterSession, Pace | undefined>();
    this.#counter.steps += matches.length;
    for (const { session, typeMask, options } of matches) {
      if ((typeMask & mask) === 0 || !this.#canSee(session, address)) continue;
      const pace = paceOf(options, type);
      sessions.set(session, sessions.has(session) ? leastRestrictive(sessions.get(session), pace) : pace);
    }
    this.#cachedBytes += REFERENCE_BYTES * sessions.size;
    const paces = new Map<RouterSession, Pace>();
    const unpaced: RouterSession[] = [];
    for (const [session, pace] of sessions) {
      if (pace === undefined) unpaced.push(session);
      else paces.set(session, pace);
    }
    const paced = isPacedType(type)
      ? this.#resolvePaced(type, address, paces, (session) => sessions.has(session))
      : nobody;
    return { groups: groupByForm(unpaced), paced };
  }
}

const nobody: readonly PacedSubscription[] = [];

/** Sessions by the form in which they are written to. */
export function groupByForm(sessions: Iterable<RouterSession>): readonly RecipientGroup[] {
  const groups: { form: WireForm; sessions: RouterSession[] }[] = [];
  for (const session of sessions) {
    const group = groups.find(({ form }) => form === session.form);
    if (group === undefined) groups.push({ form: session.form, sessions: [session] });
    else group.sessions.push(session);
  }
  return groups;
}
