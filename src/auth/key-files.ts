import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createLocalJWKSet, importSPKI, type JSONWebKeySet, type JWK } from 'jose';
import { z } from 'zod';
import { AuthError } from './auth-error.js';
import { KEY_BYTES, rawPublicKey } from './ed25519.js';
import { codeOf } from './faults.js';
import type { JwtKey } from './jwt-tokens.js';

/** Minimum length of an HS256 secret: the size of the hash (RFC 7518, section 3.2). */
const SECRET_BYTES = 32;
/** Maximum bytes of a key file. A path can lead to any file. */
const MAX_FILE_BYTES = 1_048_576;

/** Reads a secret that is shared with the token issuer, without a trailing line break. @throws AuthError */
export async function jwtSecret(path: string): Promise<JwtKey> {
  const bytes = await read(path, 'JWT secret');
  // A public key is not secret: anyone who knows it could sign tokens with it as an HMAC key.
  if (bytes.includes('-----BEGIN ')) {
    throw new AuthError(`${path} has a key in PEM and no secret; the option jwtKeyPath accepts a public key`);
  }
  const end = bytes.at(-1) === 0x0a ? (bytes.at(-2) === 0x0d ? -2 : -1) : undefined;
  const secret = new Uint8Array(bytes.subarray(0, end));
  if (secret.length < SECRET_BYTES) {
    throw new AuthError(`the JWT secret in ${path} has ${secret.length} bytes; HS256 needs at least ${SECRET_BYTES}`);
  }
  return { algorithm: 'HS256', secret };
}

/** Reads an Ed25519 public key in PEM. @throws AuthError */
export async function jwtPublicKey(path: string): Promise<JwtKey> {
  const pem = (await read(path, 'JWT key')).toString('utf8');
  if (pem.includes('PRIVATE KEY')) throw privateKey(path);
  try {
    return { algorithm: 'EdDSA', key: await importSPKI(pem, 'EdDSA') };
  } catch {
    throw new AuthError(
      `${path} has no Ed25519 public key in PEM; "openssl pkey -pubout" derives it from a private key`,
    );
  }
}

const jwksSchema = z.object({
  keys: z.array(z.looseObject({ kty: z.string(), crv: z.string().optional(), d: z.unknown().optional() })).min(1),
});

/** Reads a JWKS file with Ed25519 public keys. @throws AuthError */
export async function jwksFile(path: string): Promise<JwtKey> {
  const text = (await read(path, 'JWKS')).toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const parsed = jwksSchema.safeParse(json);
  if (!parsed.success) throw new AuthError(`${path} is not a JWKS: it must have {"keys": [...]} as JSON`);
  const { keys } = parsed.data;
  if (keys.some(({ d }) => d !== undefined)) throw privateKey(path);
  if (keys.some(({ kty, crv }) => kty !== 'OKP' || crv !== 'Ed25519')) {
    throw new AuthError(`${path} has a key that is not an Ed25519 public key; only these are supported`);
  }
  const jwks = json as JSONWebKeySet; // validated by the schema
  jwks.keys.forEach((key, i) => {
    if (!isPublicKey(key)) throw new AuthError(`key ${i + 1} of ${path} is damaged; copy the file again`);
  });
  return { algorithm: 'EdDSA', key: createLocalJWKSet(jwks) };
}

/**
 * Reads the raw public key of a trusted capability issuer: PEM, 64 hexadecimal digits, base64, or raw. @throws
 * AuthError
 */
export async function trustAnchor(path: string): Promise<Uint8Array> {
  const bytes = await read(path, 'trust anchor');
  const raw = bytes.length === KEY_BYTES ? bytes : anchorIn(bytes.toString('utf8').trim(), path);
  // An interrupted copy can leave such bytes. They are a curve point for which anyone can sign.
  if (raw.every((byte) => byte === raw[0])) throw new AuthError(`${path} has no key, only repetitions of one byte`);
  return new Uint8Array(raw);
}

/** @throws AuthError */
function anchorIn(text: string, path: string): Uint8Array {
  if (text.includes('PRIVATE KEY')) throw privateKey(path);
  if (text.startsWith('-----BEGIN ')) return rawKeyOf(text, path);
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  const decoded = /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
  if (decoded?.length === KEY_BYTES) return decoded;
  throw new AuthError(`${path} has no Ed25519 public key: it must be PEM, 64 hexadecimal digits, or base64`);
}

function rawKeyOf(pem: string, path: string): Uint8Array {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new AuthError(`${path} has no public key in PEM`);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new AuthError(`the key in ${path} is not an Ed25519 key`);
  return rawPublicKey(key);
}

function isPublicKey(key: JWK): boolean {
  try {
    return rawPublicKey(createPublicKey({ key, format: 'jwk' })).length === KEY_BYTES;
  } catch {
    return false;
  }
}

function privateKey(path: string): AuthError {
  return new AuthError(`${path} has a private key; the router needs only the public one, keep the private one secret`);
}

async function read(path: string, what: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw new AuthError(`${path} has ${size} bytes, more than a ${what} can have`);
    return await readFile(path);
  } catch (error) {
    if (error instanceof AuthError) throw error;
    throw new AuthError(`the ${what} in ${path} cannot be read (${codeOf(error)}); check its name and its permissions`);
  }
}
