import { type KeyObject, randomUUID } from 'node:crypto';
import { decode, encode } from '@msgpack/msgpack';
import { z } from 'zod';
import { isSignedBy, KEY_BYTES, rawPublicKey, SIGNATURE_BYTES, signatureOf } from './ed25519.js';
import type { LibraryErrorCode } from '../util/library-errors.js';

const PREFIX = 'cap_';
/** Maximum bytes of a token: enough for five links with a hundred scopes. */
const MAX_BYTES = 8_192;

/** The content of a token, signed by its issuer. */
export interface Capability {
  /** 1: a root token, as the reference implementation issues it. 2: a delegated token, which contains its parent. */
  readonly version: 1 | 2;
  /** Raw Ed25519 public keys. */
  readonly issuer: Uint8Array;
  /** Public key of the owner; undefined for a bearer token. */
  readonly audience: Uint8Array | undefined;
  readonly scopes: readonly string[];
  readonly expiresAtSeconds: number;
  readonly nonce: string;
  /** The bytes of the parent token. */
  readonly parent: Uint8Array | undefined;
}

export interface SignedCapability extends Capability {
  readonly signature: Uint8Array;
}

/** The token is invalid. The message states the reason for the sender. */
export class CapabilityError extends Error {
  override readonly name = 'CapabilityError';
  readonly code = 'CLASP_ERR_CAPABILITY' satisfies LibraryErrorCode;
}

const key = z.array(z.int().min(0).max(255)).length(KEY_BYTES);
const bytes = z.instanceof(Uint8Array);

const tokenSchema = z.strictObject({
  version: z.union([z.literal(1), z.literal(2)]),
  issuer: key,
  audience: key.nullish(),
  scopes: z.array(z.string().max(2_048)).max(256),
  expires_at: z.int().min(0),
  nonce: z.string().min(1).max(64),
  proofs: z.array(z.unknown()).optional(),
  parent: bytes.optional(),
  signature: bytes.refine(({ length }) => length === SIGNATURE_BYTES),
});

export function isCapability(token: string): boolean {
  return token.startsWith(PREFIX);
}

/** Returns the bytes of a token's text. @throws CapabilityError */
export function capabilityBytes(token: string): Uint8Array {
  const text = token.slice(PREFIX.length);
  if (text.length > (MAX_BYTES * 4) / 3) throw new CapabilityError(`it is longer than ${MAX_BYTES} bytes`);
  if (!/^[\w-]+$/.test(text)) throw new CapabilityError('it is not base64url');
  return new Uint8Array(Buffer.from(text, 'base64url'));
}

/** Decodes a token without verification: see {@link isSigned}. @throws CapabilityError */
export function readCapability(encoded: Uint8Array): SignedCapability {
  const parsed = tokenSchema.safeParse(decoded(encoded));
  if (!parsed.success) throw new CapabilityError('it is not a capability token of version 1 or 2');
  const { version, proofs = [], signature, ...fields } = parsed.data;
  if (proofs.length > 0 || (version === 1 && fields.parent !== undefined)) {
    // The signatures of such a chain do not cover its links, so anyone could write them (router.md 9.5).
    throw new CapabilityError(
      'a token of version 1 cannot be delegated, because its proofs are not signed; create one of version 2',
    );
  }
  if (version === 2 && fields.parent === undefined)
    throw new CapabilityError('a token of version 2 must contain its parent');
  return {
    version,
    issuer: Uint8Array.from(fields.issuer),
    audience: fields.audience == null ? undefined : Uint8Array.from(fields.audience),
    scopes: fields.scopes,
    expiresAtSeconds: fields.expires_at,
    nonce: fields.nonce,
    parent: fields.parent,
    signature,
  };
}

/** Returns whether the issuer that a token names has signed it. It does not check whether that issuer is trusted. */
export function isSigned(capability: SignedCapability): boolean {
  return isSignedBy(capability.issuer, signedBytes(capability), capability.signature);
}

export interface CapabilityOptions {
  /** The issuer's Ed25519 private key. */
  readonly key: KeyObject;
  /** In text form: `read:/lights/**`. */
  readonly scopes: readonly string[];
  /** Unix time in seconds. */
  readonly expiresAtSeconds: number;
  /** Public key of the owner, who can delegate the token. @default no delegation */
  readonly audience?: KeyObject | undefined;
  /** The token to delegate, whose audience is `key`. @default none: a root token */
  readonly parent?: string | undefined;
  /** @default a random UUID */
  readonly nonce?: string | undefined;
}

/** Creates a capability token. It contains the issuer's public key, and no secret but itself. */
export function createCapability(options: CapabilityOptions): string {
  const { scopes, expiresAtSeconds, audience, parent, nonce = randomUUID() } = options;
  const capability: Capability = {
    version: parent === undefined ? 1 : 2,
    issuer: rawPublicKey(options.key),
    audience: audience && rawPublicKey(audience),
    scopes,
    expiresAtSeconds,
    nonce,
    parent: parent === undefined ? undefined : capabilityBytes(parent),
  };
  const signature = signatureOf(options.key, signedBytes(capability));
  const whole = {
    version: capability.version,
    issuer: [...capability.issuer],
    ...(capability.audience && { audience: [...capability.audience] }),
    scopes,
    expires_at: expiresAtSeconds,
    nonce,
    ...(capability.parent && { parent: capability.parent }),
    signature,
  };
  return PREFIX + Buffer.from(encode(whole)).toString('base64url');
}

/** Returns the signed bytes: every field in its order, absent ones included (router.md 9.5). */
function signedBytes({ version, issuer, audience, scopes, expiresAtSeconds, nonce, parent }: Capability): Uint8Array {
  return encode({
    version,
    issuer: [...issuer],
    audience: audience === undefined ? null : [...audience],
    scopes,
    expires_at: expiresAtSeconds,
    nonce,
    ...(parent === undefined ? { proofs: [] } : { parent }),
  });
}

function decoded(encoded: Uint8Array): unknown {
  try {
    return decode(encoded, { maxArrayLength: 256, maxMapLength: 16, maxStrLength: 2_048, maxBinLength: MAX_BYTES });
  } catch {
    throw new CapabilityError('it is not MessagePack');
  }
}
