import { placeOf } from '../../network-place.js';
import { TokenBucket } from '../../token-bucket.js';

/** 0 lifts a limit. */
export interface CrowdLimits {
  /** How many may stand at the door at once. */
  readonly maxHalfOpen: number;
  /** How many of them from one address. */
  readonly maxHalfOpenPerAddress: number;
  /** Connects of one address, as many at once after a rest. */
  readonly connectsPerSecond: number;
}

/** Addresses whose rate is remembered; beyond, the one that was quiet the longest starts anew. */
const MAX_REMEMBERED = 4_096;

/**
 * Counts who stands at a door and is not in yet, by address. This computer itself is never counted: whoever can connect from
 * here has shorter ways to do harm, and a test or a script of many clients is no attack.
 */
export class Crowd {
  readonly #limits: CrowdLimits;
  #all = 0;
  readonly #standing = new Map<string, number>();
  /** The one that connected last is last. */
  readonly #rates = new Map<string, TokenBucket>();

  constructor(limits: CrowdLimits) {
    this.#limits = limits;
  }

  /**
   * Somebody comes. Who may stay has to {@link leave} some time.
   *
   * @returns why he may not stay; undefined where he may
   */
  enter(address: string | undefined, nowMs: number): string | undefined {
    const place = placeOf(address);
    if (place === undefined) return undefined;
    const { maxHalfOpen, maxHalfOpenPerAddress, connectsPerSecond } = this.#limits;
    if (connectsPerSecond > 0 && !this.#rateOf(place, nowMs).take(nowMs)) {
      return `its address connects more than ${connectsPerSecond} times a second`;
    }
    const standing = this.#standing.get(place) ?? 0;
    if (maxHalfOpenPerAddress > 0 && standing >= maxHalfOpenPerAddress) {
      return `${standing} connections of its address are half open; the limit is ${maxHalfOpenPerAddress}`;
    }
    if (maxHalfOpen > 0 && this.#all >= maxHalfOpen) {
      return `${this.#all} connections are half open; the limit is ${maxHalfOpen}`;
    }
    this.#all++;
    this.#standing.set(place, standing + 1);
    return undefined;
  }

  /** Somebody who stayed is in, or has gone. */
  leave(address: string | undefined): void {
    const place = placeOf(address);
    if (place === undefined) return;
    this.#all--;
    const standing = this.#standing.get(place) ?? 0;
    if (standing > 1) this.#standing.set(place, standing - 1);
    else this.#standing.delete(place);
  }

  #rateOf(place: string, nowMs: number): TokenBucket {
    const { connectsPerSecond: perSecond } = this.#limits;
    const rate = this.#rates.get(place) ?? new TokenBucket({ perSecond }, nowMs);
    this.#rates.delete(place);
    this.#rates.set(place, rate);
    if (this.#rates.size > MAX_REMEMBERED) {
      for (const quietest of this.#rates.keys()) {
        this.#rates.delete(quietest);
        break;
      }
    }
    return rate;
  }
}
