import type { Json } from '../../src/inspector/feed.js';

/** Number of consecutive bytes that identify a secret: two different secrets do not share eight. */
const TELLING_BYTES = 8;
const TELLING_CHARACTERS = 20;

/** A secret and all its possible representations. */
export interface Secret {
  readonly name: string;
  readonly looks: readonly string[];
}

/**
 * @param name name in a failure message
 * @param value for PEM, each line counts; for a token, the first and last part of its random characters
 */
export function secret(name: string, value: string | Uint8Array): Secret {
  const bytes = Buffer.from(value);
  const lines = typeof value === 'string' && value.includes('-----BEGIN ') ? pemLines(value) : [];
  const parts = typeof value === 'string' && lines.length === 0 ? [endOf(value)] : [];
  const numbers = [...bytes.subarray(0, TELLING_BYTES)];
  return {
    name,
    looks: [
      ...lines,
      ...parts,
      bytes.toString('hex').slice(0, 2 * TELLING_CHARACTERS),
      bytes.toString('base64').slice(0, TELLING_CHARACTERS),
      bytes.toString('base64url').slice(0, TELLING_CHARACTERS),
      numbers.join(), // a list
      numbers.map((byte, at) => `"${at}":${byte}`).join(), // a typed array that was treated as an object
    ],
  };
}

/** Returns the names of the secrets in sent data, nested JSON texts included. */
export function found(secrets: readonly Secret[], told: readonly string[]): readonly string[] {
  const texts = told.flatMap((text) => [text, ...textsIn(JSON.parse(text) as Json)]); // parsed JSON is JSON
  return secrets.filter(({ looks }) => looks.some((look) => texts.some((text) => text.includes(look)))).map(nameOf);
}

function nameOf({ name }: Secret): string {
  return name;
}

function pemLines(pem: string): readonly string[] {
  return pem.split('\n').filter((line) => line.length >= TELLING_CHARACTERS && !line.startsWith('-----'));
}

/**
 * Returns the end of a token. Truncation cuts the end of a long text, and the part after the prefix of a token is
 * random.
 */
function endOf(token: string): string {
  return token.slice(-TELLING_CHARACTERS);
}

/** Returns all texts, member names included, and those inside JSON texts, such as a machine's definition. */
function textsIn(json: Json): readonly string[] {
  if (typeof json === 'string') {
    const inner = /^[[{]/.test(json) ? parsed(json) : undefined;
    return inner === undefined ? [json] : [json, ...textsIn(inner)];
  }
  if (typeof json !== 'object' || json === null) return [];
  if (Array.isArray(json)) return json.flatMap(textsIn);
  return Object.entries(json).flatMap(([name, member]) => [name, ...textsIn(member)]);
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json; // parsed JSON is JSON
  } catch {
    return undefined;
  }
}
