import { addressSegments } from '../../protocol/address.js';
import { signalTypeMask, type SignalType, signalTypes } from '../../protocol/enumerations.js';
import type { SubscribeOptions } from '../../protocol/messages/message.js';
import { matchSegment, type Pattern } from '../../protocol/pattern.js';
import { isPacedType, leastRestrictive, type Pace, type PacedType, paceOf } from './pace.js';
import type { Paced } from './paced.js';
import type { RouterSession } from './router-session.js';
import { isSystemAddress, SYSTEM_SEGMENT } from './system-addresses.js';
import type { WireForm } from './wire-form.js';

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
export function lets({ typeMask }: Subscription, type: SignalType): boolean {
  return (typeMask & signalTypeMask([type])) !== 0;
}

/** Those who get a message: each session once, whatever it subscribed to. */
export interface Recipients {
  /** Those who get every one, by the form it has to be written in. */
  readonly groups: readonly RecipientGroup[];
  /** Those who asked for less. */
  readonly paced: readonly Paced[];
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
) => readonly Paced[];

/** Whether a session may hear of an address. */
export type Shows = (session: RouterSession, address: string) => boolean;

/** A node for each pattern segment; the nodes of `*`, `**` and `x*y` stand beside the literal ones. */
class Node {
  readonly literals = new Map<string, Node>();
  readonly partials = new Map<string, Node>();
  star: Node | undefined;
  globstar: Node | undefined;
  /** Whether this node stands for `**` and so may swallow segments. */
  readonly isGlobstar: boolean;
  readonly subscriptions = new Set<Subscription>();
  /** A number of its own, so that (node, segment) pairs already seen can be told by one integer. */
  readonly serial: number;

  constructor(isGlobstar: boolean, serial: number) {
    this.isGlobstar = isGlobstar;
    this.serial = serial;
  }

  get isBare(): boolean {
    return (
      this.subscriptions.size === 0 &&
      this.literals.size === 0 &&
      this.partials.size === 0 &&
      this.star === undefined &&
      this.globstar === undefined
    );
  }
}

interface CacheEntry {
  readonly matches: ReadonlySet<Subscription>;
  /** One list for each signal type, made when first asked for; the last is for messages without a type. */
  readonly lists: (Recipients | undefined)[];
}

/** Addresses whose recipients are remembered, and recipients of all of them together. A full cache starts over. */
const MAX_CACHED_ADDRESSES = 65_536;
const MAX_CACHED_RECIPIENTS = 4_194_304;

/**
 * Who subscribed to what. A trie of pattern segments is the truth; what it says about an address is remembered until
 * any subscription changes, so that a message costs the same with ten patterns as with ten thousand.
 */
export class SubscriptionIndex {
  readonly #root = new Node(false, 0);
  readonly #cache = new Map<string, CacheEntry>();
  readonly #resolvePaced: ResolvePaced;
  readonly #shows: Shows;
  #cachedRecipients = 0;
  #serial = 1;
  #size = 0;
  /** Something changed since the cache was filled. Emptying it at the next look-up also lets go of departed sessions. */
  #stale = false;

  constructor(resolvePaced: ResolvePaced, shows: Shows) {
    this.#resolvePaced = resolvePaced;
    this.#shows = shows;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether not even a branch without subscriptions is left. */
  get isEmpty(): boolean {
    return this.#root.isBare;
  }

  /** Whether any pattern begins with this very segment. */
  hasBelow(segment: string): boolean {
    return this.#root.literals.has(segment);
  }

  add(subscription: Subscription): void {
    let node = this.#root;
    for (const segment of patternSegments(subscription.pattern)) node = this.#child(node, segment);
    node.subscriptions.add(subscription);
    this.#size++;
    this.#stale = true;
  }

  /** Takes it out and prunes the branch it leaves bare. */
  remove(subscription: Subscription): void {
    const segments = patternSegments(subscription.pattern);
    const path: Node[] = [this.#root];
    for (const segment of segments) {
      const next = existingChild(path.at(-1)!, segment);
      if (next === undefined) return;
      path.push(next);
    }
    if (!path.at(-1)!.subscriptions.delete(subscription)) return;
    for (let i = segments.length; i > 0 && path[i]!.isBare; i--) removeChild(path[i - 1]!, segments[i - 1]!);
    this.#size--;
    this.#stale = true;
  }

  /** Who gets a message of this type at this address; undefined type: whoever subscribed there to anything. */
  recipients(address: string, type: SignalType | undefined): Recipients {
    if (this.#stale || this.#cache.size > MAX_CACHED_ADDRESSES || this.#cachedRecipients > MAX_CACHED_RECIPIENTS) {
      this.#cache.clear();
      this.#cachedRecipients = 0;
      this.#stale = false;
    }
    let entry = this.#cache.get(address);
    if (entry === undefined) {
      entry = { matches: this.matches(address), lists: [] };
      this.#cache.set(address, entry);
    }
    const list = type === undefined ? signalTypes.length : signalTypes.indexOf(type);
    return (entry.lists[list] ??= this.#resolve(entry.matches, address, type));
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
    const segments = addressSegments(address);
    const found = new Set<Subscription>();
    // Only patterns with `**` can reach a node by two ways; remembering where we were keeps a chain of them at
    // nodes × segments steps instead of exponentially many.
    const seen = new Set<number>();
    const visit = (node: Node, at: number): void => {
      if (node.isGlobstar) {
        const place = node.serial * (segments.length + 1) + at;
        if (seen.has(place)) return;
        seen.add(place);
      }
      if (at === segments.length) {
        for (const subscription of node.subscriptions) found.add(subscription);
        if (node.globstar !== undefined) visit(node.globstar, at);
        return;
      }
      const segment = segments[at]!;
      if (node.isGlobstar) visit(node, at + 1);
      const literal = node.literals.get(segment);
      if (literal !== undefined) visit(literal, at + 1);
      if (node.star !== undefined) visit(node.star, at + 1);
      for (const [pattern, partial] of node.partials) {
        if (matchSegment(pattern, segment)) visit(partial, at + 1);
      }
      if (node.globstar !== undefined) visit(node.globstar, at);
    };
    if (isSystemAddress(address)) {
      const own = this.#root.literals.get(SYSTEM_SEGMENT);
      if (own !== undefined) visit(own, 1);
    } else {
      visit(this.#root, 0);
    }
    return found;
  }

  #resolve(matches: ReadonlySet<Subscription>, address: string, type: SignalType | undefined): Recipients {
    const mask = signalTypeMask(type === undefined ? undefined : [type]);
    const sessions = new Map<RouterSession, Pace | undefined>();
    for (const { session, typeMask, options } of matches) {
      if ((typeMask & mask) === 0 || !this.#shows(session, address)) continue;
      const pace = paceOf(options, type);
      sessions.set(session, sessions.has(session) ? leastRestrictive(sessions.get(session), pace) : pace);
    }
    this.#cachedRecipients += sessions.size;
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

  #child(node: Node, segment: string): Node {
    const existing = existingChild(node, segment);
    if (existing !== undefined) return existing;
    const child = new Node(segment === '**', this.#serial++);
    if (segment === '**') node.globstar = child;
    else if (segment === '*') node.star = child;
    else if (segment.includes('*')) node.partials.set(segment, child);
    else node.literals.set(segment, child);
    return child;
  }
}

/** Segments of a pattern; a run of `**` means what one `**` means. */
function patternSegments(pattern: Pattern): string[] {
  return addressSegments(pattern).filter((segment, i, all) => segment !== '**' || all[i - 1] !== '**');
}

function existingChild(node: Node, segment: string): Node | undefined {
  if (segment === '**') return node.globstar;
  if (segment === '*') return node.star;
  return segment.includes('*') ? node.partials.get(segment) : node.literals.get(segment);
}

function removeChild(node: Node, segment: string): void {
  if (segment === '**') node.globstar = undefined;
  else if (segment === '*') node.star = undefined;
  else if (segment.includes('*')) node.partials.delete(segment);
  else node.literals.delete(segment);
}

const nobody: readonly Paced[] = [];

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
