import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { SimulatedClock } from 'xstate';
import {
  AuthError,
  createCapability,
  createToken,
  type OpenAuthenticator,
  openAuthenticator,
  type OpenAuthenticatorOptions,
  revokeToken,
} from '../../src/auth/index.js';
import { ClaspError } from '../../src/protocol/errors.js';
import { recordingLogger } from '../actors/session/recording-logger.js';
import { TemporaryFolder } from '../certificates/temporary-folder.js';
import { CountingClock } from '../client/scripted-router.js';
import { testKey } from './test-keys.js';

const NOW_SECONDS = 1_800_000_000;
const HOUR = NOW_SECONDS + 3_600;
const ours = testKey(1);
const secret = 'a secret that nobody has ever guessed';

let folder: TemporaryFolder;
let logger: ReturnType<typeof recordingLogger>;
let opened: OpenAuthenticator | undefined;
beforeEach(() => {
  folder = new TemporaryFolder();
  logger = recordingLogger();
});
afterEach(() => {
  opened?.close();
  opened = undefined;
  folder.remove();
});

async function open(options: Partial<OpenAuthenticatorOptions> = {}): Promise<OpenAuthenticator> {
  const clock = new SimulatedClock();
  clock.set(NOW_SECONDS * 1_000);
  return (opened = await openAuthenticator({ dataDir: folder.path, clock, logger, ...options }));
}

/** Opens an authenticator with all options. */
const openAll = (): Promise<OpenAuthenticator> =>
  open({
    jwtSecretPath: folder.write('secret', secret),
    jwtKeyPath: folder.write('key.pem', ours.pem),
    jwksPath: folder.write('jwks', JSON.stringify({ keys: [testKey(2).publicKey.export({ format: 'jwk' })] })),
    trustAnchorPaths: [folder.write('anchor', ours.raw)],
  });

const create = (ttlSeconds: number): ReturnType<typeof createToken> =>
  createToken({ dataDir: folder.path, scopes: ['read:/a'], ttlSeconds, nowSeconds: NOW_SECONDS });

const jwt = (alg: string, key: Parameters<SignJWT['sign']>[0], exp = HOUR): Promise<string> =>
  new SignJWT({ exp, read: ['/a'] }).setProtectedHeader({ alg }).sign(key);

const capability = (expiresAtSeconds: number, key = ours): string =>
  createCapability({ key: key.privateKey, scopes: ['read:/a'], expiresAtSeconds });

const secretBytes = new TextEncoder().encode(secret);

describe('openAuthenticator', () => {
  it('accepts every kind of token whose keys it has', async () => {
    const authenticator = await openAll();
    const tokens = [
      (await create(60)).token,
      await jwt('HS256', secretBytes),
      await jwt('EdDSA', ours.privateKey),
      await jwt('EdDSA', testKey(2).privateKey),
      capability(HOUR),
    ];
    for (const token of tokens) {
      expect((await authenticator.authenticate(token)).scopes).toEqual([{ action: 'read', pattern: '/a' }]);
    }
  });

  it('accepts no other tokens', async () => {
    const authenticator = await open();
    for (const token of [await jwt('HS256', secretBytes), capability(HOUR), 'ent_AAAA', 'hello']) {
      await expect(authenticator.authenticate(token)).rejects.toThrow('Unrecognized token format');
    }
    opened?.close();
    const all = await openAll();
    await expect(all.authenticate('ent_AAAA')).rejects.toThrow('Invalid token: no validator accepted the token');
  });

  it('reports revocations', async () => {
    const { token, info } = await create(60);
    const authenticator = await openAll();
    const grant = await authenticator.authenticate(token);
    const end = new Promise<void>((resolve) => authenticator.onRevoked(grant, resolve));
    await revokeToken(folder.path, info.id);
    await expect(authenticator.authenticate(token)).rejects.toThrow('Invalid token: token not found');
    await end;
  });

  it('sets no timer after it is closed', async () => {
    const clock = new CountingClock();
    clock.set(NOW_SECONDS * 1_000);
    const authenticator = await open({ clock });
    expect(clock.timers).toBe(1);
    authenticator.close();
    expect(clock.timers).toBe(0);
  });

  it('does not start with an invalid file', async () => {
    await expect(open({ trustAnchorPaths: [folder.write('anchor', 'x')] })).rejects.toThrow(AuthError);
    await expect(open({ jwtSecretPath: folder.write('secret', 'x') })).rejects.toThrow(AuthError);
    await expect(open({ jwksPath: folder.write('jwks', 'x') })).rejects.toThrow(AuthError);
    await expect(open({ jwtKeyPath: folder.write('key', 'x') })).rejects.toThrow(AuthError);
    folder.write('tokens.json', 'x');
    await expect(open()).rejects.toThrow(AuthError);
  });
});

describe('a token', () => {
  it('appears in no answer, log line or object, whatever is wrong with it', async () => {
    const authenticator = await openAll();
    const { token: revokedToken, info } = await create(60);
    const { token: ended } = await create(-1);
    await authenticator.authenticate(revokedToken);
    await revokeToken(folder.path, info.id);
    const input = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}`;
    const bad = [
      revokedToken,
      ended,
      'cpsk_0123456789abcdef0123456789abcdef',
      'cpsk_short',
      await jwt('HS256', new Uint8Array(32)),
      await jwt('HS256', secretBytes, NOW_SECONDS - 100),
      await jwt('EdDSA', testKey(9).privateKey),
      await new SignJWT({ exp: HOUR, read: 'secret-scope' }).setProtectedHeader({ alg: 'HS256' }).sign(secretBytes),
      `${input}.${createHmac('sha256', ours.pem).update(input).digest('base64url')}`,
      capability(NOW_SECONDS - 1),
      capability(HOUR, testKey(9)),
      `${capability(HOUR)}AAAA`,
      'cap_not*base64',
      'cap_',
      'x'.repeat(20_000),
      'ent_unknown',
    ];
    for (const token of bad) {
      const error: unknown = await authenticator.authenticate(token).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ClaspError);
      const { message, code } = error as ClaspError; // asserted above
      expect([300, 302]).toContain(code);
      expect(message.length).toBeLessThan(200);
      const told = [
        inspect(error, { depth: 9, showHidden: true }),
        JSON.stringify(error),
        inspect(logger.lines, { depth: 9 }),
      ];
      for (const text of told) {
        expect(text).not.toContain(token);
        // The random part does not appear either.
        expect(text).not.toContain(token.slice(-24));
      }
    }
  });

  it('does not appear in the objects that store or grant it', async () => {
    const authenticator = await openAll();
    const { token } = await create(60);
    const grant = await authenticator.authenticate(token);
    const jwtGrant = await authenticator.authenticate(await jwt('HS256', secretBytes));
    for (const text of [
      inspect([authenticator, grant, jwtGrant], { depth: 9, showHidden: true }),
      JSON.stringify([authenticator, grant, jwtGrant]),
    ]) {
      expect(text).not.toContain(token.slice('cpsk_'.length));
      expect(text).not.toContain(secret);
      expect(text).not.toContain('eyJ');
    }
  });
});
