import type { Block, Gate } from './gate.js';
import { RankedCounts } from './ranked-counts.js';

/** 0 disables a limit. Younger connections have four times the limit, see {@link YOUNG_FACTOR}. */
export interface HalfOpenLimits {
  /** Maximum connections that have been half open for 1,000 ms, for all addresses together. */
  readonly maxHalfOpen: number;
  /** Maximum per address. */
  readonly maxHalfOpenPerAddress: number;
}

export interface HalfOpenOptions<T> extends HalfOpenLimits {
  /** Milliseconds in which a connection must complete its handshake, halved while another connection waits for it. */
  readonly handshakeMs: number;
  /** Returns a human-readable text with the count and the limit. */
  readonly describe: (scope: Block['scope'], count: number, limit: number) => string;
  /**
   * Ends a connection for another one that waits.
   *
   * @param ageSeconds whole seconds for which it has been half open
   * @param reason human-readable: `another connection of its address waits`
   * @returns false to keep it; then a different one is tried
   */
  readonly cutOff: (item: T, ageSeconds: number, reason: string) => boolean;
}

/**
 * Age from which a half-open connection counts. A handshake takes milliseconds: when many clients reconnect at once,
 * nearly all complete it before they count.
 */
export const COUNTED_AFTER_MS = 1_000;

/** Maximum number of half-open connections, including young ones, as a multiple of the limits: each occupies memory. */
export const YOUNG_FACTOR = 4;

/** At the limit for all addresses, an address loses a connection to another one that has this many fewer. */
const UNFAIR_EXCESS = 4;

interface Entry<T> {
  readonly item: T;
  readonly place: string;
  readonly sinceMs: number;
}

/**
 * Connections with an incomplete handshake. Connections from this computer do not count: a local program has simpler
 * ways to cause harm, and a test or script with many clients is no attack.
 *
 * A client that keeps connections half open cannot exclude others. At the limit for all addresses, the address with the
 * most connections loses its oldest one to an address with fewer. At the limit of an address, its connections have half
 * the time.
 */
export class HalfOpen<T> implements Gate<T> {
  readonly #options: HalfOpenOptions<T>;
  readonly #entries = new Map<T, Entry<T>>();
  /** Connections that do not count yet, oldest first. */
  readonly #young = new Set<Entry<T>>();
  /** Connections that count, by place, oldest first. */
  readonly #counted = new Map<string, Set<Entry<T>>>();
  readonly #counts = new RankedCounts();
  /** All connections by place, including young ones. */
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

  /** Removes a connection after its handshake or its end. Does nothing for one that is not half open. */
  leave(item: T): void {
    const entry = this.#entries.get(item);
    if (entry === undefined) return;
    const { place } = entry;
    this.#entries.delete(item);
    this.#all.remove(place);
    if (this.#young.delete(entry)) return;
    const counted = this.#counted.get(place)!; // a connection that is not young counts
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

  /**
   * Ends the oldest connection of the address with the most. @returns false if no connection counts, or all must be
   * kept
   */
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

  /** Counts the connections that are old enough now. */
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

/** Returns the count that exceeds its limit with one more connection; undefined if there is capacity. */
function excess(counted: number, all: number, limit: number): number | undefined {
  if (limit === 0) return undefined;
  if (counted >= limit) return counted;
  return all >= limit * YOUNG_FACTOR ? all : undefined;
}
