import { addressSegments } from '../../protocol/address.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
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

/** What a session may do (router.md 9.2). A refusal is a ClaspError, thrown before anything has changed. */
export interface Permissions {
  /** Whether there is nothing to ask: so that an open router asks nothing. */
  readonly isUnrestricted: boolean;
  /** Whether it may read, write or, as `admin`, break locks at an address. */
  allows(action: ScopeAction, address: string): boolean;
  /** Whether it may do that at every address of a pattern. @param counter counts the comparisons */
  covers(action: ScopeAction, pattern: Pattern, counter?: StepCounter): boolean;
  /** @throws ClaspError 301, 302 */
  checkRead(address: string, nowMicros: number): void;
  /** @throws ClaspError 301, 302 */
  checkSubscribe(pattern: Pattern, nowMicros: number): void;
  /** @param counter counts the comparisons @throws ClaspError 301, 302 */
  checkAnnounce(pattern: Pattern, nowMicros: number, counter?: StepCounter): void;
  /** Scope and bounds of a SET or PUBLISH. @throws ClaspError 301, 302, 402 */
  checkWrite(message: SetMessage | PublishMessage, nowMicros: number): void;
  /** Counts a write against the rates its address has. @throws ClaspError 429 */
  countWrite(address: string, nowMicros: number): void;
}

/** What everybody may do on an open router, and the program itself on any. */
export const unrestricted: Permissions = {
  isUnrestricted: true,
  allows: () => true,
  covers: () => true,
  checkRead: () => undefined,
  checkSubscribe: () => undefined,
  checkAnnounce: () => undefined,
  checkWrite: () => undefined,
  countWrite: () => undefined,
};

/** What is left of a grant that was taken back, for those of its bundles that still wait for their time. */
export function noPermissions(): Permissions {
  const nothing = { tokenId: '', subject: undefined, scopes: [], constraints: [], expiresAtSeconds: undefined };
  return new GrantedPermissions(nothing, {
    counter: new StepCounter(),
    caches: new VerdictCaches(),
    offsets: noOffsets,
  });
}

/** Tokens whose rates and verdicts outlive their last session, so that reconnecting wins nothing. */
const MAX_TOKENS = 1_024;

/**
 * The permissions of all tokens. The sessions of one token share them: what is remembered of addresses, and the rates that its
 * constraints allow.
 */
export class TokenPermissions {
  readonly #shared: SharedByTokens;
  /** The one that was asked for last is last. */
  readonly #byToken = new Map<string, { readonly grant: Grant; readonly permissions: Permissions }>();

  /**
   * @param counter counts the comparisons with scopes
   * @param offsets of the monotonic clock that calls are timed by: a token's time is calendar time
   */
  constructor(counter: StepCounter, offsets: ClockOffsets) {
    this.#shared = { counter, caches: new VerdictCaches(), offsets };
  }

  /** What a grant gives. A token that was given other scopes since has new permissions. */
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

/** What a session may do at one address. */
interface Verdict {
  readonly action: ScopeAction | undefined;
  readonly bounds: readonly Bound[];
}

interface Bound extends Constraint {
  /** Made with the first write. */
  bucket: TokenBucket | undefined;
}

/** Addresses whose verdict is remembered, for all tokens together, and bytes of the longest: some 16 MB. A full cache starts over. */
const MAX_VERDICTS = 65_536;
const MAX_REMEMBERED_LENGTH = 128;

/**
 * What is remembered of addresses. Only what a token allows: it names what somebody of the show works with, while addresses that are
 * refused can be any number.
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

/** What the permissions of all tokens have in common. */
interface SharedByTokens {
  readonly counter: StepCounter;
  readonly caches: VerdictCaches;
  readonly offsets: ClockOffsets;
}

class GrantedPermissions implements Permissions {
  readonly isUnrestricted = false;
  readonly #scopes: readonly Scope[];
  /** Those for the router's own addresses, which `**` does not stand for. */
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

  /** To follow what comes takes a scope that says so: `write` alone does not let anybody listen. */
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

  #checkExpiry(nowMicros: number): void {
    const wallMicros = nowMicros + this.#offsets.wallAheadMicros;
    if (wallMicros >= this.#expiresAtMicros) throw new ClaspError(ErrorCode.TokenExpired, 'Token has expired');
    if (wallMicros < this.#notBeforeMicros) throw new ClaspError(ErrorCode.TokenExpired, 'Token is not valid yet');
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

/** Every number a message carries, however deep: somebody might act on it. */
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

/** Decoded values are 64 levels deep at most. */
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
