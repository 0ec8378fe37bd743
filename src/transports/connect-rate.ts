import { placeOf } from '../network-place.js';
import { TokenBucket } from '../token-bucket.js';

/** 0 lifts a limit. */
export interface ConnectRateLimits {
  /** Connects of one address, as many at once after a rest. */
  readonly connectsPerSecond: number;
  /** Connects of all addresses together, as many at once after a rest. */
  readonly maxConnectsPerSecond: number;
}

/** The limits given, and the usual ones for those that were not. */
export function connectRateLimits(given: {
  readonly [K in keyof ConnectRateLimits]?: ConnectRateLimits[K] | undefined;
}): ConnectRateLimits {
  return {
    connectsPerSecond: given.connectsPerSecond ?? 200,
    maxConnectsPerSecond: given.maxConnectsPerSecond ?? 2_000,
  };
}

/** Addresses whose rate is remembered; beyond, the one that was quiet the longest starts anew. */
const MAX_REMEMBERED = 4_096;

/**
 * How often somebody may connect, from one address and in all: a flood out of many addresses is under each of their limits. This
 * computer itself is never counted.
 */
export class ConnectRate {
  readonly #limits: ConnectRateLimits;
  /** The one that connected last is last. */
  readonly #places = new Map<string, TokenBucket>();
  /** Of all; made with the first connect, since only then there is a time. */
  #all: TokenBucket | undefined;

  constructor(limits: ConnectRateLimits) {
    this.#limits = limits;
  }

  /**
   * Counts a connect.
   *
   * @param address as a socket has it; undefined where the peer has gone already
   * @returns why it is one too many; undefined where it is not
   */
  count(address: string | undefined, nowMs: number): string | undefined {
    const place = placeOf(address);
    if (place === undefined) return undefined;
    const { connectsPerSecond, maxConnectsPerSecond } = this.#limits;
    // First, so that what is refused here takes nothing from what the others have together.
    if (connectsPerSecond > 0 && !this.#bucketOf(place, nowMs).take(nowMs)) {
      return `its address connects more than ${connectsPerSecond} times a second`;
    }
    if (maxConnectsPerSecond === 0) return undefined;
    this.#all ??= new TokenBucket({ perSecond: maxConnectsPerSecond }, nowMs);
    if (this.#all.take(nowMs)) return undefined;
    return `all addresses together connect more than ${maxConnectsPerSecond} times a second`;
  }

  #bucketOf(place: string, nowMs: number): TokenBucket {
    const { connectsPerSecond: perSecond } = this.#limits;
    const bucket = this.#places.get(place) ?? new TokenBucket({ perSecond }, nowMs);
    this.#places.delete(place);
    this.#places.set(place, bucket);
    if (this.#places.size > MAX_REMEMBERED) {
      for (const quietest of this.#places.keys()) {
        this.#places.delete(quietest);
        break;
      }
    }
    return bucket;
  }
}
