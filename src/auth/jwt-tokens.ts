import { createHash } from 'node:crypto';
import { type CryptoKey, errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import type { Clock } from '../clock.js';
import type { Scope, ScopeAction } from '../protocol/scope.js';
import { constraintSchema, scopesAmong } from './claims.js';
import type { TokenValidator, Validation } from './validator.js';

/** A key with the one algorithm it is for: a public key must never be taken for the secret of another. */
export type JwtKey =
  | { readonly algorithm: 'HS256'; readonly secret: Uint8Array }
  | { readonly algorithm: 'EdDSA'; readonly key: CryptoKey | JWTVerifyGetKey };

export interface JwtTokensOptions {
  /** Each is tried in turn. */
  readonly keys: readonly JwtKey[];
  /** What `iss` has to be. @default anything */
  readonly issuer?: string | undefined;
  /** What `aud` has to name. @default anything */
  readonly audience?: string | undefined;
  /** How far the clock of whoever made a token may be off, in seconds. @default 60 */
  readonly clockSkewSeconds?: number | undefined;
  readonly clock: Clock;
}

const patterns = z.array(z.string().max(1_024)).max(256).default([]);

/** The claims that are ours, beside `sub`, `exp`, `nbf`, `jti` of RFC 7519. */
const claimsSchema = z.object({
  read: patterns,
  write: patterns,
  admin: patterns,
  constraints: z.array(constraintSchema).max(256).default([]),
});

const FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** JSON Web Tokens (RFC 7519) made by somebody else, with scopes in the claims `read`, `write` and `admin`. */
export function jwtTokens(options: JwtTokensOptions): TokenValidator {
  return {
    async validate(token) {
      if (!FORM.test(token)) return { kind: 'notMine' };
      let verdict: Validation = { kind: 'invalid', reason: 'no key for it' };
      for (const key of options.keys) {
        verdict = await verify(token, key, options);
        if (verdict.kind !== 'invalid') break; // expired says that the key was the right one
      }
      return verdict;
    },
  };
}

async function verify(token: string, jwtKey: JwtKey, options: JwtTokensOptions): Promise<Validation> {
  const { issuer, audience, clockSkewSeconds = 60, clock } = options;
  const how = {
    algorithms: [jwtKey.algorithm],
    clockTolerance: clockSkewSeconds,
    currentDate: new Date(clock.now()),
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
    return granted(token, payload, clockSkewSeconds);
  } catch (error) {
    if (error instanceof errors.JWTExpired) return { kind: 'expired' };
    // Its own words could quote claims; what it is about is enough.
    if (error instanceof errors.JOSEError)
      return { kind: 'invalid', reason: reasons[error.code] ?? 'it cannot be verified' };
    throw error;
  }
}

const reasons: Readonly<Partial<Record<string, string>>> = {
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'its signature does not fit',
  ERR_JOSE_ALG_NOT_ALLOWED: 'its algorithm is not allowed',
  ERR_JWT_CLAIM_VALIDATION_FAILED: 'a claim does not hold: iss, aud or nbf',
  ERR_JWKS_NO_MATCHING_KEY: 'no key for it',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'several keys could be for it; it needs a kid',
  ERR_JWS_INVALID: 'it is no JWT',
  ERR_JWT_INVALID: 'it is no JWT',
};

function granted(token: string, payload: JWTPayload, clockSkewSeconds: number): Validation {
  const claims = claimsSchema.safeParse(payload);
  if (!claims.success) {
    return {
      kind: 'invalid',
      reason: `its claim ${claims.error.issues[0]?.path.join('.') ?? ''} is not as it should be`,
    };
  }
  const { read, write, admin, constraints } = claims.data;
  const scopes = [...of('read', read), ...of('write', write), ...of('admin', admin)];
  const { sub, exp, jti } = payload;
  return {
    kind: 'valid',
    grant: {
      tokenId: jti ?? `jwt:${createHash('sha256').update(token).digest('hex').slice(0, 12)}`,
      subject: sub,
      scopes,
      constraints,
      expiresAtSeconds: exp === undefined ? undefined : exp + clockSkewSeconds,
    },
  };
}

/** The patterns among some texts as scopes; what is none gives nothing. */
function of(action: ScopeAction, texts: readonly string[]): Scope[] {
  return scopesAmong(texts.map((text) => `${action}:${text}`));
}
