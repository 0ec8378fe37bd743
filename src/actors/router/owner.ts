import { placeOf } from '../../network-place.js';
import type { RouterSession } from './router-session.js';

/**
 * Who answers for what the router keeps: all sessions of one token together; without a token, all sessions from one remote address
 * (for IPv6, one network of 64 bits); on this computer, each session by itself. What an owner leaves behind stays its own after its
 * last session has ended.
 */
export class Owner {
  /** `token:<id>`, `address:<address>`, `session:<id>` or `router`. */
  readonly key: string;
  readonly #sessions = new Set<RouterSession>();
  /** Quotas in which it has something. */
  #holdings = 0;

  constructor(key: string) {
    this.key = key;
  }

  /** Whether it is the program around the router, which no share limits. */
  get isTrusted(): boolean {
    return this.key === ROUTER;
  }

  /** Its sessions that are established. */
  get sessions(): ReadonlySet<RouterSession> {
    return this.#sessions;
  }

  /** Whether it is neither connected nor has left anything behind. */
  get isForgotten(): boolean {
    return this.#sessions.size === 0 && this.#holdings === 0;
  }

  /** @internal */
  join(session: RouterSession): void {
    this.#sessions.add(session);
  }

  /** @internal */
  leave(session: RouterSession): void {
    this.#sessions.delete(session);
  }

  /** @internal A quota holds something of it, or no longer does. */
  hold(change: 1 | -1): void {
    this.#holdings += change;
  }
}

/** The owners that are connected or have left something behind. */
export class Owners {
  readonly #owners = new Map<string, Owner>();
  #swept = 0;

  /** Owners that are known. */
  get size(): number {
    return this.#owners.size;
  }

  /** A session is established, and its grant is known. */
  join(session: RouterSession): Owner {
    const owner = this.#of(ownerKey(session));
    owner.join(session);
    return owner;
  }

  /** A session has ended, and what it held while it was connected has been given back. */
  leave(session: RouterSession, owner: Owner): void {
    owner.leave(session);
    if (owner.isForgotten) this.#owners.delete(owner.key);
    // Those that were kept for what they had left behind, once that is gone too.
    if (this.#owners.size <= 2 * this.#swept + SWEEP_ABOVE) return;
    for (const one of this.#owners.values()) if (one.isForgotten) this.#owners.delete(one.key);
    this.#swept = this.#owners.size;
  }

  /** The owner of a token; undefined if it is neither connected nor has left anything behind. */
  ofToken(tokenId: string): Owner | undefined {
    return this.#owners.get(tokenKey(tokenId));
  }

  #of(key: string): Owner {
    const known = this.#owners.get(key);
    if (known !== undefined) return known;
    const owner = new Owner(key);
    this.#owners.set(key, owner);
    return owner;
  }
}

const SWEEP_ABOVE = 1_024;
const ROUTER = 'router';

function tokenKey(tokenId: string): string {
  return `token:${tokenId}`;
}

function ownerKey({ id, grant, link }: RouterSession): string {
  if (grant !== undefined) return tokenKey(grant.tokenId);
  if (link.isTrusted === true) return ROUTER;
  const { remoteAddress } = link;
  const host = remoteAddress.slice(0, Math.max(remoteAddress.lastIndexOf(':'), 0)).replace(/^\[|\]$/g, '');
  const place = /[.:]/.test(host) ? placeOf(host) : undefined;
  return place === undefined ? `session:${id}` : `address:${place}`;
}
