import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { makePrivateFolder, replaceFile } from '../private-files.js';
import { AuthError } from './auth-error.js';
import { constraintSchema } from './claims.js';

/** One token as it is kept: everything but the token itself. */
const recordSchema = z.strictObject({
  /** What `token list` shows and `token revoke` takes. */
  id: z.string().min(1).max(64),
  /** SHA-256 of the token, in hex. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  subject: z.string().max(255).nullable(),
  /** As people write them. */
  scopes: z.array(z.string().max(2_048)),
  constraints: z.array(constraintSchema).default([]),
  createdAtSeconds: z.number(),
  /** Null: never. */
  expiresAtSeconds: z.number().nullable(),
});

export type TokenRecord = z.output<typeof recordSchema>;

const fileSchema = z.strictObject({ version: z.literal(1), tokens: z.array(recordSchema) });

/** The one file of all tokens in a router's data folder. */
export function tokenFilePath(dataDir: string): string {
  return join(dataDir, 'tokens.json');
}

/** What a file holds; nothing where there is none. @throws AuthError */
export async function readTokens(path: string): Promise<readonly TokenRecord[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw new AuthError(`the tokens in ${path} cannot be read (${codeOf(error)}); look at who owns the file`);
  }
  const parsed = fileSchema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data.tokens;
  throw new AuthError(`${path} is no file of tokens; put back a copy of it, or remove it and make new tokens`);
}

/** Puts these in place of what the file holds. Only its owner may read it. @throws AuthError */
export async function writeTokens(path: string, folder: string, tokens: readonly TokenRecord[]): Promise<void> {
  try {
    await makePrivateFolder(folder);
    await replaceFile(path, `${JSON.stringify({ version: 1, tokens }, undefined, 2)}\n`, 0o600);
  } catch (error) {
    throw new AuthError(`the tokens cannot be written to ${path} (${codeOf(error)}); look at who owns the folder`);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
