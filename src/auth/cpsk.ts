import { createHash, randomBytes } from 'node:crypto';

const PREFIX = 'cpsk_';
/** 128 bits: nobody guesses one in the life of a universe. */
const SECRET_BYTES = 16;
/** How much of a hash names a token. */
const ID_DIGITS = 12;

/** A new token: `cpsk_` and 32 hexadecimal digits (router.md 9.4). */
export function newCpskToken(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('hex');
}

export function isCpskToken(token: string): boolean {
  return token.startsWith(PREFIX);
}

/** What is kept of a token: nothing leads from it back to the token. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** A name for a token that gives nothing of it away. */
export function idOf(hash: string): string {
  return hash.slice(0, ID_DIGITS);
}
