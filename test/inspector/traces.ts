import type { Json } from '../../src/inspector/feed.js';

/** Bytes in a row by which a secret is known again: two that are different do not have eight in common. */
const TELLING_BYTES = 8;
const TELLING_CHARACTERS = 20;

/** Something nobody may see, and all it could look like. */
export interface Secret {
  readonly name: string;
  readonly looks: readonly string[];
}

/**
 * @param name what a failing test calls it
 * @param value of PEM each line counts, of a token the beginning and the end of what is hard to guess
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
      numbers.map((byte, at) => `"${at}":${byte}`).join(), // a typed array that was taken for an object
    ],
  };
}

/** Names of the secrets that are in what somebody was sent, texts that are JSON themselves included. */
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

/** What is cut off a long text is its end; of a token the part behind its prefix is what nobody can guess. */
function endOf(token: string): string {
  return token.slice(-TELLING_CHARACTERS);
}

/** All texts, names of members among them, and those inside texts that are JSON, as the definition of a machine is. */
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
