import type { Block, Gate } from '../util/admission/gate.js';
import { TokenBucket } from '../util/token-bucket.js';

/** Limits for new connections. 0 disables a limit. */
export interface ConnectRateLimits {
  /** New connections per second and address. The burst is the same number. */
  readonly connectsPerSecond: number;
  /** New connections per second of all addresses together. The burst is the same number. */
  readonly maxConnectsPerSecond: number;
}

/** Returns the given limits, with defaults for the others. */
export function connectRateLimits(given: {
  readonly [K in keyof ConnectRateLimits]?: ConnectRateLimits[K] | undefined;
}): ConnectRateLimits {
  return {
    connectsPerSecond: given.connectsPerSecond ?? 200,
    maxConnectsPerSecond: given.maxConnectsPerSecond ?? 2_000,
  };
}

/**
 * Maximum number of addresses with a stored rate. Beyond it, the address that was idle for longest is dropped and
 * starts with a full burst.
 */
const MAX_REMEMBERED = 4_096;

/**
 * Limits the rate of accepted connections, per address and in total. A flood from many addresses stays below the limit
 * of each address, so the total is limited too. Connections from this computer do not count.
 */
export class ConnectRate implements Gate<unknown> {
  readonly #limits: ConnectRateLimits;
  /** In the order of the last connection, the most recent last. */
  readonly #places = new Map<string, TokenBucket>();
  /** Bucket for all addresses. Created at the first connection, which provides the first time. */
  #all: TokenBucket | undefined;

  constructor(limits: ConnectRateLimits) {
    this.#limits = limits;
  }

  check(place: string | undefined, nowMs: number): Block | undefined {
    if (place === undefined) return undefined;
    const { connectsPerSecond, maxConnectsPerSecond } = this.#limits;
    if (isEmpty(this.#places.get(place), nowMs)) {
      return { scope: 'place', text: `its address connects more than ${connectsPerSecond} times per second` };
    }
    if (!isEmpty(this.#all, nowMs)) return undefined;
    return { scope: 'all', text: `all addresses together connect more than ${maxConnectsPerSecond} times per second` };
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
