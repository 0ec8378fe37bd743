import type { signalQuotaOptions } from './announce-options.js';
import type { matchOptions } from '../subscriptions/subscription-options.js';
import type { OptionValues } from '../../util/option.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import { isLiteral } from '../../protocol/pattern.js';
import type { Announced, AnnouncedSignal } from './announced-signal.js';
import { EvictionOrder } from '../quotas/eviction-order.js';
import { MatchCosts, patternWeight, prefixesMeet } from '../subscriptions/match-cost.js';
import type { Owner } from '../quotas/owner.js';
import { Quota } from '../quotas/quota.js';

export type SignalLimits = OptionValues<typeof signalQuotaOptions & typeof matchOptions>;

/** Definitions to add, and how to find room for them. */
export interface SignalExchange {
  readonly owner: Owner;
  /** By address, one each. */
  readonly fresh: ReadonlyMap<string, AnnouncedSignal>;
  /** The definitions that they replace. */
  readonly formers: readonly Announced[];
  /** Definitions of an owner, oldest first. */
  readonly oldestOf: (owner: Owner) => Iterator<Announced>;
  /** Counts steps. May throw if the maximum is exceeded. */
  readonly spend: (steps: number) => void;
}

/** A limit that can be exceeded. */
interface Pressure {
  readonly quota: Quota;
  readonly isOver: () => boolean;
  /** Whether removing a definition helps. @default always */
  readonly helps?: (one: Announced) => boolean;
  readonly refusal: () => ClaspError;
}

/** Steps of selecting a definition to evict, and of removing it. */
const VICTIM_STEPS = 150;
/** Steps of checking a definition that cannot be evicted. */
const LOOK_STEPS = 5;
/** Maximum part of `maxMatchSteps` for the patterns of one owner. */
const MATCH_SHARE = 1 / 4;

/**
 * Use of the directory by owner. At a limit, the definitions of owners without a session are evicted first, then those
 * of the owner with the largest use, oldest first; see {@link EvictionOrder}.
 */
export class SignalQuota {
  readonly #limits: SignalLimits;
  readonly #counts: Quota;
  readonly #bytes: Quota;
  readonly #weights: Quota;
  readonly #costs = new MatchCosts();

  constructor(limits: SignalLimits) {
    const { maxSignals, maxSignalBytes, maxMatchSteps } = limits;
    this.#limits = limits;
    this.#counts = new Quota({ total: maxSignals, perOwner: 0 });
    this.#bytes = new Quota({ total: maxSignalBytes, perOwner: 0 });
    this.#weights = new Quota({ total: 0, perOwner: Math.floor(maxMatchSteps * MATCH_SHARE) });
  }

  /** Approximate memory of all definitions in bytes. */
  get bytes(): number {
    return this.#bytes.total;
  }

  take(signal: AnnouncedSignal): void {
    const { owner, address, bytes } = signal;
    this.#counts.take(owner, 1);
    this.#bytes.take(owner, bytes);
    if (!this.#isMatched(signal)) return;
    this.#weights.take(owner, patternWeight(address));
    this.#costs.add(address);
  }

  give(signal: AnnouncedSignal): void {
    const { owner, address, bytes } = signal;
    this.#counts.give(owner, 1);
    this.#bytes.give(owner, bytes);
    if (!this.#isMatched(signal)) return;
    this.#weights.give(owner, patternWeight(address));
    this.#costs.remove(address);
  }

  /**
   * Reserves room for some definitions in place of others.
   *
   * @returns the definitions to evict, whose room is released already
   * @throws ClaspError 400, 429, and the exceptions of `spend`; then nothing has changed
   */
  exchange(exchange: SignalExchange): ReadonlySet<Announced> {
    const { fresh, formers } = exchange;
    const victims = new Set<Announced>();
    const { total: count } = this.#counts;
    const { total: bytes } = this.#bytes;
    for (const one of formers) this.give(one);
    for (const one of fresh.values()) this.take(one);
    const added = this.#counts.total - count;
    const grown = this.#bytes.total - bytes;
    try {
      this.#relieve(exchange, victims, {
        quota: this.#counts,
        isOver: () => this.#counts.exceedsTotal(0),
        refusal: () => this.#tooMany(count, added),
      });
      this.#relieve(exchange, victims, {
        quota: this.#bytes,
        isOver: () => this.#bytes.exceedsTotal(0),
        refusal: () => this.#tooLarge(bytes, grown),
      });
      for (const one of fresh.values()) if (this.#isMatched(one)) this.#relieveMatching(exchange, victims, one);
    } catch (error) {
      for (const one of fresh.values()) this.give(one);
      for (const one of formers) this.take(one);
      for (const one of victims) this.take(one);
      throw error;
    }
    return victims;
  }

  /** @throws ClaspError 429 */
  #relieveMatching(exchange: SignalExchange, victims: Set<Announced>, one: AnnouncedSignal): void {
    const { address } = one;
    this.#checkShare(one);
    this.#relieve(exchange, victims, {
      quota: this.#weights,
      isOver: () => this.#costs.heaviestWith(address) > this.#limits.maxMatchSteps,
      helps: (other) => patternWeight(other.address) > 0 && prefixesMeet(other.address, address),
      refusal: () => this.#tooHeavy(one),
    });
  }

  /**
   * Evicts definitions of other owners until there is enough room. @throws the result of `refusal` if there never is
   */
  #relieve(exchange: SignalExchange, victims: Set<Announced>, { quota, isOver, helps, refusal }: Pressure): void {
    if (!isOver()) return;
    const { owner, fresh, oldestOf, spend } = exchange;
    spend(quota.owners.size);
    const order = new EvictionOrder(quota, owner);
    const places = new Map<Owner, Iterator<Announced>>();
    while (isOver()) {
      const donor = order.next();
      if (donor === undefined) throw refusal();
      const place = places.get(donor) ?? oldestOf(donor);
      places.set(donor, place);
      const next = place.next();
      if (next.done === true) {
        order.skip();
        continue;
      }
      const one = next.value;
      spend(LOOK_STEPS);
      if (victims.has(one) || fresh.has(one.address) || helps?.(one) === false) continue;
      spend(VICTIM_STEPS);
      victims.add(one);
      this.give(one);
    }
  }

  /** Whether SETs are checked against its address by matching. */
  #isMatched({ address }: AnnouncedSignal): boolean {
    const { checkAnnounced, maxMatchSteps } = this.#limits;
    return checkAnnounced && maxMatchSteps > 0 && !isLiteral(address);
  }

  /** @throws ClaspError 429 */
  #checkShare({ owner, address }: AnnouncedSignal): void {
    if (!this.#weights.exceedsShare(owner, 0)) return;
    const { perOwner } = this.#weights.limits;
    throw new ClaspError(
      ErrorCode.RateLimited,
      `Announcement refused: its patterns would take ${this.#weights.usedBy(owner)} steps to match; the limit is ${perOwner}`,
      { address },
    );
  }

  #tooMany(before: number, added: number): ClaspError {
    const text = `${before} signals are announced; ${added} more would pass the limit of ${this.#limits.maxSignals}`;
    return new ClaspError(ErrorCode.RevisionConflict, text);
  }

  #tooLarge(before: number, grown: number): ClaspError {
    const { maxSignalBytes } = this.#limits;
    const text = `announced signals take ${before} bytes; ${grown} more would pass the limit of ${maxSignalBytes}`;
    return new ClaspError(ErrorCode.RevisionConflict, text);
  }

  #tooHeavy({ address }: AnnouncedSignal): ClaspError {
    const { maxMatchSteps } = this.#limits;
    const text = `Announcement refused: the announced patterns would take more than ${maxMatchSteps} steps to match`;
    return new ClaspError(ErrorCode.RateLimited, text, { address });
  }
}
