import type { Value } from '../protocol/values/value.js';

/** Replaces a secret. */
export const HIDDEN = '(hidden)';

/** Names of members and map keys whose values are secret. */
const SECRET_NAME = /token(?!Id$)|secret|password|passphrase|credential|authori[sz]ation|cookie|key$|^cert$|^psk$/i;

/**
 * The same for address segments. `key` alone is not secret here: a key light, a keyer and a musical key are common
 * names. `api-key`, `privateKey` and similar names are.
 */
const SECRET_SEGMENT =
  /token(?!Id(?:\/|$))|secret|password|passphrase|credential|authori[sz]ation|cookie|(?:private|api|access|auth|encryption|signing|shared)[-_ ]?key(?:\/|$)|\/(?:cert|psk)(?:\/|$)/i;

/** Strings that are secrets by their form: tokens of the router, JWTs, capability tokens, PEM. */
const SECRET_TEXT = /cpsk_|cap_[\w-]{8}|eyJ[\w-]{8,}\.[\w-]+\.|-----BEGIN [A-Z ]*(?:PRIVATE KEY|CERTIFICATE)-----/;

/** Returns whether a name denotes a secret. A name that begins with `/` is an address. */
export function isSecretName(name: string): boolean {
  return name.startsWith('/') ? isSecretAddress(name) : SECRET_NAME.test(name);
}

/** Returns whether a segment of an address or pattern has the name of a secret: `/show/password`, `/wifi/token/1`. */
export function isSecretAddress(address: string): boolean {
  return SECRET_SEGMENT.test(address);
}

export function isSecretText(text: string): boolean {
  return SECRET_TEXT.test(text);
}

/**
 * Returns whether a value contains a secret: a string of such a form, or a map key that is secret as an address
 * segment.
 */
export function holdsSecret(value: Value): boolean {
  if (typeof value === 'string') return isSecretText(value);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  if (!isMap(value)) return value.some(holdsSecret);
  for (const [name, inner] of value) {
    if (isSecretAddress(`/${name}`) || isSecretText(name) || holdsSecret(inner)) return true;
  }
  return false;
}

function isMap(value: readonly Value[] | ReadonlyMap<string, Value>): value is ReadonlyMap<string, Value> {
  return !Array.isArray(value);
}
