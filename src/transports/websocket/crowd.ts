import { placeOf } from '../../network-place.js';
import { ConnectRate, type ConnectRateLimits } from '../connect-rate.js';

/** 0 lifts a limit. */
export interface CrowdLimits extends ConnectRateLimits {
  /** How many may stand at the door at once. */
  readonly maxHalfOpen: number;
  /** How many of them from one address. */
  readonly maxHalfOpenPerAddress: number;
}

/**
 * Counts who stands at a door and is not in yet, by address. This computer itself is never counted: whoever can connect from
 * here has shorter ways to do harm, and a test or a script of many clients is no attack.
 */
export class Crowd {
  readonly #limits: CrowdLimits;
  #all = 0;
  readonly #standing = new Map<string, number>();
  readonly #rate: ConnectRate;

  constructor(limits: CrowdLimits) {
    this.#limits = limits;
    this.#rate = new ConnectRate(limits);
  }

  /**
   * Somebody comes. Who may stay has to {@link leave} some time.
   *
   * @returns why he may not stay; undefined where he may
   */
  enter(address: string | undefined, nowMs: number): string | undefined {
    const place = placeOf(address);
    if (place === undefined) return undefined;
    const fault = this.#rate.count(address, nowMs);
    if (fault !== undefined) return fault;
    const { maxHalfOpen, maxHalfOpenPerAddress } = this.#limits;
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
}
