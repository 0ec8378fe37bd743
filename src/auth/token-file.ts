import { open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Clock, systemClock } from '../util/clock.js';
import { makePrivateFolder, replaceFile } from '../util-node/private-files.js';
import { AuthError } from './auth-error.js';
import { constraintSchema } from './claims.js';
import { codeOf } from './faults.js';

/** Bytes of the largest file that is read: some 50,000 tokens. */
const MAX_FILE_BYTES = 16_777_216;
/** How long a change waits for another one, and how often it looks. */
const LOCK_TIMEOUT_MS = 5_000;
const LOCK_LOOK_MS = 20;

/** Unix time that a Date can hold. */
const unixSeconds = z.number().min(0).max(8_640_000_000_000);

/** One token as it is kept: everything but the token itself. */
const recordSchema = z.strictObject({
  /** What `token list` shows and `token revoke` takes. */
  id: z.string().min(1).max(64),
  /** SHA-256 of the token, in hex. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** In one line: it is shown in a table. */
  subject: z
    .string()
    .max(255)
    .regex(/^\P{Cc}*$/u)
    .nullable(),
  /** As people write them. */
  scopes: z.array(z.string().max(2_048)),
  constraints: z.array(constraintSchema).default([]),
  createdAtSeconds: unixSeconds,
  /** Null: never. */
  expiresAtSeconds: unixSeconds.nullable(),
});

export type TokenRecord = z.output<typeof recordSchema>;

const fileSchema = z.strictObject({ version: z.literal(1), tokens: z.array(recordSchema) });

/** The one file of all tokens in a router's data folder. */
export function tokenFilePath(dataDir: string): string {
  return join(dataDir, 'tokens.json');
}

/**
 * What a file holds; nothing where there is none.
 *
 * @throws AuthError with a `cause` where the file could not be read, without one where what it holds is no tokens
 */
export async function readTokens(path: string): Promise<readonly TokenRecord[]> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw new AuthError(`${path} has ${size} bytes, too many for a file of tokens`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof AuthError) throw error;
    if (codeOf(error) === 'ENOENT') return [];
    throw new AuthError(`the tokens in ${path} cannot be read (${codeOf(error)}); look at who owns the file`, {
      cause: error,
    });
  }
  const parsed = fileSchema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data.tokens;
  throw new AuthError(`${path} is no file of tokens; put back a copy of it, or remove it and make new tokens`);
}

/**
 * Changes what the file holds. Several who do so at once, in other processes too, take turns: or one would write back what another
 * has just revoked. Only its owner may read the file.
 *
 * @param change makes what there shall be of what there is; the very same is not written
 * @param clock for the wait
 * @throws AuthError
 */
export async function changeTokens(
  dataDir: string,
  change: (tokens: readonly TokenRecord[]) => readonly TokenRecord[],
  clock: Clock = systemClock,
): Promise<void> {
  const path = tokenFilePath(dataDir);
  try {
    await makePrivateFolder(dataDir);
    const unlock = await lock(`${path}.lock`, path, clock);
    try {
      const before = await readTokens(path);
      const after = change(before);
      if (after === before) return;
      await replaceFile(path, textOf(after), 0o600);
    } finally {
      await unlock();
    }
  } catch (error) {
    if (error instanceof AuthError) throw error;
    throw new AuthError(`the tokens cannot be written to ${path} (${codeOf(error)}); look at who owns the folder`);
  }
}

/** What {@link readTokens} takes, or the file would be of no use any more. @throws AuthError */
function textOf(tokens: readonly TokenRecord[]): string {
  const [fault] = fileSchema.safeParse({ version: 1, tokens }).error?.issues ?? [];
  if (fault !== undefined) {
    throw new AuthError(`a token cannot be kept: its ${String(fault.path[2])} is not as it should be`);
  }
  const text = `${JSON.stringify({ version: 1, tokens }, undefined, 2)}\n`;
  if (Buffer.byteLength(text) <= MAX_FILE_BYTES) return text;
  throw new AuthError('there are too many tokens to keep; revoke those that are not needed');
}

/**
 * Takes a file that only one can make. One that was left behind by a crash is not taken away: nobody can tell, across containers
 * and network folders, whether its owner still lives.
 *
 * @returns gives it back
 */
async function lock(lockPath: string, path: string, clock: Clock): Promise<() => Promise<void>> {
  const until = clock.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    // Read before the attempt: a process that stood still until its time was over tries once more.
    const isLast = clock.now() >= until;
    try {
      await (await open(lockPath, 'wx', 0o600)).close();
      return () => rm(lockPath, { force: true });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    if (isLast) {
      throw new AuthError(`somebody else is changing ${path}; if nobody is, remove ${lockPath} and try again`);
    }
    await new Promise<void>((resolve) => void clock.setTimeout(resolve, LOCK_LOOK_MS));
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
