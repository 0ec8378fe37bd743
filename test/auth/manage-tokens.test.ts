import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { AuthError, createToken, type CreateTokenOptions, listTokens, revokeToken } from '../../src/auth/index.js';
import { ClaspError } from '../../src/protocol/errors.js';
import { parsePattern } from '../../src/protocol/pattern.js';
import { TemporaryFolder } from '../certificates/temporary-folder.js';

let folder: TemporaryFolder;
beforeEach(() => {
  folder = new TemporaryFolder();
});
afterEach(() => {
  folder.remove();
});

const create = (subject: string): ReturnType<typeof createToken> =>
  createToken({ dataDir: folder.at('data'), scopes: ['read:/a'], subject, ttlSeconds: 60, nowSeconds: 1_000.9 });

describe('managing tokens', () => {
  it('lists created tokens, without revoked ones', async () => {
    expect(await listTokens(folder.at('data'))).toEqual([]);
    const { info } = await create('desk');
    await create('lamp');
    expect(info).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{12}$/),
      subject: 'desk',
      scopes: ['read:/a'],
      constraints: [],
      createdAtSeconds: 1_000,
      expiresAtSeconds: 1_060,
    });
    expect(await revokeToken(folder.at('data'), info.id)).toBe(true);
    expect((await listTokens(folder.at('data'))).map(({ subject }) => subject)).toEqual(['lamp']);
    expect(await revokeToken(folder.at('data'), info.id)).toBe(false);
  });

  it('creates different tokens each time', async () => {
    const made = [await create('a'), await create('b')];
    expect(new Set(made.map(({ token }) => token)).size).toBe(2);
    expect(new Set(made.map(({ info }) => info.id)).size).toBe(2);
  });

  it('keeps every change of concurrent creations', async () => {
    const first = await create('first');
    await Promise.all([
      ...Array.from({ length: 8 }, (_, i) => create(`s${i}`)),
      revokeToken(folder.at('data'), first.info.id),
    ]);
    const subjects = (await listTokens(folder.at('data'))).map(({ subject }) => subject).sort();
    expect(subjects).toEqual(Array.from({ length: 8 }, (_, i) => `s${i}`));
    expect(readdirSync(folder.at('data'))).toEqual(['tokens.json']);
  });

  it('stores nothing from which a token can be derived', async () => {
    const { token, info } = await create('desk');
    const secret = token.slice('cpsk_'.length);
    expect(readFileSync(folder.at('data/tokens.json'), 'utf8')).not.toContain(secret);
    expect(JSON.stringify([info, await listTokens(folder.at('data'))])).not.toContain(secret);
    expect(inspect([info, await listTokens(folder.at('data'))], { depth: 9 })).not.toContain(secret);
    expect(token).not.toContain(info.id);
  });

  it('creates no token with an invalid scope', async () => {
    const making = createToken({ dataDir: folder.at('data'), scopes: ['own:/a'], ttlSeconds: 1, nowSeconds: 1 });
    await expect(making).rejects.toThrow(ClaspError);
    expect(await listTokens(folder.at('data'))).toEqual([]);
  });

  it.each<[string, Partial<CreateTokenOptions>]>([
    ['expiresAtSeconds', { ttlSeconds: NaN }], // JSON would make it null, which means unlimited
    ['expiresAtSeconds', { ttlSeconds: Infinity }],
    ['expiresAtSeconds', { ttlSeconds: 1e300 }],
    ['createdAtSeconds', { nowSeconds: NaN }],
    ['subject', { subject: 'x'.repeat(256) }],
    ['subject', { subject: 'a\nb' }],
    ['constraints', { constraints: [{ pattern: parsePattern('/a'), maxRate: Infinity }] }],
  ])('stores nothing unreadable, and keeps the other tokens: %s of %j', async (field, wrong) => {
    const options = { dataDir: folder.at('data'), scopes: ['read:/a'], ttlSeconds: 60, nowSeconds: 1_000 };
    await createToken(options);
    await expect(createToken({ ...options, ...wrong })).rejects.toThrow(
      new AuthError(`a token cannot be stored: its ${field} is invalid`),
    );
    expect(await listTokens(folder.at('data'))).toHaveLength(1);
  });

  it('reports in one sentence that the folder is not writable', async () => {
    const dataDir = folder.write('file', '');
    const making = createToken({ dataDir, scopes: ['read:/a'], ttlSeconds: 1, nowSeconds: 1 });
    const error: unknown = await making.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AuthError);
    expect((error as AuthError).message).toContain(dataDir);
  });
});
