import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { importSPKI, SignJWT } from 'jose';
import { SimulatedClock } from 'xstate';
import type { Grant } from '../../src/core/ports.js';
import { type JwtKey, jwtTokens, type JwtTokensOptions, type Validation } from '../../src/auth/index.js';
import { formatScope } from '../../src/protocol/scope.js';
import { codedError } from '../support/coded-error.js';
import { WallClock } from '../support/steady-clock.js';
import { testKey } from './test-keys.js';

const NOW_SECONDS = 1_800_000_000;
const HOUR = NOW_SECONDS + 3_600;
const secret = new Uint8Array(32).fill(7);
const hs256: JwtKey = { algorithm: 'HS256', secret };
const ours = testKey(1);
const eddsa: JwtKey = { algorithm: 'EdDSA', key: await importSPKI(ours.pem, 'EdDSA') };

function validate(
  token: string,
  options: Partial<JwtTokensOptions> = {},
  nowSeconds = NOW_SECONDS,
): Promise<Validation> {
  const clock = new SimulatedClock();
  clock.set(nowSeconds * 1_000);
  return Promise.resolve(jwtTokens({ keys: [hs256], clock, ...options }).validate(token));
}

function signed(claims: object, alg = 'HS256', key: Uint8Array | KeyObject = secret): Promise<string> {
  return new SignJWT({ exp: HOUR, ...claims }).setProtectedHeader({ alg }).sign(key);
}

async function granted(claims: object): Promise<Grant> {
  const validation = await validate(await signed(claims));
  if (validation.kind !== 'valid') throw new Error(JSON.stringify(validation));
  return validation.grant;
}

const invalid = (reason: string): Validation => ({ kind: 'invalid', reason });
const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a validator of JWTs', () => {
  it('is not created with an unknown option', async () => {
    const call = jwtTokens as (options: unknown) => unknown; // untyped
    const { message } = await codedError(() => call({ keys: [hs256], isuer: 'me', clock: new SimulatedClock() }));
    expect(message).toBe('jwtTokens has no option "isuer"; did you mean "issuer"?');
  });
});

describe('the time of a JWT', () => {
  /** A computer whose wall clock was corrected by eight hours after the start. */
  const corrected = new WallClock();
  corrected.set((NOW_SECONDS - 8 * 3_600) * 1_000);
  corrected.aheadMs = 8 * 3_600_000;

  it.each([
    ['begins now', { nbf: NOW_SECONDS, exp: HOUR }, 'valid'],
    ['ended seven hours ago', { exp: NOW_SECONDS - 7 * 3_600 }, 'expired'],
  ])(
    'is wall clock time: after a clock correction, a token that %s is judged by the correct time',
    async (_, claims, kind) => {
      expect(await validate(await signed(claims), { clock: corrected })).toMatchObject({ kind });
    },
  );

  it('includes its start, so that a clock that is set back ends the session', async () => {
    const grant = await granted({ nbf: NOW_SECONDS - 100 });
    expect(grant).toMatchObject({ notBeforeSeconds: NOW_SECONDS - 160, expiresAtSeconds: HOUR + 60 });
  });
});

describe('the grant of a JWT', () => {
  it('comes from its claims', async () => {
    const constraints = [{ pattern: '/lights/**', range: [0, 1] as const, maxRate: 30 }];
    const grant = await granted({
      sub: 'desk',
      jti: 'token-7',
      read: ['/lights/**'],
      write: ['/lights/1/*', '/sound'],
      admin: ['/locks/**'],
      constraints,
      somethingElse: true,
    });
    expect(grant).toMatchObject({ tokenId: 'token-7', subject: 'desk', constraints, expiresAtSeconds: HOUR + 60 });
    expect(grant.scopes.map(formatScope)).toEqual([
      'read:/lights/**',
      'write:/lights/1/*',
      'write:/sound',
      'admin:/locks/**',
    ]);
  });

  it('is empty without claims', async () => {
    const grant = await granted({});
    expect(grant).toMatchObject({ subject: undefined, scopes: [], constraints: [] });
    expect(grant.tokenId).toMatch(/^jwt:[0-9a-f]{12}$/);
  });

  it('ignores an invalid pattern', async () => {
    const { scopes } = await granted({ read: ['lights', '/a', '/a//b', ''], write: ['x,admin:/**'] });
    expect(scopes.map(formatScope)).toEqual(['read:/a']);
  });

  it.each<[object, string]>([
    [{ read: '/a' }, 'its claim read is invalid'],
    [{ admin: [7] }, 'its claim admin.0 is invalid'],
    [{ write: Array.from({ length: 257 }, () => '/a') }, 'its claim write is invalid'],
    [{ sub: { name: 'desk' } }, 'its claim sub is invalid'],
    [{ jti: 7 }, 'its claim jti is invalid'],
    [{ jti: '' }, 'its claim jti is invalid'],
    // A constraint that is misread would not constrain.
    [{ constraints: [{ pattern: '/a', maxrate: 5 }] }, 'its claim constraints.0 is invalid'],
    [{ constraints: [{ pattern: '/a', range: [1, 0] }] }, 'its claim constraints.0.range is invalid'],
    [{ constraints: [{ pattern: 'a' }] }, 'its claim constraints.0.pattern is invalid'],
    [{ constraints: [{ pattern: '/a', maxRate: 0 }] }, 'its claim constraints.0.maxRate is invalid'],
  ])('is refused with %j', async (claims, reason) => {
    expect(await validate(await signed(claims))).toEqual(invalid(reason));
  });
});

describe('the time of a JWT', () => {
  it('has an end, with a tolerance for clocks', async () => {
    const token = await signed({});
    expect((await validate(token, {}, HOUR + 59)).kind).toBe('valid');
    expect(await validate(token, {}, HOUR + 60)).toEqual({ kind: 'expired' });
    expect(await validate(token, { clockSkewSeconds: 0 }, HOUR)).toEqual({ kind: 'expired' });
  });

  it('must have started', async () => {
    const token = await signed({ nbf: NOW_SECONDS + 61 });
    expect(await validate(token)).toEqual(invalid('it is not valid yet (nbf)'));
    expect((await validate(token, {}, NOW_SECONDS + 1)).kind).toBe('valid');
  });

  it('must have an end, because nothing else ends such a token', async () => {
    expect(await validate(await signed({ exp: undefined }))).toEqual(invalid('it has no expiry (exp)'));
  });
});

describe('issuer and audience of a JWT', () => {
  it.each<[object, Partial<JwtTokensOptions>, string | undefined]>([
    [{}, { issuer: 'https://show.example' }, 'it has another issuer (iss)'],
    [{ iss: 'else' }, { issuer: 'https://show.example' }, 'it has another issuer (iss)'],
    [{ iss: 'https://show.example' }, { issuer: 'https://show.example' }, undefined],
    [{ iss: 'else' }, {}, undefined],
    [{ aud: 'other' }, { audience: 'stage' }, 'it has another audience (aud)'],
    [{ aud: ['other', 'stage'] }, { audience: 'stage' }, undefined],
  ])('are checked if required: %j with %j', async (claims, options, reason) => {
    const validation = await validate(await signed(claims), options);
    if (reason === undefined) expect(validation.kind).toBe('valid');
    else expect(validation).toEqual(invalid(reason));
  });

  it.each(['EdDSA', 'Ed25519'])('are proven by its signature: %s', async (alg) => {
    const options = { keys: [hs256, eddsa] };
    expect((await validate(await signed({}, alg, ours.privateKey), options)).kind).toBe('valid');
    expect(await validate(await signed({}, alg, testKey(2).privateKey), options)).toEqual(
      invalid('its signature is invalid'),
    );
  });

  it('can belong to any of several keys', async () => {
    const other: JwtKey = { algorithm: 'EdDSA', key: await importSPKI(testKey(2).pem, 'EdDSA') };
    const token = await signed({ nbf: NOW_SECONDS + 100 }, 'EdDSA', testKey(2).privateKey);
    for (const keys of [
      [other, eddsa],
      [eddsa, other],
    ]) {
      expect((await validate(token, { keys }, NOW_SECONDS + 100)).kind).toBe('valid');
      // the reason of the key that signed it
      expect(await validate(token, { keys })).toEqual(invalid('it is not valid yet (nbf)'));
    }
  });
});

describe('a forged JWT', () => {
  it('cannot be signed with a public key as the secret', async () => {
    const input = `${base64url({ alg: 'HS256' })}.${base64url({ exp: HOUR, admin: ['/**'] })}`;
    for (const stolen of [ours.pem, ours.pem.trim(), ours.raw]) {
      const token = `${input}.${createHmac('sha256', stolen).update(input).digest('base64url')}`;
      expect((await validate(token, { keys: [eddsa] })).kind).toBe('invalid');
      expect((await validate(token, { keys: [eddsa, hs256] })).kind).toBe('invalid');
    }
  });

  it.each(['none', 'None', 'HS384', 'RS256', 'ES256', '__proto__', 7, undefined])(
    'cannot use an algorithm without a key: %j',
    async (alg) => {
      const token = `${base64url({ alg })}.${base64url({ exp: HOUR, admin: ['/**'] })}.AAAA`;
      expect(await validate(token, { keys: [hs256, eddsa] })).toEqual(invalid('its algorithm is not permitted'));
    },
  );

  it('cannot use another key type under an allowed name', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const token = await signed({ admin: ['/**'] }, 'RS256', privateKey);
    expect(await validate(token, { keys: [hs256, eddsa] })).toEqual(invalid('its algorithm is not permitted'));
  });

  it('is refused if one bit differs', async () => {
    const [header, payload, signature] = (await signed({ read: ['/a'] })).split('.') as [string, string, string];
    const bytes = Buffer.from(signature, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 37) {
      const turned = Buffer.from(bytes);
      turned[bit >> 3]! ^= 1 << (bit & 7);
      expect(await validate(`${header}.${payload}.${turned.toString('base64url')}`)).toEqual(
        invalid('its signature is invalid'),
      );
    }
    const more = base64url({ exp: HOUR, admin: ['/**'] });
    expect(await validate(`${header}.${more}.${signature}`)).toEqual(invalid('its signature is invalid'));
  });

  it('is refused if it has an unknown critical header', async () => {
    const input = `${base64url({ alg: 'HS256', crit: ['x'], x: 1 })}.${base64url({ exp: HOUR })}`;
    const token = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
    expect((await validate(token)).kind).toBe('invalid');
  });
});

describe('text that is not a JWT', () => {
  it.each(['', 'a', 'a.b', 'a.b.c', 'v4.public.abcdef', 'cpsk_1.2.3', 'a.b.c.d.e', `e30.e30.`, '..'])(
    'is left to other validators: %j',
    async (token) => expect(await validate(token)).toEqual({ kind: 'notMine' }),
  );
});
