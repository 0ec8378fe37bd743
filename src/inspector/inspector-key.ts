import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 192 bits cannot be guessed, and 32 characters fit into one line of a terminal. */
const KEY_BYTES = 24;

/** Characters that a link can contain without escapes. */
const KEY_FORM = /^[\w-]{22,128}$/;

/** Returns a new key of 192 random bits. */
export function newKey(): string {
  return randomBytes(KEY_BYTES).toString('base64url');
}

/** Validates a key. @throws RangeError for a key that is too short, too long, or needs escapes in a link */
export function checkKey(key: string): string {
  if (KEY_FORM.test(key)) return key;
  throw new RangeError(`key must be 22 to 128 characters of A-Z, a-z, 0-9, - and _, not ${key.length} characters`);
}

/** Returns whether two keys are equal. The time depends on neither key, not even on their lengths. */
export function isSameKey(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

/**
 * Returns the link that opens the page, with the key in the fragment. Browsers do not send the fragment to a server.
 *
 * @param url address of the router: `ws://0.0.0.0:7330` from `Router.addresses`, or `http://localhost:7330`
 */
export function linkTo(url: string, key: string | undefined): string {
  const page = new URL('/inspect/', url.replace(/^ws/, 'http'));
  if (page.hostname === '0.0.0.0' || page.hostname === '[::]') page.hostname = 'localhost';
  if (key !== undefined) page.hash = `key=${key}`;
  return page.href;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
