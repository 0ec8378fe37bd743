import { addressSegments, segmentsFault } from '../../protocol/address.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import { detachedDefinition } from '../../protocol/messages/detached.js';
import type { SignalDefinition } from '../../protocol/messages/message.js';
import { isLiteral, parsePattern, type Pattern } from '../../protocol/pattern.js';
import { StepCounter } from '../../protocol/step-counter.js';
import { AddressTree } from '../params/address-tree.js';
import { Announced, type AnnouncedSignal, definitionBytes, segmentCount } from './announced-signal.js';
import { DueQueue } from '../scheduling/due-queue.js';
import { Owner, ROUTER } from '../quotas/owner.js';
import { PatternTrie } from '../subscriptions/pattern-trie.js';
import { type SignalLimits, SignalQuota } from './signal-quota.js';
import { checkDefinitionSize } from '../size-limits.js';
import { Slice } from '../scheduling/slice.js';
import { isSystemAddress, systemAddressRefused } from '../system/system-addresses.js';

export interface SignalDirectoryOptions extends SignalLimits {
  /** Seconds after its last ANNOUNCE that a definition is forgotten; 0 = never. */
  readonly signalTtlSeconds: number;
}

/** What an ANNOUNCE has to satisfy beside the limits of the directory. */
export interface AnnounceChecks {
  /** Looks at each address. May throw. */
  readonly check: (address: Pattern) => void;
  /** Counts the steps of what is done. */
  readonly counter: StepCounter;
  /** Steps the whole may take. */
  readonly maxSteps: number;
}

/** Steps of taking a definition in, and of each segment of its address in an index. */
const KEEP_STEPS = 40;
const SEGMENT_STEPS = 6;
/** Steps of forgetting a definition whose time is over. */
const EXPIRE_STEPS = 100;
/** Steps that an ANNOUNCE spends on what has expired before it looks for room. */
const STEPS_OF_EXPIRED = 4_096;

/** Addresses whose definition is remembered, and characters of the longest of them: 10 MB at the worst. A full cache starts over. */
const MAX_CACHED_ADDRESSES = 65_536;
const MAX_CACHED_LENGTH = 128;

/**
 * What has been announced, by address. An announced address may itself be a pattern; QUERY matches it as text. What a session
 * announced stays when the session ends, and then makes room before anything of others; see {@link SignalQuota}.
 */
export class SignalDirectory {
  readonly #options: SignalDirectoryOptions;
  /** What the router itself has announced never makes room. */
  readonly #router = new Owner(ROUTER);
  readonly #room: SignalQuota;
  /** By address, in the order of their first ANNOUNCE. */
  readonly #signals = new Map<string, Announced>();
  /** By the text of their addresses, for QUERY. */
  readonly #tree = new AddressTree<Announced>();
  /** Those announced for a pattern, by what it matches, if SETs are compared with them. */
  readonly #patterns = new PatternTrie<Announced>();
  /** What each owner has announced, in the order of the last ANNOUNCE. */
  readonly #byOwner = new Map<Owner, Set<Announced>>();
  readonly #expiring = new DueQueue<Announced>();
  /** The definition for a concrete address, until anything is announced or forgotten. */
  readonly #describing = new Map<string, SignalDefinition | undefined>();
  readonly #work: StepCounter;
  readonly #slice: Slice;
  #serial = 0;
  #evicted = 0;

  /** @param work counts the steps of {@link describing} */
  constructor(options: SignalDirectoryOptions, work: StepCounter = new StepCounter()) {
    this.#options = options;
    this.#room = new SignalQuota(options);
    this.#work = work;
    this.#slice = new Slice(work, work);
  }

  /** Definitions there are, those that have expired and are not cleared away yet included. */
  get size(): number {
    return this.#signals.size;
  }

  /** What all of them take, roughly. */
  get bytes(): number {
    return this.#room.bytes;
  }

  /** Definitions that made room for others. */
  get evicted(): number {
    return this.#evicted;
  }

  /** The serial of the next definition: everything below has been announced already. */
  get nextSerial(): number {
    return this.#serial;
  }

  /** When {@link runDue} has something to do; Infinity when never. */
  get dueMicros(): number {
    return this.#expiring.dueMicros;
  }

  /** Keeps what the router itself announces: no TTL ends it, and it never makes room. @throws ClaspError as {@link announce} */
  announceOwn(signals: readonly SignalDefinition[], nowMicros: number): void {
    this.announce(this.#router, signals, nowMicros);
  }

  /** Puts back what was announced to an earlier router; it makes room like what an owner left behind. @throws ClaspError as {@link announce} */
  restore(signals: readonly SignalDefinition[], nowMicros: number): void {
    const others = signals.filter(({ address }) => this.#signals.get(address)?.owner !== this.#router);
    this.announce(new Owner('restored'), others, nowMicros);
  }

  /**
   * Keeps the definitions of an owner, each in place of an earlier one at its address, and from now on: all of them, or none.
   *
   * @throws ClaspError 200 for an invalid address, 403 for one of the router's own, 402 for a definition that is too large, 400 for
   *   want of capacity, 429 when it takes too many steps to keep or to match, and what the checks throw
   */
  announce(owner: Owner, signals: readonly SignalDefinition[], nowMicros: number, checks?: AnnounceChecks): void {
    if (nowMicros >= this.dueMicros) this.runDue(nowMicros, this.#slice.begin(STEPS_OF_EXPIRED));
    const { counter = new StepCounter(), maxSteps = Infinity } = checks ?? {};
    const firstStep = counter.steps;
    const spend = (steps: number): void => {
      counter.steps += steps;
      if (counter.steps - firstStep > maxSteps) throw tooCostly(signals.length, maxSteps);
    };
    /** Of several for one address the last counts, at its place. */
    const fresh = new Map<string, AnnouncedSignal>();
    for (const signal of signals) {
      const address = parseAnnounced(signal.address);
      checkDefinitionSize(signal);
      checks?.check(address);
      const indexes = this.#isMatched(address) ? 2 : 1;
      fresh.delete(address);
      fresh.set(address, { address, definition: signal, owner, bytes: definitionBytes(signal, indexes) });
      spend(KEEP_STEPS + SEGMENT_STEPS * segmentCount(address) * indexes);
    }
    const formers: Announced[] = [];
    for (const address of fresh.keys()) {
      const former = this.#replaceable(address, owner);
      if (former !== undefined) formers.push(former);
    }
    const oldestOf = (giver: Owner): Iterator<Announced> => (this.#byOwner.get(giver) ?? []).values();
    const victims = this.#room.exchange({ owner, fresh, formers, oldestOf, spend });
    for (const one of victims) this.#forget(one);
    this.#evicted += victims.size;
    const expiresAtMicros = this.#expiryAfter(owner, nowMicros);
    for (const one of fresh.values()) {
      this.#keep({ ...one, definition: detachedDefinition(one.definition) }, expiresAtMicros);
    }
    this.#describing.clear();
  }

  /**
   * All whose address a pattern matches as text, in no order, and undefined for those that were looked at to find them. Lazy, and safe while
   * definitions come and go.
   *
   * @param counter counts what is looked at
   */
  walk(pattern: Pattern, counter: StepCounter): Iterator<Announced | undefined> {
    return pattern === '/**' ? this.#signals.values() : this.#tree.matching(addressSegments(pattern), counter);
  }

  /** The definitions that a pattern matches, in the order of their last ANNOUNCE. Takes as long as it takes. */
  matching(pattern: Pattern, nowMicros: number): readonly SignalDefinition[] {
    const found: Announced[] = [];
    const walk = this.walk(pattern, new StepCounter());
    for (let next = walk.next(); next.done !== true; next = walk.next()) {
      const one = next.value?.at(nowMicros);
      if (one !== undefined) found.push(one);
    }
    return found.sort((one, other) => one.serial - other.serial).map(({ definition }) => definition);
  }

  /** What was announced of an address: under its own name, or else under the first pattern that matches it. */
  describing(address: string, nowMicros: number): SignalDefinition | undefined {
    if (nowMicros >= this.dueMicros) this.#describing.clear();
    const known = this.#describing.get(address);
    if (known !== undefined || this.#describing.has(address)) return known;
    const found = this.#signals.get(address)?.at(nowMicros)?.definition ?? this.#patternFor(address, nowMicros);
    if (address.length > MAX_CACHED_LENGTH) return found;
    if (this.#describing.size >= MAX_CACHED_ADDRESSES) this.#describing.clear();
    this.#describing.set(address, found);
    return found;
  }

  /** Clears away what has expired, and is invisible already, until the slice is over. */
  runDue(nowMicros: number, slice: Slice): void {
    while (!slice.isOver) {
      const expired = this.#expiring.popDue(nowMicros);
      if (expired === undefined) return;
      slice.spend(EXPIRE_STEPS);
      this.#remove(expired);
    }
  }

  /**
   * Forgets what an owner has announced, piece by piece. If the owner is revoked, all of it is invisible at once.
   *
   * @returns the steps of each piece
   */
  forgetting(owner: Owner): Iterator<number, void> {
    this.#describing.clear();
    return this.#forgetting(owner);
  }

  *#forgetting(owner: Owner): Generator<number, void> {
    for (const one of this.#byOwner.get(owner) ?? []) {
      this.#remove(one);
      yield EXPIRE_STEPS;
    }
  }

  /** Whether SETs are compared with an announced address by matching. */
  #isMatched(address: Pattern): boolean {
    return this.#options.checkAnnounced && !isLiteral(address);
  }

  /** What an owner's definition of an address takes the place of; undefined where there is nothing, or only what the router says. */
  #replaceable(address: string, owner: Owner): Announced | undefined {
    const one = this.#signals.get(address);
    return one?.owner === this.#router && owner !== this.#router ? undefined : one;
  }

  #patternFor(address: string, nowMicros: number): SignalDefinition | undefined {
    let first: Announced | undefined;
    for (const match of this.#patterns.matches(address, this.#work)) {
      const one = match.at(nowMicros);
      if (one !== undefined && (first === undefined || one.serial < first.serial)) first = one;
    }
    return first?.definition;
  }

  /** Puts a definition, whose room is taken, at its address. */
  #keep(signal: AnnouncedSignal, expiresAtMicros: number): void {
    const { address, owner } = signal;
    const serial = this.#serial++;
    const former = this.#replaceable(address, owner);
    if (former === undefined) {
      const own = this.#signals.get(address);
      const added = new Announced(signal, serial, expiresAtMicros, own);
      if (own !== undefined) own.over = added;
      this.#show(added, own);
      this.#list(added);
    } else {
      this.#unlist(former);
      former.replace(signal, serial, expiresAtMicros);
      this.#list(former);
    }
  }

  /** Takes out a definition and gives back its room. */
  #remove(one: Announced): void {
    this.#room.give(one);
    this.#forget(one);
  }

  /** Takes out a definition whose room is given back; what the router itself says of its address comes back. */
  #forget(one: Announced): void {
    one.isForgotten = true;
    this.#unlist(one);
    if (one.own === undefined) {
      this.#hide(one);
    } else {
      one.own.over = undefined;
      this.#show(one.own, one);
    }
    this.#describing.clear();
  }

  #show(one: Announced, insteadOf: Announced | undefined): void {
    this.#signals.set(one.address, one);
    this.#tree.add(one);
    if (!this.#isMatched(one.address)) return;
    if (insteadOf !== undefined) this.#patterns.remove(one.address, insteadOf);
    this.#patterns.add(one.address, one);
  }

  #hide(one: Announced): void {
    this.#signals.delete(one.address);
    this.#tree.remove(one);
    if (this.#isMatched(one.address)) this.#patterns.remove(one.address, one);
  }

  #list(one: Announced): void {
    const { owner, expiry, expiresAtMicros } = one;
    let list = this.#byOwner.get(owner);
    if (list === undefined) this.#byOwner.set(owner, (list = new Set()));
    list.add(one);
    if (expiry !== undefined) this.#expiring.move(expiry, expiresAtMicros);
    else if (expiresAtMicros !== Infinity) one.expiry = this.#expiring.push(one, expiresAtMicros);
  }

  #unlist(one: Announced): void {
    const list = this.#byOwner.get(one.owner);
    list?.delete(one);
    if (list?.size === 0) this.#byOwner.delete(one.owner);
    if (one.expiry !== undefined) this.#expiring.remove(one.expiry);
    one.expiry = undefined;
  }

  #expiryAfter(owner: Owner, nowMicros: number): number {
    const { signalTtlSeconds } = this.#options;
    return signalTtlSeconds === 0 || owner === this.#router ? Infinity : nowMicros + signalTtlSeconds * 1_000_000;
  }
}

/** @throws ClaspError 200 for what is no address or pattern, 403 for one of the router's own */
function parseAnnounced(address: string): Pattern {
  const fault = segmentsFault(address);
  if (fault !== undefined) throw new ClaspError(ErrorCode.InvalidAddress, `invalid address: ${fault}`, { address });
  if (isSystemAddress(address)) throw systemAddressRefused(address);
  return parsePattern(address);
}

function tooCostly(count: number, maxSteps: number): ClaspError {
  const text = `Announcement refused: to keep ${count} signals takes more than ${maxSteps} steps; announce fewer at once`;
  return new ClaspError(ErrorCode.RateLimited, text);
}
