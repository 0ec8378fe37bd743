import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AuthError, jwksFile, jwtPublicKey, jwtSecret, trustAnchor } from '../../src/auth/index.js';
import { TemporaryFolder } from '../certificates/temporary-folder.js';
import { testKey } from './test-keys.js';

const ours = testKey(1);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const privatePem = ours.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
const rsaPem = rsa.export({ type: 'spki', format: 'pem' }).toString();
const dsaPem = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();

let folder: TemporaryFolder;
beforeEach(() => {
  folder = new TemporaryFolder();
});
afterEach(() => {
  folder.remove();
});

/** Returns the error text about a file, with its path replaced by FILE. It must be one line. */
async function refusal(read: (path: string) => Promise<unknown>, content: string | Uint8Array): Promise<string> {
  const path = folder.write('file', content);
  const error: unknown = await read(path).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AuthError);
  const { message } = error as AuthError; // asserted above
  expect(message).not.toContain('\n');
  expect(message).toContain(path);
  return message.replace(path, 'FILE');
}

describe('a trust anchor', () => {
  it.each<[string, string | Uint8Array]>([
    ['raw', ours.raw],
    ['hexadecimal', hex(ours.raw)],
    ['hexadecimal with a line break', `${hex(ours.raw).toUpperCase()}\r\n`],
    ['base64', Buffer.from(ours.raw).toString('base64')],
    ['base64url', `${Buffer.from(ours.raw).toString('base64url')}\n`],
    ['PEM', ours.pem],
  ])('can be %s', async (_, content) => {
    expect(hex(await trustAnchor(folder.write('file', content)))).toBe(hex(ours.raw));
  });

  const NO_KEY = 'FILE has no Ed25519 public key: it must be PEM, 64 hexadecimal digits, or base64';
  const PRIVATE = 'FILE has a private key; the router needs only the public one, keep the private one secret';
  it.each<[string, string | Uint8Array, string]>([
    ['private', privatePem, PRIVATE],
    ['empty', '', NO_KEY],
    ['half', hex(ours.raw).slice(1), NO_KEY],
    ['too long', `${hex(ours.raw)}00`, NO_KEY],
    ['of another kind', rsaPem, 'the key in FILE is not an Ed25519 key'],
    ['of a kind without JWK', dsaPem, 'the key in FILE is not an Ed25519 key'],
    ['spoiled', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', 'FILE has no public key in PEM'],
    ['zeros', new Uint8Array(32), 'FILE has no key, only repetitions of one byte'],
    ['zeros in hex', '00'.repeat(32), 'FILE has no key, only repetitions of one byte'],
    ['huge', new Uint8Array(1_048_577), 'FILE has 1048577 bytes, more than a trust anchor can have'],
  ])('cannot be %s', async (_, content, message) => expect(await refusal(trustAnchor, content)).toBe(message));

  it('must exist', async () => {
    await expect(trustAnchor(folder.at('missing'))).rejects.toThrow(
      new AuthError(
        `the trust anchor in ${folder.at('missing')} cannot be read (ENOENT); check its name and its permissions`,
      ),
    );
    await expect(trustAnchor(folder.path)).rejects.toThrow(/cannot be read \(EISDIR\)/);
  });
});

describe('a JWT secret', () => {
  it.each(['', '\n', '\r\n'])('is the content of the file without a trailing line break: %j', async (end) => {
    const key = await jwtSecret(folder.write('file', `${'s'.repeat(32)}${end}`));
    expect(key).toEqual({ algorithm: 'HS256', secret: new Uint8Array(32).fill(0x73) });
  });

  it.each<[string, string, string]>([
    ['too short', 's'.repeat(31), 'the JWT secret in FILE has 31 bytes; HS256 needs at least 32'],
    [
      'long enough only with its line break',
      `${'s'.repeat(31)}\n`,
      'the JWT secret in FILE has 31 bytes; HS256 needs at least 32',
    ],
    // Anyone who knows the public key could sign with it.
    ['a public key', ours.pem, 'FILE has a key in PEM and no secret; the option jwtKeyPath accepts a public key'],
  ])('cannot be %s', async (_, content, message) => expect(await refusal(jwtSecret, content)).toBe(message));

  it('does not appear in error texts', async () => {
    expect(await refusal(jwtSecret, 'short secret')).not.toContain('short secret');
  });
});

describe('a JWT key', () => {
  it('is an Ed25519 public key in PEM', async () => {
    expect((await jwtPublicKey(folder.write('file', ours.pem))).algorithm).toBe('EdDSA');
  });

  it.each([
    ['private', privatePem, /^FILE has a private key/],
    ['of another kind', rsaPem, /^FILE has no Ed25519 public key in PEM/],
    ['no PEM', hex(ours.raw), /^FILE has no Ed25519 public key in PEM/],
  ])('cannot be %s', async (_, content, message) => expect(await refusal(jwtPublicKey, content)).toMatch(message));
});

describe('a JWKS', () => {
  const jwk = ours.publicKey.export({ format: 'jwk' });

  it('contains Ed25519 public keys', async () => {
    const keys = [
      { ...jwk, kid: 'a' },
      { ...testKey(2).publicKey.export({ format: 'jwk' }), kid: 'b' },
    ];
    expect((await jwksFile(folder.write('file', JSON.stringify({ keys })))).algorithm).toBe('EdDSA');
  });

  it.each<[string, string, RegExp]>([
    ['invalid JSON', '{', /^FILE is not a JWKS/],
    ['one key alone', JSON.stringify(jwk), /^FILE is not a JWKS/],
    ['empty', '{"keys": []}', /^FILE is not a JWKS/],
    ['private', JSON.stringify({ keys: [ours.privateKey.export({ format: 'jwk' })] }), /^FILE has a private key/],
    ['RSA', JSON.stringify({ keys: [jwk, rsa.export({ format: 'jwk' })] }), /^FILE has a key that is not an Ed25519/],
    ['a secret', JSON.stringify({ keys: [{ kty: 'oct', k: 'AAAA' }] }), /^FILE has a key that is not an Ed25519/],
    ['damaged', JSON.stringify({ keys: [jwk, { ...jwk, x: 'AAAA' }] }), /^key 2 of FILE is damaged/],
    ['damaged in another way', JSON.stringify({ keys: [{ ...jwk, x: undefined }] }), /^key 1 of FILE is damaged/],
  ])('cannot be %s', async (_, content, message) => expect(await refusal(jwksFile, content)).toMatch(message));
});
