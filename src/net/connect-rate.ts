import type { Block, Gate } from '../util/admission/gate.js';
import { TokenBucket } from '../util/token-bucket.js';

/** 0 disables a limit. */
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
 * Limits how often connections are accepted, per address and in all: a flood from many addresses is below the limit of each.
 * Connections of this computer do not count.
 */
export class ConnectRate implements Gate<unknown> {
  readonly #limits: ConnectRateLimits;
  /** The one that connected last is last. */
  readonly #places = new Map<string, TokenBucket>();
  /** Of all; made with the first connect, since only then there is a time. */
  #all: TokenBucket | undefined;

  constructor(limits: ConnectRateLimits) {
    this.#limits = limits;
  }

  check(place: string | undefined, nowMs: number): Block | undefined {
    if (place === undefined) return undefined;
    const { connectsPerSecond, maxConnectsPerSecond } = this.#limits;
    if (isEmpty(this.#places.get(place), nowMs)) {
      return { scope: 'place', text: `its address connects more than ${connectsPerSecond} times a second` };
    }
    if (!isEmpty(this.#all, nowMs)) return undefined;
    return { scope: 'all', text: `all addresses together connect more than ${maxConnectsPerSecond} times a second` };
  }

  enter(_item: unknown, place: string | undefined, nowMs: number): void {
    if (place === undefined) return;
    const { connectsPerSecond, maxConnectsPerSecond } = this.#limits;
    if (connectsPerSecond > 0) this.#bucketOf(place, nowMs).take(nowMs);
    if (maxConnectsPerSecond === 0) return;
    this.#all ??= new TokenBucket({ perSecond: maxConnectsPerSecond }, nowMs);
    this.#all.take(nowMs);
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

function isEmpty(bucket: TokenBucket | undefined, nowMs: number): boolean {
  return bucket !== undefined && bucket.available(nowMs) < 1;
}
