import type { Block, Gate } from './gate.js';
import { RankedCounts } from './ranked-counts.js';

/** 0 disables a limit. Younger connections have four times the limit, see {@link YOUNG_FACTOR}. */
export interface HalfOpenLimits {
  /** Connections that have been half open for 1,000 ms, of all addresses together. */
  readonly maxHalfOpen: number;
  /** The same of one address. */
  readonly maxHalfOpenPerAddress: number;
}

export interface HalfOpenOptions<T> extends HalfOpenLimits {
  /** Milliseconds that a connection may take to complete its handshake. It has half of them while another one waits for it. */
  readonly handshakeMs: number;
  /** Says for a person that there are so many, with the limit. */
  readonly describe: (scope: Block['scope'], count: number, limit: number) => string;
  /**
   * Ends a connection for another one that waits.
   *
   * @param ageSeconds whole seconds for which it has been half open
   * @param reason for a person: `another connection of its address waits`
   * @returns false to keep it; then a different one is tried
   */
  readonly cutOff: (item: T, ageSeconds: number, reason: string) => boolean;
}

/**
 * Age from which a half-open connection counts. A handshake takes milliseconds: of a crowd that reconnects in one moment,
 * nearly all connections complete it before they are counted.
 */
export const COUNTED_AFTER_MS = 1_000;

/** All half-open connections, the young ones included, are at most this many times the limits: each occupies memory. */
export const YOUNG_FACTOR = 4;

/** At the limit for all addresses, an address loses a connection to another one that has this many fewer. */
const UNFAIR_EXCESS = 4;

interface Entry<T> {
  readonly item: T;
  readonly place: string;
  readonly sinceMs: number;
}

/**
 * The connections that have not completed their handshake. Connections of this computer do not count: whatever connects from
 * here has shorter ways to cause harm, and a test or a script with many clients is no attack.
 *
 * A client that holds connections open cannot lock others out. At the limit for all addresses, the address that holds the most
 * loses its oldest connection to one that holds fewer. At the limit of an address, its connections have half the time.
 */
export class HalfOpen<T> implements Gate<T> {
  readonly #options: HalfOpenOptions<T>;
  readonly #entries = new Map<T, Entry<T>>();
  /** Those that do not count yet, the oldest first. */
  readonly #young = new Set<Entry<T>>();
  /** Those that count, by place, the oldest first. */
  readonly #counted = new Map<string, Set<Entry<T>>>();
  readonly #counts = new RankedCounts();
  /** By place, the young ones included. */
  readonly #all = new RankedCounts();

  constructor(options: HalfOpenOptions<T>) {
    this.#options = options;
  }

  check(place: string | undefined, nowMs: number): Block | undefined {
    if (place === undefined) return undefined;
    this.#count(nowMs);
    const { maxHalfOpen, maxHalfOpenPerAddress, describe } = this.#options;
    const own = excess(this.#counts.of(place), this.#all.of(place), maxHalfOpenPerAddress);
    if (own !== undefined) {
      return { scope: 'place', text: describe('place', own, maxHalfOpenPerAddress) };
    }
    const total = excess(this.#counts.total, this.#all.total, maxHalfOpen);
    if (total === undefined) return undefined;
    return { scope: 'all', text: describe('all', total, maxHalfOpen) };
  }

  enter(item: T, place: string | undefined, nowMs: number): void {
    if (place === undefined) return;
    const entry = { item, place, sinceMs: nowMs };
    this.#entries.set(item, entry);
    this.#young.add(entry);
    this.#all.add(place);
  }

  /** Its handshake is complete, or it has closed. Does nothing for a connection that is not half open. */
  leave(item: T): void {
    const entry = this.#entries.get(item);
    if (entry === undefined) return;
    const { place } = entry;
    this.#entries.delete(item);
    this.#all.remove(place);
    if (this.#young.delete(entry)) return;
    const counted = this.#counted.get(place)!; // what is not young is counted
    counted.delete(entry);
    if (counted.size === 0) this.#counted.delete(place);
    this.#counts.remove(place);
  }

  relieve(place: string | undefined, { scope }: Block, nowMs: number): boolean {
    if (place === undefined) return false;
    if (scope === 'place') {
      return this.#cutOldest(place, this.#options.handshakeMs / 2, nowMs, 'another connection of its address waits');
    }
    const { largest } = this.#counts;
    if (largest === undefined || this.#counts.of(largest) < this.#counts.of(place) + UNFAIR_EXCESS) return false;
    return this.cutOfLargest(nowMs);
  }

  /** Ends the oldest connection of the address that has the most. @returns false if none counts, or all are to be kept */
  cutOfLargest(nowMs: number): boolean {
    const { largest } = this.#counts;
    if (largest === undefined) return false;
    return this.#cutOldest(largest, 0, nowMs, 'its address has the most half-open connections, and another one waits');
  }

  #cutOldest(place: string, minAgeMs: number, nowMs: number, reason: string): boolean {
    for (const entry of this.#counted.get(place) ?? []) {
      const ageMs = nowMs - entry.sinceMs;
      if (ageMs < minAgeMs) return false;
      if (!this.#options.cutOff(entry.item, Math.floor(ageMs / 1_000), reason)) continue;
      this.leave(entry.item);
      return true;
    }
    return false;
  }

  /** Counts those that are old enough by now. */
  #count(nowMs: number): void {
    for (const entry of this.#young) {
      if (nowMs - entry.sinceMs < COUNTED_AFTER_MS) return;
      this.#young.delete(entry);
      const { place } = entry;
      const counted = this.#counted.get(place);
      if (counted === undefined) this.#counted.set(place, new Set([entry]));
      else counted.add(entry);
      this.#counts.add(place);
    }
  }
}

/** The count that does not leave capacity for one more; undefined if there is capacity. */
function excess(counted: number, all: number, limit: number): number | undefined {
  if (limit === 0) return undefined;
  if (counted >= limit) return counted;
  return all >= limit * YOUNG_FACTOR ? all : undefined;
}
