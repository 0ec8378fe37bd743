import { placeOfConnection } from '../../util/client-prefix.js';
import type { Grant } from '../ports.js';

/** What an owner needs to know of its sessions. */
export interface OwnedSession {
  readonly id: string;
  readonly grant: Grant | undefined;
  readonly link: { readonly isTrusted?: boolean | undefined; readonly remoteAddress: string };
}

/** Key of the router and the program around it. */
export const ROUTER = 'router';

/**
 * Who answers for what the router keeps: all sessions of one token together; without a token, all sessions from one remote address
 * (for IPv6, one network of 64 bits); on this computer, each session by itself. What an owner leaves behind stays its own after its
 * last session has ended.
 */
export class Owner {
  /** `token:<id>`, `address:<address>`, `session:<id>` or `router`. */
  readonly key: string;
  readonly #sessions = new Set<OwnedSession>();
  /** Quotas in which it has something. */
  #holdings = 0;
  #isRevoked = false;

  constructor(key: string) {
    this.key = key;
  }

  /** Whether it is the program around the router, which no share limits. */
  get isTrusted(): boolean {
    return this.key === ROUTER;
  }

  /** Its sessions that are established. */
  get sessions(): ReadonlySet<OwnedSession> {
    return this.#sessions;
  }

  /** Whether its token was revoked: what it left behind counts for nothing. */
  get isRevoked(): boolean {
    return this.#isRevoked;
  }

  /** Whether it is neither connected nor has left anything behind. */
  get isForgotten(): boolean {
    return this.#sessions.size === 0 && this.#holdings === 0;
  }

  /** @internal */
  join(session: OwnedSession): void {
    this.#sessions.add(session);
  }

  /** @internal */
  leave(session: OwnedSession): void {
    this.#sessions.delete(session);
  }

  /** @internal */
  revoke(): void {
    this.#isRevoked = true;
  }

  /** @internal A quota holds something of it, or no longer does. */
  hold(change: 1 | -1): void {
    this.#holdings += change;
  }
}

/**
 * Watches the token of an owner, as long as the owner is connected or has left something behind.
 *
 * @returns what ends the watch
 */
export type WatchToken = (grant: Grant) => () => void;

interface Known {
  readonly owner: Owner;
  readonly unwatch: () => void;
}

/** The owners that are connected or have left something behind. */
export class Owners {
  readonly #watchToken: WatchToken;
  readonly #known = new Map<string, Known>();
  #swept = 0;

  constructor(watchToken: WatchToken = () => () => undefined) {
    this.#watchToken = watchToken;
  }

  /** Owners that are known. */
  get size(): number {
    return this.#known.size;
  }

  /** A session is established, and its grant is known. */
  join(session: OwnedSession): Owner {
    const owner = this.#of(ownerKey(session), session.grant);
    owner.join(session);
    return owner;
  }

  /** A session has ended. What it held while it was connected is given back now or soon. */
  leave(session: OwnedSession, owner: Owner): void {
    owner.leave(session);
    this.#forgetIdle(owner);
    // Those that were kept for what they had left behind, once that is gone too.
    if (this.#known.size <= 2 * this.#swept + SWEEP_ABOVE) return;
    for (const known of this.#known.values()) this.#forgetIdle(known.owner);
    this.#swept = this.#known.size;
  }

  /** The owner of a token; undefined if it is neither connected nor has left anything behind. */
  ofToken(tokenId: string): Owner | undefined {
    return this.#known.get(tokenKey(tokenId))?.owner;
  }

  /**
   * A token was revoked. Should it ever be given again, that is another owner.
   *
   * @returns its owner, if there is anything of it
   */
  revoke(tokenId: string): Owner | undefined {
    const owner = this.ofToken(tokenId);
    if (owner === undefined) return undefined;
    owner.revoke();
    this.#forget(owner);
    return owner;
  }

  #of(key: string, grant: Grant | undefined): Owner {
    const known = this.#known.get(key);
    if (known !== undefined) return known.owner;
    const owner = new Owner(key);
    this.#known.set(key, { owner, unwatch: grant === undefined ? () => undefined : this.#watchToken(grant) });
    return owner;
  }

  #forgetIdle(owner: Owner): void {
    if (owner.isForgotten) this.#forget(owner);
  }

  #forget(owner: Owner): void {
    const known = this.#known.get(owner.key);
    if (known?.owner !== owner) return; // there is another one of this token, or none
    this.#known.delete(owner.key);
    known.unwatch();
  }
}

const SWEEP_ABOVE = 1_024;

function tokenKey(tokenId: string): string {
  return `token:${tokenId}`;
}

function ownerKey({ id, grant, link }: OwnedSession): string {
  if (grant !== undefined) return tokenKey(grant.tokenId);
  if (link.isTrusted === true) return ROUTER;
  const place = placeOfConnection(link);
  return place === undefined ? `session:${id}` : `address:${place}`;
}
