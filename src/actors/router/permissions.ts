import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { PublishMessage, SetMessage } from '../../protocol/messages/message.js';
import { matchPattern, type Pattern } from '../../protocol/pattern.js';
import { actionCovers, type Scope, type ScopeAction, scopesCover } from '../../protocol/scope.js';
import type { EncodedValue } from '../../protocol/values/encoded-value.js';
import type { Value } from '../../protocol/values/value.js';
import type { Constraint, Grant } from '../ports.js';
import { TokenBucket } from '../../token-bucket.js';
import { isSystemAddress } from './system-addresses.js';

/** What a session may do (router.md 9.2). A refusal is a ClaspError, thrown before anything has changed. */
export interface Permissions {
  /** Whether there is nothing to ask: so that an open router asks nothing. */
  readonly isUnrestricted: boolean;
  /** Whether it may read, write or, as `admin`, break locks at an address. */
  allows(action: ScopeAction, address: string): boolean;
  /** Whether it may do that at every address of a pattern. */
  covers(action: ScopeAction, pattern: Pattern): boolean;
  /** @throws ClaspError 301, 302 */
  checkRead(address: string, nowMicros: number): void;
  /** @throws ClaspError 301, 302 */
  checkSubscribe(pattern: Pattern, nowMicros: number): void;
  /** @throws ClaspError 301, 302 */
  checkAnnounce(pattern: Pattern, nowMicros: number): void;
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
  return new GrantedPermissions({
    tokenId: '',
    subject: undefined,
    scopes: [],
    constraints: [],
    expiresAtSeconds: undefined,
  });
}

/** What a token gives. */
export function permissionsOf(grant: Grant): Permissions {
  return new GrantedPermissions(grant);
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

/** Addresses whose verdict is remembered for each session. A full cache starts over. */
const MAX_VERDICTS = 4_096;

class GrantedPermissions implements Permissions {
  readonly isUnrestricted = false;
  readonly #scopes: readonly Scope[];
  /** Those for the router's own addresses, which `**` does not stand for. */
  readonly #systemScopes: readonly Scope[];
  readonly #bounds: readonly Bound[];
  readonly #expiresAtMicros: number;
  readonly #verdicts = new Map<string, Verdict>();

  constructor({ scopes, constraints, expiresAtSeconds }: Grant) {
    this.#scopes = scopes;
    this.#systemScopes = scopes.filter(({ action, pattern }) => action === 'admin' || isSystemAddress(pattern));
    this.#bounds = constraints.map((constraint) => ({ ...constraint, bucket: undefined }));
    this.#expiresAtMicros = expiresAtSeconds === undefined ? Infinity : expiresAtSeconds * 1_000_000;
  }

  allows(action: ScopeAction, address: string): boolean {
    const held = this.#verdictOn(address).action;
    return held !== undefined && actionCovers(held, action);
  }

  covers(action: ScopeAction, pattern: Pattern): boolean {
    return scopesCover(this.#scopesFor(pattern), action, pattern);
  }

  checkRead(address: string, nowMicros: number): void {
    this.#checkExpiry(nowMicros);
    if (!this.allows('read', address)) throw forbidden('read operation', address);
  }

  /** To follow what comes takes a scope that says so: `write` alone does not let anybody listen. */
  checkSubscribe(pattern: Pattern, nowMicros: number): void {
    this.#checkExpiry(nowMicros);
    const scopes = this.#scopesFor(pattern).filter(({ action }) => action !== 'write');
    if (!scopesCover(scopes, 'read', pattern)) throw forbidden('subscription', pattern);
  }

  checkAnnounce(pattern: Pattern, nowMicros: number): void {
    this.#checkExpiry(nowMicros);
    if (!this.covers('write', pattern)) throw forbidden('announcement', pattern);
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
    if (nowMicros >= this.#expiresAtMicros) throw new ClaspError(ErrorCode.TokenExpired, 'Token has expired');
  }

  #verdictOn(address: string): Verdict {
    const known = this.#verdicts.get(address);
    if (known !== undefined) return known;
    let action: ScopeAction | undefined;
    for (const scope of this.#scopesFor(address)) {
      const isMore = action === undefined || actionCovers(scope.action, action);
      if (isMore && matchPattern(scope.pattern, address)) action = scope.action;
    }
    const verdict = { action, bounds: this.#bounds.filter(({ pattern }) => matchPattern(pattern, address)) };
    if (this.#verdicts.size >= MAX_VERDICTS) this.#verdicts.clear();
    this.#verdicts.set(address, verdict);
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
