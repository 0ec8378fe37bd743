import { addressSegments } from '../../protocol/address.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import { tokenExpired, tokenNotValidYet } from './grant-error.js';
import type { PublishMessage, SetMessage } from '../../protocol/messages/message.js';
import { matchSegments, type Pattern } from '../../protocol/pattern.js';
import { actionCovers, formatScope, type Scope, type ScopeAction, scopesCover } from '../../protocol/scope.js';
import { StepCounter } from '../../protocol/step-counter.js';
import type { EncodedValue } from '../../protocol/values/encoded-value.js';
import type { Value } from '../../protocol/values/value.js';
import { TokenBucket } from '../../util/token-bucket.js';
import type { Constraint, Grant } from '../ports.js';
import { type ClockOffsets, noOffsets } from '../clock-offsets.js';
import { isSystemAddress } from '../system/system-addresses.js';

/** Permissions of a session (router.md 9.2). A refusal is a ClaspError, thrown before any change. */
export interface Permissions {
  /** Whether no check is needed, as on a router without authentication. */
  readonly isUnrestricted: boolean;
  /** Whether the session can read, write or, as `admin`, break locks at an address. */
  allows(action: ScopeAction, address: string): boolean;
  /** Whether the action is permitted at every address of a pattern. @param counter counts the comparisons */
  covers(action: ScopeAction, pattern: Pattern, counter?: StepCounter): boolean;
  /** @throws ClaspError 301, 302 */
  checkRead(address: string, nowMicros: number): void;
  /** @throws ClaspError 301, 302 */
  checkSubscribe(pattern: Pattern, nowMicros: number): void;
  /** @param counter counts the comparisons @throws ClaspError 301, 302 */
  checkAnnounce(pattern: Pattern, nowMicros: number, counter?: StepCounter): void;
  /** Checks scope and bounds of a SET or PUBLISH. @throws ClaspError 301, 302, 402 */
  checkWrite(message: SetMessage | PublishMessage, nowMicros: number): void;
  /** Counts a write against the rates of its address. @throws ClaspError 429 */
  countWrite(address: string, nowMicros: number): void;
  /** Whether every write to an address is permitted while {@link isValidAt}: no bound applies to it. */
  permitsWrites(address: string): boolean;
  /** Whether the token is valid now. */
  isValidAt(nowMicros: number): boolean;
}

/** Permissions of all sessions on a router without authentication, and of the embedding program. */
export const unrestricted: Permissions = {
  isUnrestricted: true,
  allows: () => true,
  covers: () => true,
  checkRead: () => undefined,
  checkSubscribe: () => undefined,
  checkAnnounce: () => undefined,
  checkWrite: () => undefined,
  countWrite: () => undefined,
  permitsWrites: () => true,
  isValidAt: () => true,
};

/** Permissions of a revoked grant, for its scheduled bundles. */
export function noPermissions(): Permissions {
  const nothing = { tokenId: '', subject: undefined, scopes: [], constraints: [], expiresAtSeconds: undefined };
  return new GrantedPermissions(nothing, {
    counter: new StepCounter(),
    caches: new VerdictCaches(),
    offsets: noOffsets,
  });
}

/** Tokens whose rates and cached verdicts outlive their last session, so that a reconnect does not reset them. */
const MAX_TOKENS = 1_024;

/** Permissions by token. The sessions of one token share cached verdicts and the rates of its constraints. */
export class TokenPermissions {
  readonly #shared: SharedByTokens;
  /** Most recently used last. */
  readonly #byToken = new Map<string, { readonly grant: Grant; readonly permissions: Permissions }>();

  /**
   * @param counter counts comparisons with scopes
   * @param offsets of the monotonic clock, which times the calls; a token is valid by calendar time
   */
  constructor(counter: StepCounter, offsets: ClockOffsets) {
    this.#shared = { counter, caches: new VerdictCaches(), offsets };
  }

  /** Returns the permissions of a grant. If the scopes of a token have changed, creates new permissions. */
  of(grant: Grant): Permissions {
    const { tokenId } = grant;
    const known = this.#byToken.get(tokenId);
    this.#byToken.delete(tokenId);
    const one =
      known !== undefined && isSame(known.grant, grant)
        ? known
        : { grant, permissions: new GrantedPermissions(grant, this.#shared) };
    this.#byToken.set(tokenId, one);
    if (this.#byToken.size > MAX_TOKENS) {
      for (const oldest of this.#byToken.keys()) {
        this.#byToken.delete(oldest);
        break;
      }
    }
    return one.permissions;
  }
}

function isSame(one: Grant, other: Grant): boolean {
  return describe(one) === describe(other);
}

function describe({ scopes, constraints, notBeforeSeconds, expiresAtSeconds }: Grant): string {
  return JSON.stringify([scopes.map(formatScope), constraints, notBeforeSeconds, expiresAtSeconds]);
}

/** Permissions of a session at one address. */
interface Verdict {
  readonly action: ScopeAction | undefined;
  readonly bounds: readonly Bound[];
}

interface Bound extends Constraint {
  /** Created with the first write. */
  bucket: TokenBucket | undefined;
}

/**
 * Maximum cached verdicts of all tokens together, and bytes of the longest address: about 16 MB. A full cache is
 * emptied.
 */
const MAX_VERDICTS = 65_536;
const MAX_REMEMBERED_LENGTH = 128;

/**
 * Cached verdicts by address. Contains only permitted addresses, which are limited by the show, while refused ones are
 * unlimited.
 */
class VerdictCaches {
  readonly #caches = new Set<Map<string, Verdict>>();
  #size = 0;

  remember(cache: Map<string, Verdict>, address: string, verdict: Verdict): void {
    if (verdict.action === undefined || address.length > MAX_REMEMBERED_LENGTH) return;
    if (this.#size >= MAX_VERDICTS) {
      for (const one of this.#caches) one.clear();
      this.#caches.clear();
      this.#size = 0;
    }
    this.#caches.add(cache);
    cache.set(address, verdict);
    this.#size++;
  }
}

/** State that the permissions of all tokens share. */
interface SharedByTokens {
  readonly counter: StepCounter;
  readonly caches: VerdictCaches;
  readonly offsets: ClockOffsets;
}

class GrantedPermissions implements Permissions {
  readonly isUnrestricted = false;
  readonly #scopes: readonly Scope[];
  /** Scopes for the router's own addresses, which `**` does not match. */
  readonly #systemScopes: readonly Scope[];
  readonly #bounds: readonly Bound[];
  /** Calendar time. */
  readonly #notBeforeMicros: number;
  readonly #expiresAtMicros: number;
  readonly #verdicts = new Map<string, Verdict>();
  readonly #caches: VerdictCaches;
  readonly #counter: StepCounter;
  readonly #offsets: ClockOffsets;

  constructor(
    { scopes, constraints, notBeforeSeconds, expiresAtSeconds }: Grant,
    { counter, caches, offsets }: SharedByTokens,
  ) {
    this.#counter = counter;
    this.#caches = caches;
    this.#offsets = offsets;
    this.#scopes = scopes;
    this.#systemScopes = scopes.filter(({ action, pattern }) => action === 'admin' || isSystemAddress(pattern));
    this.#bounds = constraints.map((constraint) => ({ ...constraint, bucket: undefined }));
    this.#notBeforeMicros = notBeforeSeconds === undefined ? -Infinity : notBeforeSeconds * 1_000_000;
    this.#expiresAtMicros = expiresAtSeconds === undefined ? Infinity : expiresAtSeconds * 1_000_000;
  }

  allows(action: ScopeAction, address: string): boolean {
    const held = this.#verdictOn(address).action;
    return held !== undefined && actionCovers(held, action);
  }

  covers(action: ScopeAction, pattern: Pattern, counter: StepCounter = this.#counter): boolean {
    return scopesCover(this.#scopesFor(pattern), action, pattern, counter);
  }

  checkRead(address: string, nowMicros: number): void {
    this.#checkExpiry(nowMicros);
    if (!this.allows('read', address)) throw forbidden('read operation', address);
  }

  /** Subscribing requires a scope that permits reading: `write` alone does not suffice. */
  checkSubscribe(pattern: Pattern, nowMicros: number): void {
    this.#checkExpiry(nowMicros);
    const scopes = this.#scopesFor(pattern).filter(({ action }) => action !== 'write');
    if (!scopesCover(scopes, 'read', pattern, this.#counter)) throw forbidden('subscription', pattern);
  }

  checkAnnounce(pattern: Pattern, nowMicros: number, counter?: StepCounter): void {
    this.#checkExpiry(nowMicros);
    if (!this.covers('write', pattern, counter)) throw forbidden('announcement', pattern);
  }

  checkWrite(message: SetMessage | PublishMessage, nowMicros: number): void {
    this.#checkExpiry(nowMicros);
    const { address } = message;
    const { action, bounds } = this.#verdictOn(address);
    if (action === undefined || !actionCovers(action, 'write')) {
      throw forbidden(message.type === 'set' ? 'write operation' : 'publish operation', address);
    }
    for (const { range } of bounds) if (range !== undefined) checkRange(message, range);
  }

  countWrite(address: string, nowMicros: number): void {
    const nowMs = nowMicros / 1_000;
    for (const bound of this.#verdictOn(address).bounds) {
      if (bound.maxRate === undefined) continue;
      bound.bucket ??= new TokenBucket({ perSecond: bound.maxRate }, nowMs);
      if (bound.bucket.take(nowMs)) continue;
      const text = `Rate limit exceeded: this token may write ${bound.maxRate} times a second to ${bound.pattern}`;
      throw new ClaspError(ErrorCode.RateLimited, text, { address });
    }
  }

  permitsWrites(address: string): boolean {
    const { action, bounds } = this.#verdictOn(address);
    return action !== undefined && actionCovers(action, 'write') && bounds.length === 0;
  }

  isValidAt(nowMicros: number): boolean {
    const wallMicros = nowMicros + this.#offsets.wallAheadMicros;
    return wallMicros < this.#expiresAtMicros && wallMicros >= this.#notBeforeMicros;
  }

  #checkExpiry(nowMicros: number): void {
    const wallMicros = nowMicros + this.#offsets.wallAheadMicros;
    if (wallMicros >= this.#expiresAtMicros) throw tokenExpired();
    if (wallMicros < this.#notBeforeMicros) throw tokenNotValidYet();
  }

  #verdictOn(address: string): Verdict {
    const known = this.#verdicts.get(address);
    if (known !== undefined) return known;
    const segments = addressSegments(address);
    const matches = (pattern: Pattern): boolean => matchSegments(addressSegments(pattern), segments, this.#counter);
    let action: ScopeAction | undefined;
    for (const scope of this.#scopesFor(address)) {
      const isMore = action === undefined || actionCovers(scope.action, action);
      if (isMore && matches(scope.pattern)) action = scope.action;
    }
    const verdict = { action, bounds: this.#bounds.filter(({ pattern }) => matches(pattern)) };
    this.#caches.remember(this.#verdicts, address, verdict);
    return verdict;
  }

  #scopesFor(text: string): readonly Scope[] {
    return isSystemAddress(text) ? this.#systemScopes : this.#scopes;
  }
}

function forbidden(what: string, address: string): ClaspError {
  return new ClaspError(ErrorCode.Forbidden, `Insufficient scope for ${what}`, { address });
}

/** Checks every number in a message, at any depth, because a subscriber can act on each of them. */
function checkRange(message: SetMessage | PublishMessage, [min, max]: readonly [number, number]): void {
  const { address } = message;
  const check = (number: number | bigint): void => {
    // Not "smaller or greater": NaN is neither, and in no range.
    if (number >= min && number <= max) return;
    const text = `Invalid value: ${number} is outside the range ${min} to ${max} that this token allows`;
    throw new ClaspError(ErrorCode.InvalidValue, text, { address });
  };
  for (const value of valuesOf(message)) eachNumber(value.decode(), check);
  if (message.type === 'publish') message.samples?.forEach(check);
}

function valuesOf(message: SetMessage | PublishMessage): readonly EncodedValue[] {
  if (message.type === 'set') return [message.value];
  const { value, timeline } = message;
  return [...(value === undefined ? [] : [value]), ...(timeline?.keyframes.map((keyframe) => keyframe.value) ?? [])];
}

/** Decoded values have at most 64 levels. */
function eachNumber(value: Value, visit: (number: number | bigint) => void): void {
  if (typeof value === 'number' || typeof value === 'bigint') visit(value);
  else if (Array.isArray(value))
    value.forEach((inner: Value) => {
      eachNumber(inner, visit);
    });
  else if (value instanceof Map)
    value.forEach((inner: Value) => {
      eachNumber(inner, visit);
    });
}
