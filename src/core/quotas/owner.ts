import { clientPrefixOf } from '../../util/client-prefix.js';
import type { Grant } from '../ports.js';

/** The part of a session that its owner uses. */
export interface OwnedSession {
  readonly id: string;
  readonly grant: Grant | undefined;
  readonly link: { readonly isTrusted?: boolean | undefined; readonly remoteAddress: string };
}

/** Key of the router and the program that embeds it. */
export const ROUTER = 'router';

/**
 * The party that is charged for stored items: all sessions of one token together; without a token, all sessions from
 * one remote address (for IPv6, one /64 network); on this computer, each session separately. Items remain charged to
 * the owner after its last session has ended.
 */
export class Owner {
  /** `token:<id>`, `address:<address>`, `session:<id>` or `router`. */
  readonly key: string;
  readonly #sessions = new Set<OwnedSession>();
  /** Number of quotas that it uses. */
  #holdings = 0;
  #isRevoked = false;

  constructor(key: string) {
    this.key = key;
  }

  /** Whether it is the embedding program, which no share limits. */
  get isTrusted(): boolean {
    return this.key === ROUTER;
  }

  /** Its established sessions. */
  get sessions(): ReadonlySet<OwnedSession> {
    return this.#sessions;
  }

  /** Whether its token was revoked: its remaining items no longer have effects. */
  get isRevoked(): boolean {
    return this.#isRevoked;
  }

  /** Whether it has neither sessions nor stored items. */
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

  /** @internal Counts a quota that starts or stops to charge the owner. */
  hold(change: 1 | -1): void {
    this.#holdings += change;
  }
}

/**
 * Watches the token of an owner while it has sessions or stored items.
 *
 * @returns stops watching
 */
export type WatchToken = (grant: Grant) => () => void;

interface Known {
  readonly owner: Owner;
  readonly unwatch: () => void;
}

/** Owners with sessions or stored items. */
export class Owners {
  readonly #watchToken: WatchToken;
  readonly #known = new Map<string, Known>();
  #swept = 0;

  constructor(watchToken: WatchToken = () => () => undefined) {
    this.#watchToken = watchToken;
  }

  /** Number of known owners. */
  get size(): number {
    return this.#known.size;
  }

  /** Adds a session that is established and whose grant is known. */
  join(session: OwnedSession): Owner {
    const owner = this.#of(ownerKey(session), session.grant);
    owner.join(session);
    return owner;
  }

  /** Removes an ended session. Its items are released now or soon. */
  leave(session: OwnedSession, owner: Owner): void {
    owner.leave(session);
    this.#forgetIdle(owner);
    // Removes owners whose last stored item has been released.
    if (this.#known.size <= 2 * this.#swept + SWEEP_ABOVE) return;
    for (const known of this.#known.values()) this.#forgetIdle(known.owner);
    this.#swept = this.#known.size;
  }

  /** Returns the owner of a token; undefined if it has neither sessions nor stored items. */
  ofToken(tokenId: string): Owner | undefined {
    return this.#known.get(tokenKey(tokenId))?.owner;
  }

  /**
   * Revokes a token. If the token is issued again, it gets a new owner.
   *
   * @returns its owner, if known
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
    if (known?.owner !== owner) return; // a newer owner of this token exists, or no owner
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
  const place = clientPrefixOf(link);
  return place === undefined ? `session:${id}` : `address:${place}`;
}
