import { createHash } from 'node:crypto';
import { type CryptoKey, decodeProtectedHeader, errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { checkNames } from '../util/arguments.js';
import { type Clock, wallTime } from '../util/clock.js';
import type { Scope, ScopeAction } from '../protocol/scope.js';
import { constraintSchema, scopesAmong } from './claims.js';
import type { TokenValidator, Validation } from './validator.js';

/** A key with its only algorithm. Without this, a public key could be used as the secret of another algorithm. */
export type JwtKey =
  | { readonly algorithm: 'HS256'; readonly secret: Uint8Array }
  | { readonly algorithm: 'EdDSA'; readonly key: CryptoKey | JWTVerifyGetKey };

export interface JwtTokensOptions {
  /** Tried in order. */
  readonly keys: readonly JwtKey[];
  /** Required `iss`. @default any */
  readonly issuer?: string | undefined;
  /** Required `aud`. @default any */
  readonly audience?: string | undefined;
  /** Tolerance for the clock of the token's issuer, in seconds. @default 60 */
  readonly clockSkewSeconds?: number | undefined;
  readonly clock: Clock;
}

const patterns = z.array(z.string().max(1_024)).max(256).default([]);

/** Claims that the validator reads, beside those that jose checks: `exp`, `nbf`, `iss`, `aud` (RFC 7519). */
const claimsSchema = z.object({
  sub: z.string().max(255).optional(),
  jti: z.string().min(1).max(255).optional(),
  exp: z.number(),
  nbf: z.number().optional(),
  read: patterns,
  write: patterns,
  admin: patterns,
  constraints: z.array(constraintSchema).max(256).default([]),
});

/** `alg` values of tokens, and the algorithm they denote. `Ed25519` is the new name (RFC 9864). */
const algorithms: ReadonlyMap<unknown, JwtKey['algorithm']> = new Map([
  ['HS256', 'HS256'],
  ['EdDSA', 'EdDSA'],
  ['Ed25519', 'EdDSA'],
]);

const FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/;

const OPTIONS: readonly (keyof JwtTokensOptions)[] = ['keys', 'issuer', 'audience', 'clockSkewSeconds', 'clock'];

/**
 * Validates JSON Web Tokens (RFC 7519) of other issuers, with scopes in the claims `read`, `write` and `admin`.
 *
 * @throws ArgumentError for an unknown option
 */
export function jwtTokens(options: JwtTokensOptions): TokenValidator {
  checkNames('jwtTokens', options, OPTIONS);
  return {
    async validate(token) {
      const header = headerOf(token);
      if (header === undefined) return { kind: 'notMine' };
      const algorithm = algorithms.get(header.alg);
      const keys = options.keys.filter((key) => key.algorithm === algorithm);
      if (keys.length === 0) return { kind: 'invalid', reason: 'its algorithm is not permitted' };
      let verdict: Validation = { kind: 'invalid', reason: 'no key matches it' };
      for (const key of keys) {
        const answer = await verify(token, key, options);
        verdict = answer.verdict;
        if (answer.isSigned) break;
      }
      return verdict;
    },
  };
}

/** Returns the header of a JWT; undefined for other tokens, which can have three parts, too. */
function headerOf(token: string): { readonly alg?: unknown } | undefined {
  if (!FORM.test(token)) return undefined;
  try {
    return decodeProtectedHeader(token);
  } catch {
    return undefined;
  }
}

/** @returns the result, and whether it is final because this key has signed the token */
async function verify(
  token: string,
  jwtKey: JwtKey,
  options: JwtTokensOptions,
): Promise<{ readonly verdict: Validation; readonly isSigned: boolean }> {
  const { issuer, audience, clockSkewSeconds = 60, clock } = options;
  const how = {
    algorithms: jwtKey.algorithm === 'HS256' ? ['HS256'] : ['EdDSA', 'Ed25519'],
    clockTolerance: clockSkewSeconds,
    currentDate: new Date(wallTime(clock)),
    // Only expiry ends such a token.
    requiredClaims: ['exp'],
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  };
  try {
    const { payload } =
      jwtKey.algorithm === 'HS256'
        ? await jwtVerify(token, jwtKey.secret, how)
        : typeof jwtKey.key === 'function'
          ? await jwtVerify(token, jwtKey.key, how)
          : await jwtVerify(token, jwtKey.key, how);
    return { verdict: granted(token, payload, clockSkewSeconds), isSigned: true };
  } catch (error) {
    if (error instanceof errors.JWTExpired) return { verdict: { kind: 'expired' }, isSigned: true };
    // The library's message can quote claims; the name of the claim is enough.
    if (error instanceof errors.JWTClaimValidationFailed) {
      return { verdict: { kind: 'invalid', reason: claimFaults[error.claim] ?? BAD_CLAIM }, isSigned: true };
    }
    if (error instanceof errors.JOSEError) {
      return { verdict: { kind: 'invalid', reason: faults[error.code] ?? 'it cannot be verified' }, isSigned: false };
    }
    throw error;
  }
}

const BAD_CLAIM = 'a claim is not satisfied';
const claimFaults: Readonly<Partial<Record<string, string>>> = {
  exp: 'it has no expiry (exp)',
  nbf: 'it is not valid yet (nbf)',
  iss: 'it has another issuer (iss)',
  aud: 'it has another audience (aud)',
};

const faults: Readonly<Partial<Record<string, string>>> = {
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'its signature is invalid',
  ERR_JWKS_NO_MATCHING_KEY: 'no key matches it',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'several keys match it; it needs a kid',
  ERR_JWS_INVALID: 'it is not a JWT',
  ERR_JWT_INVALID: 'it is not a JWT',
};

function granted(token: string, payload: JWTPayload, clockSkewSeconds: number): Validation {
  const claims = claimsSchema.safeParse(payload);
  if (!claims.success) {
    return {
      kind: 'invalid',
      reason: `its claim ${claims.error.issues[0]?.path.join('.') ?? ''} is invalid`,
    };
  }
  const { sub, jti, exp, nbf, read, write, admin, constraints } = claims.data;
  const scopes = [...of('read', read), ...of('write', write), ...of('admin', admin)];
  return {
    kind: 'valid',
    grant: {
      tokenId: jti ?? `jwt:${createHash('sha256').update(token).digest('hex').slice(0, 12)}`,
      subject: sub,
      scopes,
      constraints,
      notBeforeSeconds: nbf === undefined ? undefined : nbf - clockSkewSeconds,
      expiresAtSeconds: exp + clockSkewSeconds,
    },
  };
}

/** Returns scopes for the valid patterns. Invalid ones grant nothing. */
function of(action: ScopeAction, texts: readonly string[]): Scope[] {
  return scopesAmong(texts.map((text) => `${action}:${text}`));
}
