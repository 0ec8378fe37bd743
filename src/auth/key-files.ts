import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createLocalJWKSet, importSPKI, type JSONWebKeySet } from 'jose';
import { z } from 'zod';
import { AuthError } from './auth-error.js';
import type { JwtKey } from './jwt-tokens.js';

/** What HS256 needs to be as hard to guess as its hash (RFC 7518, section 3.2). */
const SECRET_BYTES = 32;
/** An Ed25519 public key. */
const ANCHOR_BYTES = 32;

/** A secret that whoever makes tokens has too; a line end behind it does not count. @throws AuthError */
export async function jwtSecret(path: string): Promise<JwtKey> {
  const bytes = await read(path, 'JWT secret');
  const end = bytes.at(-1) === 0x0a ? (bytes.at(-2) === 0x0d ? -2 : -1) : undefined;
  const secret = new Uint8Array(bytes.subarray(0, end));
  if (secret.length < SECRET_BYTES) {
    throw new AuthError(`the JWT secret in ${path} has ${secret.length} bytes; HS256 needs at least ${SECRET_BYTES}`);
  }
  return { algorithm: 'HS256', secret };
}

/** An Ed25519 public key in PEM. @throws AuthError */
export async function jwtPublicKey(path: string): Promise<JwtKey> {
  const pem = (await read(path, 'JWT key')).toString('utf8');
  if (pem.includes('PRIVATE KEY')) throw privateKey(path);
  try {
    return { algorithm: 'EdDSA', key: await importSPKI(pem, 'EdDSA') };
  } catch {
    throw new AuthError(
      `${path} holds no Ed25519 public key in PEM; "openssl pkey -pubout" makes one of a private key`,
    );
  }
}

const jwksSchema = z.object({
  keys: z.array(z.looseObject({ kty: z.string(), crv: z.string().optional(), d: z.unknown().optional() })).min(1),
});

/** A JWKS file with Ed25519 public keys. @throws AuthError */
export async function jwksFile(path: string): Promise<JwtKey> {
  const text = (await read(path, 'JWKS')).toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const parsed = jwksSchema.safeParse(json);
  if (!parsed.success) throw new AuthError(`${path} is no JWKS: it should hold {"keys": [...]} as JSON`);
  const { keys } = parsed.data;
  if (keys.some(({ d }) => d !== undefined)) throw privateKey(path);
  if (keys.some(({ kty, crv }) => kty !== 'OKP' || crv !== 'Ed25519')) {
    throw new AuthError(`${path} holds a key that is no Ed25519 public key; only these are taken`);
  }
  return { algorithm: 'EdDSA', key: createLocalJWKSet(json as JSONWebKeySet) }; // looked at just above
}

/** The raw public key of somebody whose capability tokens are trusted: PEM, 64 hexadecimal digits, base64, or raw. @throws AuthError */
export async function trustAnchor(path: string): Promise<Uint8Array> {
  const bytes = await read(path, 'trust anchor');
  if (bytes.length === ANCHOR_BYTES) return new Uint8Array(bytes);
  const text = bytes.toString('utf8').trim();
  if (text.includes('PRIVATE KEY')) throw privateKey(path);
  if (text.startsWith('-----BEGIN')) return rawKeyOf(publicKeyOf(text, path), path);
  if (/^[0-9a-f]{64}$/i.test(text)) return new Uint8Array(Buffer.from(text, 'hex'));
  const decoded = /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
  if (decoded?.length === ANCHOR_BYTES) return new Uint8Array(decoded);
  throw new AuthError(`${path} holds no Ed25519 public key: it should be PEM, 64 hexadecimal digits, or base64`);
}

function publicKeyOf(pem: string, path: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch {
    throw new AuthError(`${path} holds no public key in PEM`);
  }
}

function rawKeyOf(key: KeyObject, path: string): Uint8Array {
  const { crv, x } = key.export({ format: 'jwk' });
  if (crv !== 'Ed25519' || x === undefined) throw new AuthError(`the key in ${path} is no Ed25519 key`);
  return new Uint8Array(Buffer.from(x, 'base64url'));
}

function privateKey(path: string): AuthError {
  return new AuthError(`${path} holds a private key; the router needs the public one only, keep the other to yourself`);
}

async function read(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new AuthError(`the ${what} in ${path} cannot be read (${code}); look at its name and who may read it`);
  }
}
