import { sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { encode } from '@msgpack/msgpack';
import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from 'xstate';
import { type CapabilityOptions, capabilityTokens, createCapability, type Validation } from '../../src/auth/index.js';
import { formatScope } from '../../src/protocol/scope.js';
import { codedError } from '../support/coded-error.js';
import { WallClock } from '../support/steady-clock.js';
import { type TestKey, testKey } from './test-keys.js';

const NOW_SECONDS = 1_800_000_000;
const HOUR = NOW_SECONDS + 3_600;
const NONCE = '11111111-2222-4333-8444-555555555555';
const [root, desk, lamp, stranger] = [testKey(1), testKey(2), testKey(3), testKey(4)];

function validate(token: string, nowSeconds = NOW_SECONDS): Validation | Promise<Validation> {
  const clock = new SimulatedClock();
  clock.set(nowSeconds * 1_000);
  return capabilityTokens({ trustAnchors: [root.raw], clock }).validate(token);
}

function make(key: TestKey, options: Partial<CapabilityOptions> = {}): string {
  const { privateKey } = key;
  return createCapability({ key: privateKey, scopes: ['write:/lights/**'], expiresAtSeconds: HOUR, ...options });
}

const invalid = (reason: string): Validation => ({ kind: 'invalid', reason });
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (token: string): Buffer => Buffer.from(token.slice('cap_'.length), 'base64url');
const tokenOf = (value: unknown): string => `cap_${Buffer.from(encode(value)).toString('base64url')}`;

async function scopesOf(token: string): Promise<string[]> {
  const validation = await validate(token);
  if (validation.kind !== 'valid') throw new Error(JSON.stringify(validation));
  return validation.grant.scopes.map(formatScope);
}

describe('a validator of capabilities', () => {
  it('is not created with an unknown option', async () => {
    const call = capabilityTokens as (options: unknown) => unknown; // untyped
    const { message } = await codedError(() => call({ trustAnchor: [root.raw], clock: new SimulatedClock() }));
    expect(message).toBe('capabilityTokens has no option "trustAnchor"; did you mean "trustAnchors"?');
  });
});

describe('the time of a capability', () => {
  it.each([
    ['ends in an hour', HOUR, 'valid'],
    ['ended seven hours ago', NOW_SECONDS - 7 * 3_600, 'expired'],
  ])(
    'is wall clock time: after a clock correction, a token that %s is judged by the correct time',
    async (_, expiresAtSeconds, kind) => {
      const clock = new WallClock();
      clock.set((NOW_SECONDS - 8 * 3_600) * 1_000);
      clock.aheadMs = 8 * 3_600_000;
      const tokens = capabilityTokens({ trustAnchors: [root.raw], clock });
      expect(await tokens.validate(make(root, { expiresAtSeconds }))).toMatchObject({ kind });
    },
  );
});

describe('the bytes of a root token', () => {
  // Written by hand according to router.md 9.5, without the code under test.
  const text = (value: string): string => {
    const bytes = Buffer.from(value);
    const length = bytes.length.toString(16).padStart(2, '0');
    return (bytes.length < 32 ? (0xa0 + bytes.length).toString(16) : `d9${length}`) + hex(bytes);
  };
  const integers = (bytes: Uint8Array): string =>
    `dc0020${[...bytes].map((byte) => (byte < 0x80 ? '' : 'cc') + byte.toString(16).padStart(2, '0')).join('')}`;
  const expiresAt = `ce${HOUR.toString(16)}`;
  const scopes = `92${text('read:/lights/**')}${text('write:/lights/1/*')}`;
  const start = `${text('version')}01${text('issuer')}${integers(root.raw)}`;
  const golden = (audience: TestKey | undefined): string => {
    const signedBytes = [
      `87${start}${text('audience')}${audience === undefined ? 'c0' : integers(audience.raw)}`,
      `${text('scopes')}${scopes}${text('expires_at')}${expiresAt}${text('nonce')}${text(NONCE)}${text('proofs')}90`,
    ].join('');
    const signature = hex(sign(null, Buffer.from(signedBytes, 'hex'), root.privateKey));
    return [
      audience === undefined ? `86${start}` : `87${start}${text('audience')}${integers(audience.raw)}`,
      `${text('scopes')}${scopes}${text('expires_at')}${expiresAt}${text('nonce')}${text(NONCE)}`,
      `${text('signature')}c440${signature}`,
    ].join('');
  };
  const options = { scopes: ['read:/lights/**', 'write:/lights/1/*'], nonce: NONCE };

  it.each([
    ['for any bearer', undefined],
    ['for an audience', desk],
  ])('equal those of the reference implementation: %s', async (_, audience) => {
    const token = make(root, { ...options, audience: audience?.publicKey });
    expect(hex(bytesOf(token))).toBe(golden(audience));
    expect(token).toMatch(/^cap_[\w-]+$/); // no padding
    expect(await validate(token)).toMatchObject({
      kind: 'valid',
      grant: { tokenId: NONCE, subject: undefined, constraints: [], expiresAtSeconds: HOUR },
    });
    expect(await scopesOf(token)).toEqual(options.scopes);
  });

  it('equal those of docs/how-to/tokens.md', async () => {
    const [first = '', handedOn = ''] = readFileSync('docs/how-to/tokens.md', 'utf8').match(/^cap_[\w-]+$/gm) ?? [];
    expect(hex(bytesOf(first))).toBe(golden(undefined));
    const parent = make(root, { ...options, audience: desk.publicKey });
    const nonce = '66666666-7777-4888-8999-aaaaaaaaaaaa';
    expect(handedOn).toBe(make(desk, { parent, scopes: ['write:/lights/1/dim'], nonce }));
    expect(await scopesOf(handedOn)).toEqual(['write:/lights/1/dim']);
  });

  it('are signed by the issuer, verifiable with its public key', () => {
    const bytes = bytesOf(make(root, options));
    const signature = bytes.subarray(-64);
    const signedBytes = Buffer.from(
      `87${start}${text('audience')}c0${text('scopes')}${scopes}${text('expires_at')}${expiresAt}` +
        `${text('nonce')}${text(NONCE)}${text('proofs')}90`,
      'hex',
    );
    expect(verify(null, signedBytes, root.publicKey, signature)).toBe(true);
  });
});

describe('a root token', () => {
  it('is valid until it expires', async () => {
    const token = make(root);
    expect((await validate(token, HOUR - 1)).kind).toBe('valid');
    expect(await validate(token, HOUR)).toEqual({ kind: 'expired' });
  });

  it('grants nothing for an invalid scope', async () => {
    expect(await scopesOf(make(root, { scopes: ['own:/a', 'read:/a', 'read:a', ''] }))).toEqual(['read:/a']);
  });

  it('of an unknown issuer is refused', async () => {
    expect(await validate(make(stranger))).toEqual(invalid(`untrusted issuer: ${hex(stranger.raw)}`));
  });

  it('cannot be signed by another key', async () => {
    const forged = bytesOf(make(stranger, { nonce: NONCE }));
    const issuer = forged.indexOf(Buffer.from(encode([...stranger.raw])));
    expect(issuer).toBeGreaterThan(0);
    const fields = { version: 1, issuer: [...root.raw], scopes: ['write:/lights/**'], expires_at: HOUR, nonce: NONCE };
    const signature = new Uint8Array(forged.subarray(-64));
    expect(await validate(tokenOf({ ...fields, signature }))).toEqual(invalid('its signature is invalid'));
  });

  it('cannot be changed at any byte', async () => {
    const bytes = bytesOf(make(root));
    for (let i = 0; i < bytes.length; i += 3) {
      const changed = Buffer.from(bytes);
      changed[i]! ^= 1;
      expect((await validate(`cap_${changed.toString('base64url')}`)).kind).not.toBe('valid');
    }
  });
});

describe('a delegated token', () => {
  const parent = make(root, { scopes: ['write:/lights/**', 'admin:/desk/*'], audience: desk.publicKey });
  const handOn = (options: Partial<CapabilityOptions> = {}): string => make(desk, { parent, ...options });

  it('grants its scopes', async () => {
    const scopes = ['read:/lights/1', 'write:/lights/*/dim', 'write:/desk/a', 'admin:/desk/b*'];
    expect(await scopesOf(handOn({ scopes }))).toEqual(scopes);
  });

  it.each(['admin:/lights/1', 'read:/sound', 'write:/**', 'read:/*/1', 'admin:/desk/**', 'admin:/desk'])(
    'grants no more than its parent: not %s',
    async (scope) => {
      expect(await validate(handOn({ scopes: ['read:/lights/1', scope] }))).toEqual(
        invalid(`it grants more than its parent: ${scope}`),
      );
    },
  );

  it('expires with its parent, or before', async () => {
    expect(await validate(handOn({ expiresAtSeconds: HOUR + 9 }))).toMatchObject({ grant: { expiresAtSeconds: HOUR } });
    expect(await validate(handOn({ expiresAtSeconds: HOUR - 9 }))).toMatchObject({
      grant: { expiresAtSeconds: HOUR - 9 },
    });
    expect(await validate(handOn({ expiresAtSeconds: HOUR + 9 }), HOUR)).toEqual({ kind: 'expired' });
  });

  it('must be issued by the audience of its parent', async () => {
    expect(await validate(make(stranger, { parent }))).toEqual(
      invalid('it was delegated by another issuer than the audience of its parent'),
    );
    expect(await validate(make(desk, { parent: make(root) }))).toEqual(
      invalid('a token without an audience cannot be delegated'),
    );
  });

  it('can have five delegations', async () => {
    let token = make(root, { audience: desk.publicKey });
    let [holder, next] = [desk, lamp];
    for (let i = 1; i <= 5; i++) {
      token = make(holder, { parent: token, audience: next.publicKey });
      expect((await validate(token)).kind).toBe('valid');
      [holder, next] = [next, holder];
    }
    expect(await validate(make(holder, { parent: token }))).toEqual(invalid('delegation chain too deep'));
  });

  it('needs every signature of its chain', async () => {
    const middle = make(desk, { parent, scopes: ['write:/lights/*'], audience: lamp.publicKey });
    const leaf = make(lamp, { parent: middle, scopes: ['write:/lights/1'] });
    expect((await validate(leaf)).kind).toBe('valid');
    // The holder of the last link writes a better link in the middle, and cannot sign it.
    const bytes = bytesOf(middle);
    const better = Buffer.from(bytes);
    better.write('admin:/desk/*x', better.indexOf('write:/lights/*'));
    expect(better.equals(bytes)).toBe(false);
    const forged = make(lamp, { parent: `cap_${better.toString('base64url')}`, scopes: ['write:/lights/1'] });
    expect(await validate(forged)).toEqual(invalid('its signature is invalid'));
  });

  it('is refused as one of an unknown issuer before any cryptography', async () => {
    const costly = make(stranger, { scopes: ['read:/a'], audience: desk.publicKey });
    expect(await validate(make(desk, { parent: costly, scopes: ['admin:/**'] }))).toEqual(
      invalid(`untrusted issuer: ${hex(stranger.raw)}`),
    );
  });

  it.each([
    [Array.from({ length: 33 }, () => 'read:/lights/1'), 'a token with more than 32 scopes cannot be delegated'],
    [[`read:/lights/${'*a'.repeat(9)}`], 'a pattern with more than 8 wildcards cannot be delegated'],
  ])('has a bounded number of scopes and wildcards to compare', async (scopes, reason) => {
    expect(await validate(handOn({ scopes }))).toEqual(invalid(reason));
  });
});

describe("a delegation in the reference implementation's format", () => {
  it('is refused: with it, a public key would be enough to get admin scopes', async () => {
    const fields = { issuer: [...stranger.raw], scopes: ['admin:/**'], expires_at: HOUR, nonce: NONCE };
    const proofs = [{ issuer: [...root.raw], scopes: ['admin:/**'], signature: new Uint8Array(64) }];
    const signature = new Uint8Array(
      sign(null, encode({ version: 1, ...fields, audience: null, proofs }), stranger.privateKey),
    );
    expect(await validate(tokenOf({ version: 1, ...fields, proofs, signature }))).toEqual(
      invalid('a token of version 1 cannot be delegated, because its proofs are not signed; create one of version 2'),
    );
  });
});

describe('text that is not a capability token', () => {
  const fields = {
    version: 1,
    issuer: [...root.raw],
    scopes: ['read:/a'],
    expires_at: HOUR,
    nonce: NONCE,
    signature: new Uint8Array(64),
  };
  const NONE = 'it is not a capability token of version 1 or 2';

  it.each<[string, string, string]>([
    ['empty', 'cap_', 'it is not base64url'],
    ['with invalid characters', 'cap_a+b/', 'it is not base64url'],
    ['too long', `cap_${'A'.repeat(10_923)}`, 'it is longer than 8192 bytes'],
    ['no MessagePack', 'cap_wQ', 'it is not MessagePack'],
    ['two values', `cap_${Buffer.from([1, 1]).toString('base64url')}`, 'it is not MessagePack'],
    ['an endless array', `cap_${Buffer.from('ddffffffff', 'hex').toString('base64url')}`, 'it is not MessagePack'],
    ['deep', `cap_${Buffer.alloc(8_000, 0x91).toString('base64url')}`, 'it is not MessagePack'],
    ['a number', tokenOf(7), NONE],
    ['of another version', tokenOf({ ...fields, version: 3 }), NONE],
    ['with a key as bytes', tokenOf({ ...fields, issuer: root.raw }), NONE],
    ['with a short key', tokenOf({ ...fields, issuer: [1, 2] }), NONE],
    ['with a number that is not a byte', tokenOf({ ...fields, issuer: [256, ...root.raw.slice(1)] }), NONE],
    ['with an unknown member', tokenOf({ ...fields, admin: true }), NONE],
    ['without an expiry', tokenOf({ ...fields, expires_at: undefined }), NONE],
    ['with an invalid expiry', tokenOf({ ...fields, expires_at: 1.5 }), NONE],
    ['with half a signature', tokenOf({ ...fields, signature: new Uint8Array(32) }), NONE],
    ['without its parent', tokenOf({ ...fields, version: 2 }), 'a token of version 2 must contain its parent'],
  ])('is refused with a reason: %s', async (_, token, reason) =>
    expect(await validate(token)).toEqual(invalid(reason)),
  );

  it.each(['', 'cap', 'CAP_AAAA', 'cpsk_00', 'a.b.c'])('is left to other validators: %j', async (token) =>
    expect(await validate(token)).toEqual({ kind: 'notMine' }),
  );
});
