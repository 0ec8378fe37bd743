import { createHash, randomBytes } from 'node:crypto';

const PREFIX = 'cpsk_';
/** 128 random bits cannot be guessed. */
const SECRET_BYTES = 16;
/** Digits of the hash that form the id of a token. */
const ID_DIGITS = 12;

/** Returns a new token: `cpsk_` and 32 hexadecimal digits (router.md 9.4). */
export function newCpskToken(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('hex');
}

export function isCpskToken(token: string): boolean {
  return token.startsWith(PREFIX);
}

/** Returns the hash that is stored. The token cannot be derived from it. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Returns the id of a token, which reveals nothing of the token. */
export function idOf(hash: string): string {
  return hash.slice(0, ID_DIGITS);
}
