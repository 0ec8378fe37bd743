import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { SimulatedClock } from 'xstate';
import type { Grant } from '../../src/core/ports.js';
import { AuthError, CpskTokens, createToken, revokeToken, type Validation } from '../../src/auth/index.js';
import { formatScope } from '../../src/protocol/scope.js';
import { asOrdinaryUser, TemporaryFolder } from '../certificates/temporary-folder.js';
import { LogLines } from '../certificates/log-lines.js';
import { CountingClock } from '../client/scripted-router.js';
import { WallClock } from '../support/steady-clock.js';

const NOW_SECONDS = 1_800_000_000;

let folder: TemporaryFolder;
let clock: SimulatedClock;
let logger: LogLines;
let tokens: CpskTokens | undefined;
beforeEach(() => {
  folder = new TemporaryFolder();
  clock = new SimulatedClock();
  clock.set(NOW_SECONDS * 1_000);
  logger = new LogLines();
});
afterEach(() => {
  tokens?.close();
  tokens = undefined;
  folder.remove();
});

const open = async (): Promise<CpskTokens> => (tokens = await CpskTokens.open({ dataDir: folder.path, clock, logger }));

const create = (ttlSeconds: number | 'never' = 60, scopes = ['read:/lights/**']): ReturnType<typeof createToken> =>
  createToken({
    dataDir: folder.path,
    scopes,
    subject: 'desk',
    ttlSeconds: ttlSeconds === 'never' ? undefined : ttlSeconds,
    nowSeconds: NOW_SECONDS,
  });

async function granted(token: string): Promise<Grant> {
  const validation = await (tokens ?? (await open())).validate(token);
  if (validation.kind !== 'valid') throw new Error(`not valid: ${JSON.stringify(validation)}`);
  return validation.grant;
}

/** Resolves when the revocation callback runs. */
function revoked(grant: Grant): Promise<void> {
  return new Promise((resolve) => tokens!.onRevoked(grant, resolve));
}

/** Returns the text of a token file that is valid except for the given members. */
function tokensText(wrong: object): string {
  const token = {
    id: 'a',
    hash: 'ab'.repeat(32),
    subject: null,
    scopes: [],
    createdAtSeconds: 1,
    expiresAtSeconds: 2,
  };
  return JSON.stringify({ version: 1, tokens: [{ ...token, ...wrong }] });
}

describe('a CPSK token', () => {
  it('is found, with its grant', async () => {
    const { token, info } = await create(60, ['r:/lights/**', 'W:/lights/1/*']);
    expect(token).toMatch(/^cpsk_[0-9a-f]{32}$/);
    const grant = await granted(token);
    expect(grant).toMatchObject({
      tokenId: info.id,
      subject: 'desk',
      constraints: [],
      expiresAtSeconds: NOW_SECONDS + 60,
    });
    expect(grant.scopes.map(formatScope)).toEqual(['read:/lights/**', 'write:/lights/1/*']);
  });

  it('is valid until it expires', async () => {
    const { token } = await create(60);
    clock.set(NOW_SECONDS * 1_000 + 59_999);
    await granted(token);
    clock.set(NOW_SECONDS * 1_000 + 60_000);
    expect(await tokens!.validate(token)).toEqual({ kind: 'expired' });
  });

  it.each([
    ['holds', 0, 'valid'],
    ['ended eight hours ago', 8 * 3_600_000, 'expired'],
  ])('%s by the wall clock, whatever the monotonic clock says', async (_, aheadMs, kind) => {
    const { token } = await create(60);
    const corrected = new WallClock();
    corrected.set(NOW_SECONDS * 1_000);
    corrected.aheadMs = aheadMs;
    tokens = await CpskTokens.open({ dataDir: folder.path, clock: corrected, logger });
    expect(await tokens.validate(token)).toMatchObject({ kind });
  });

  it('is valid without limit if it has no expiry', async () => {
    const { token } = await create('never');
    await open();
    const century = 100 * 365 * 86_400_000;
    clock.set(NOW_SECONDS * 1_000 + century);
    expect((await granted(token)).expiresAtSeconds).toBeUndefined();
  });

  it.each<[string, Validation]>([
    ['cpsk_', { kind: 'invalid', reason: 'token not found' }],
    ['cpsk_00000000000000000000000000000000', { kind: 'invalid', reason: 'token not found' }],
    ['CPSK_00000000000000000000000000000000', { kind: 'notMine' }],
    ['', { kind: 'notMine' }],
    ['cap_AAAA', { kind: 'notMine' }],
    ['ent_AAAA', { kind: 'notMine' }],
  ])('is not %j', async (token, validation) => {
    await create();
    expect(await (await open()).validate(token)).toEqual(validation);
  });

  it('is not accepted in form of its stored hash', async () => {
    const { token } = await create();
    const { hash } = (JSON.parse(readFileSync(folder.at('tokens.json'), 'utf8')) as { tokens: [{ hash: string }] })
      .tokens[0];
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    await granted(token);
    for (const guess of [`cpsk_${hash}`, `cpsk_${hash.slice(0, 32)}`, hash]) {
      expect((await tokens!.validate(guess)).kind).not.toBe('valid');
    }
  });

  it('is distinguished from one whose hash begins equally', async () => {
    const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');
    const { token } = await create();
    const begin = hashOf(token).slice(0, 4);
    let guess: string; // one of 65,536 matches
    for (let i = 0; !hashOf((guess = `cpsk_${i.toString(16).padStart(32, '0')}`)).startsWith(begin); i++);
    await granted(token);
    expect(await tokens!.validate(guess)).toEqual({ kind: 'invalid', reason: 'token not found' });
  });

  it('is valid at once on a running router', async () => {
    await open();
    await granted((await create()).token);
  });

  it('is valid at once, also while an earlier read is in progress', async () => {
    const { token } = await create();
    const text = readFileSync(folder.at('tokens.json'));
    rmSync(folder.at('tokens.json'));
    await open();
    const before = tokens!.validate('cpsk_00000000000000000000000000000000');
    for (let i = 0; i < 100; i++) statSync(folder.path); // time for that read to find nothing, but not to report it
    writeFileSync(folder.at('tokens.json'), text);
    await granted(token);
    expect((await before).kind).toBe('invalid');
  });
});

describe('the revocation of a CPSK token', () => {
  it('reaches a running router at the next check, at most a second later', async () => {
    const { token, info } = await create();
    const other = await create();
    let spared = true;
    const end = revoked(await granted(token));
    tokens!.onRevoked(await granted(other.token), () => {
      spared = false;
    });
    await revokeToken(folder.path, info.id);
    clock.increment(1_000);
    await end;
    expect(spared).toBe(true);
    expect(await tokens!.validate(token)).toEqual({ kind: 'invalid', reason: 'token not found' });
  });

  it('is checked periodically', async () => {
    for (let i = 0; i < 3; i++) {
      const { token, info } = await create('never');
      const end = revoked(await granted(token));
      await revokeToken(folder.path, info.id);
      const ended: number[] = [];
      void end.then(() => ended.push(i));
      // A check in progress plans the next one when it is done.
      while (ended.length === 0) {
        clock.increment(1_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  });

  it('is reported to a listener that is added after it', async () => {
    const { token, info } = await create();
    const grant = await granted(token);
    await revokeToken(folder.path, info.id);
    await tokens!.validate(token); // the file was read again
    await revoked(grant);
  });

  it('is reported once, and not to removed listeners', async () => {
    const { token, info } = await create();
    const grant = await granted(token);
    const told: string[] = [];
    tokens!.onRevoked(grant, () => told.push('stays'));
    tokens!.onRevoked(grant, () => told.push('has gone'))();
    await revokeToken(folder.path, info.id);
    await tokens!.validate(token);
    await create();
    await tokens!.validate(token);
    expect(told).toEqual(['stays']);
  });

  it('affects all tokens if the file is removed', async () => {
    const { token } = await create();
    const end = revoked(await granted(token));
    rmSync(folder.at('tokens.json'));
    expect((await tokens!.validate(token)).kind).toBe('invalid');
    await end;
  });

  it('is not checked after the close', async () => {
    const counting = new CountingClock();
    counting.set(NOW_SECONDS * 1_000);
    tokens = await CpskTokens.open({ dataDir: folder.path, clock: counting, logger });
    expect(counting.timers).toBe(1);
    tokens.close();
    expect(counting.timers).toBe(0);
  });
});

describe('tokens.json', () => {
  it('is readable only by its owner', async () => {
    await create();
    if (process.platform !== 'win32') expect(statSync(folder.at('tokens.json')).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['invalid JSON', '{"version": 1, "tokens": ['],
    ['of another version', '{"version": 2, "tokens": []}'],
    ['with a token that has no hash', '{"version": 1, "tokens": [{"id": "a"}]}'],
    ['with an invalid time', tokensText({ expiresAtSeconds: 1e15 })],
    ['with a subject in two lines', tokensText({ subject: 'a\nb' })],
  ])('causes one plain sentence if it is %s', async (_, text) => {
    const path = folder.write('tokens.json', text);
    const error: unknown = await open().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AuthError);
    expect((error as AuthError).message).toContain(path);
    expect((error as AuthError).message).not.toContain('\n');
  });

  it('causes one plain sentence if it is not readable', async () => {
    await create();
    chmodSync(folder.at('tokens.json'), 0o000);
    if (process.platform === 'win32') return;
    await expect(asOrdinaryUser(open)).rejects.toThrow(/tokens\.json cannot be read \(EACCES\)/);
  });

  it('is read as soon as it becomes readable, although it has not changed', async () => {
    if (process.platform === 'win32') return;
    const { token, info } = await create();
    chmodSync(folder.at('tokens.json'), 0o644);
    await granted(token);
    await revokeToken(folder.path, info.id);
    chmodSync(folder.at('tokens.json'), 0o000); // as if another user had revoked it
    await asOrdinaryUser(() => granted(token));
    await asOrdinaryUser(() => granted(token));
    expect(logger.lines).toEqual([expect.stringMatching(/^warn: the tokens were changed and cannot be read/)]);
    chmodSync(folder.at('tokens.json'), 0o644);
    expect(await asOrdinaryUser(() => tokens!.validate(token))).toEqual({
      kind: 'invalid',
      reason: 'token not found',
    });
  });

  it('has no effect while it is damaged, and is used once it is valid', async () => {
    const { token, info } = await create();
    await granted(token);
    const good = readFileSync(folder.at('tokens.json'), 'utf8');
    writeFileSync(folder.at('tokens.json'), good.slice(0, -20));
    await granted(token);
    await granted(token);
    expect(logger.lines).toEqual([expect.stringMatching(/^(warn|error): the tokens were changed and cannot be read/)]);
    writeFileSync(folder.at('tokens.json'), good);
    await revokeToken(folder.path, info.id);
    expect((await tokens!.validate(token)).kind).toBe('invalid');
  });
});
