import type { signalOptions } from './announce-options.js';
import type { matchOptions } from '../subscriptions/subscription-options.js';
import type { OptionValues } from '../../util/option.js';
import { segmentsFault } from '../../protocol/address.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import { detachedDefinition } from '../../protocol/messages/signal-definition.js';
import type { SignalDefinition } from '../../protocol/messages/message.js';
import { parsePattern, type Pattern } from '../../protocol/pattern.js';
import { StepCounter } from '../../protocol/step-counter.js';
import { type Changes, noChanges } from '../changes.js';
import { Announced, type AnnouncedSignal, definitionBytes, segmentCount } from './announced-signal.js';
import { DueQueue } from '../scheduling/due-queue.js';
import { Owner, ROUTER } from '../quotas/owner.js';
import { SignalIndex } from './signal-index.js';
import { SignalQuota } from './signal-quota.js';
import { checkDefinitionSize } from '../size-limits.js';
import { Slice } from '../scheduling/slice.js';
import { isSystemAddress, systemAddressRefused } from '../system/system-addresses.js';

export type SignalDirectoryOptions = OptionValues<typeof signalOptions & typeof matchOptions>;

/** Checks of an ANNOUNCE beyond the limits of the directory. */
export interface AnnounceChecks {
  /** Checks each address. May throw. */
  readonly check: (address: Pattern) => void;
  /** Counts the steps. */
  readonly counter: StepCounter;
  /** Maximum steps in total. */
  readonly maxSteps: number;
}

/** Steps of adding a definition, and of each address segment in an index. */
const KEEP_STEPS = 40;
const SEGMENT_STEPS = 6;
/** Steps of removing an expired definition. */
const EXPIRE_STEPS = 100;
/** Steps that an ANNOUNCE spends on removing expired definitions before it evicts others. */
const STEPS_OF_EXPIRED = 4_096;

/**
 * Announced definitions by address. An announced address can be a pattern; QUERY matches it as text. Definitions stay
 * after their session ends. They are then evicted before those of connected owners; see {@link SignalQuota}.
 */
export class SignalDirectory {
  readonly #options: SignalDirectoryOptions;
  readonly #changes: Changes;
  /** The router's own definitions are never evicted. */
  readonly #router = new Owner(ROUTER);
  readonly #quota: SignalQuota;
  readonly #index: SignalIndex;
  /** Definitions by owner, in the order of the last ANNOUNCE. */
  readonly #byOwner = new Map<Owner, Set<Announced>>();
  readonly #expiring = new DueQueue<Announced>();
  readonly #slice: Slice;
  #serial = 0;
  #evicted = 0;

  /**
   * @param work counts the steps of {@link describing}
   * @param changes receives announced and removed definitions
   */
  constructor(options: SignalDirectoryOptions, work: StepCounter = new StepCounter(), changes: Changes = noChanges) {
    this.#options = options;
    this.#changes = changes;
    this.#quota = new SignalQuota(options);
    this.#index = new SignalIndex(options.checkAnnounced, work);
    this.#slice = new Slice(work, work);
  }

  /** Number of definitions, including expired ones that are not removed yet. */
  get size(): number {
    return this.#index.size;
  }

  /** Approximate memory in bytes. */
  get bytes(): number {
    return this.#quota.bytes;
  }

  /** Number of evicted definitions. */
  get evicted(): number {
    return this.#evicted;
  }

  /** The next serial. All existing definitions have lower ones. */
  get nextSerial(): number {
    return this.#serial;
  }

  /** When {@link runDue} has work; Infinity = never. */
  get dueMicros(): number {
    return this.#expiring.dueMicros;
  }

  /** Adds the router's own definitions, which neither expire nor are evicted. @throws ClaspError as {@link announce} */
  announceOwn(signals: readonly SignalDefinition[], nowMicros: number): void {
    this.announce(this.#router, signals, nowMicros);
  }

  /**
   * Restores the definitions of an earlier router. They are evicted like those of an owner without a session. @throws
   * ClaspError as {@link announce}
   */
  restore(signals: readonly SignalDefinition[], nowMicros: number): void {
    const others = signals.filter(({ address }) => this.#index.at(address)?.owner !== this.#router);
    this.announce(new Owner('restored'), others, nowMicros);
  }

  /**
   * Adds the definitions of an owner, all or none. Each replaces an earlier one at its address.
   *
   * @throws ClaspError 200 for an invalid address, 403 for one of the router's own, 402 for a definition that is too
   *   large, 400 over the capacity, 429 if storing or matching takes too many steps, and the exceptions of the checks
   */
  announce(owner: Owner, signals: readonly SignalDefinition[], nowMicros: number, checks?: AnnounceChecks): void {
    if (nowMicros >= this.dueMicros) this.runDue(nowMicros, this.#slice.begin(STEPS_OF_EXPIRED));
    const { counter = new StepCounter(), maxSteps = Infinity } = checks ?? {};
    const firstStep = counter.steps;
    const spend = (steps: number): void => {
      counter.steps += steps;
      if (counter.steps - firstStep > maxSteps) throw tooCostly(signals.length, maxSteps);
    };
    /** If an address occurs several times, the last definition applies, in its position. */
    const fresh = new Map<string, AnnouncedSignal>();
    for (const signal of signals) {
      const address = parseAnnounced(signal.address);
      checkDefinitionSize(signal);
      checks?.check(address);
      const indexes = this.#index.countOf(address);
      fresh.delete(address);
      fresh.set(address, { address, definition: signal, owner, bytes: definitionBytes(signal, indexes) });
      spend(KEEP_STEPS + SEGMENT_STEPS * segmentCount(address) * indexes);
    }
    const formers: Announced[] = [];
    for (const address of fresh.keys()) {
      const former = this.#replaceable(address, owner);
      if (former !== undefined) formers.push(former);
    }
    const oldestOf = (donor: Owner): Iterator<Announced> => (this.#byOwner.get(donor) ?? []).values();
    const victims = this.#quota.exchange({ owner, fresh, formers, oldestOf, spend });
    for (const one of victims) this.#forget(one);
    this.#evicted += victims.size;
    const expiresAtMicros = this.#expiryAfter(owner, nowMicros);
    for (const one of fresh.values()) {
      const kept = { ...one, definition: detachedDefinition(one.definition) };
      this.#keep(kept, expiresAtMicros);
      this.#changes.announced(kept.definition);
    }
    this.#index.changed();
  }

  /**
   * Returns all definitions whose address a pattern matches as text, unordered, and undefined for each checked one that
   * does not match. Lazy, and safe while definitions are added and removed.
   *
   * @param counter counts checked definitions
   */
  walk(pattern: Pattern, counter: StepCounter): Iterator<Announced | undefined> {
    return this.#index.walk(pattern, counter);
  }

  /** Returns the definitions that a pattern matches, in the order of the last ANNOUNCE. Not limited in time. */
  matching(pattern: Pattern, nowMicros: number): readonly SignalDefinition[] {
    const found: Announced[] = [];
    const walk = this.walk(pattern, new StepCounter());
    for (let next = walk.next(); next.done !== true; next = walk.next()) {
      const one = next.value?.at(nowMicros);
      if (one !== undefined) found.push(one);
    }
    return found.sort((one, other) => one.serial - other.serial).map(({ definition }) => definition);
  }

  /** Returns the definition of an address: its own, otherwise that of the first pattern that matches it. */
  describing(address: string, nowMicros: number): SignalDefinition | undefined {
    if (nowMicros >= this.dueMicros) this.#index.changed();
    return this.#index.describing(address, nowMicros);
  }

  /** Removes expired definitions, which are invisible already, until the slice ends. */
  runDue(nowMicros: number, slice: Slice): void {
    while (!slice.isOver) {
      const expired = this.#expiring.popDue(nowMicros);
      if (expired === undefined) return;
      slice.spend(EXPIRE_STEPS);
      this.#remove(expired);
    }
  }

  /**
   * Removes the definitions of an owner piece by piece. If the owner is revoked, all are invisible at once.
   *
   * @returns the steps of each piece
   */
  forgetting(owner: Owner): Iterator<number, void> {
    this.#index.changed();
    return this.#forgetting(owner);
  }

  *#forgetting(owner: Owner): Generator<number, void> {
    for (const one of this.#byOwner.get(owner) ?? []) {
      this.#remove(one);
      yield EXPIRE_STEPS;
    }
  }

  /**
   * Returns the definition that an owner's definition of an address replaces; undefined if none exists, or only the
   * router's own.
   */
  #replaceable(address: string, owner: Owner): Announced | undefined {
    const one = this.#index.at(address);
    return one?.owner === this.#router && owner !== this.#router ? undefined : one;
  }

  /** Adds a definition whose memory is reserved. */
  #keep(signal: AnnouncedSignal, expiresAtMicros: number): void {
    const { address, owner } = signal;
    const serial = this.#serial++;
    const former = this.#replaceable(address, owner);
    if (former === undefined) {
      const own = this.#index.at(address);
      const added = new Announced(signal, serial, expiresAtMicros, own);
      if (own !== undefined) own.over = added;
      this.#index.add(added, own);
      this.#list(added);
    } else {
      this.#unlist(former);
      former.replace(signal, serial, expiresAtMicros);
      this.#list(former);
    }
  }

  /** Removes a definition and releases its memory. */
  #remove(one: Announced): void {
    this.#quota.give(one);
    this.#forget(one);
  }

  /** Removes a definition whose memory was released; the router's own definition of its address applies again. */
  #forget(one: Announced): void {
    one.isForgotten = true;
    this.#changes.forgotten(one.address);
    this.#unlist(one);
    if (one.own === undefined) {
      this.#index.remove(one);
    } else {
      one.own.over = undefined;
      this.#index.add(one.own, one);
    }
    this.#index.changed();
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

/** @throws ClaspError 200 for an invalid address or pattern, 403 for one of the router's own */
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
