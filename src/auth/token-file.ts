import { open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Clock, systemClock } from '../util/clock.js';
import { makePrivateFolder, replaceFile } from '../util-node/private-files.js';
import { AuthError } from './auth-error.js';
import { constraintSchema } from './claims.js';
import { codeOf } from './faults.js';

/** Maximum bytes of the file: about 50,000 tokens. */
const MAX_FILE_BYTES = 16_777_216;
/** Timeout of the file lock and interval of its attempts, in milliseconds. */
const LOCK_TIMEOUT_MS = 5_000;
const LOCK_LOOK_MS = 20;

/** Unix time in the range of a Date. */
const unixSeconds = z.number().min(0).max(8_640_000_000_000);

/** A stored token, without the token itself. */
const recordSchema = z.strictObject({
  /** Shown by `token list`, accepted by `token revoke`. */
  id: z.string().min(1).max(64),
  /** SHA-256 of the token, in hexadecimal digits. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** One line, because it is shown in a table. */
  subject: z
    .string()
    .max(255)
    .regex(/^\P{Cc}*$/u)
    .nullable(),
  /** In text form. */
  scopes: z.array(z.string().max(2_048)),
  constraints: z.array(constraintSchema).default([]),
  createdAtSeconds: unixSeconds,
  /** Null: never expires. */
  expiresAtSeconds: unixSeconds.nullable(),
});

export type TokenRecord = z.output<typeof recordSchema>;

const fileSchema = z.strictObject({ version: z.literal(1), tokens: z.array(recordSchema) });

/** Returns the path of the token file in a data folder. */
export function tokenFilePath(dataDir: string): string {
  return join(dataDir, 'tokens.json');
}

/**
 * Reads the file; an absent file has no tokens.
 *
 * @throws AuthError, with a `cause` if the file could not be read, without one if its content is invalid
 */
export async function readTokens(path: string): Promise<readonly TokenRecord[]> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw new AuthError(`${path} has ${size} bytes, more than a token file can have`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof AuthError) throw error;
    if (codeOf(error) === 'ENOENT') return [];
    throw new AuthError(`the tokens in ${path} cannot be read (${codeOf(error)}); check the owner of the file`, {
      cause: error,
    });
  }
  const parsed = fileSchema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data.tokens;
  throw new AuthError(`${path} is not a token file; restore a copy of it, or remove it and create new tokens`);
}

/**
 * Changes the file. Concurrent changes, also of other processes, run one after the other. Otherwise, one could
 * restore a token that another has just revoked. Only the owner can read the file.
 *
 * @param change returns the new tokens; if it returns its argument, nothing is written
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
    throw new AuthError(`the tokens cannot be written to ${path} (${codeOf(error)}); check the owner of the folder`);
  }
}

/**
 * Serializes in the form that {@link readTokens} accepts; anything else would make the file useless. @throws
 * AuthError
 */
function textOf(tokens: readonly TokenRecord[]): string {
  const [fault] = fileSchema.safeParse({ version: 1, tokens }).error?.issues ?? [];
  if (fault !== undefined) {
    throw new AuthError(`a token cannot be stored: its ${String(fault.path[2])} is invalid`);
  }
  const text = `${JSON.stringify({ version: 1, tokens }, undefined, 2)}\n`;
  if (Buffer.byteLength(text) <= MAX_FILE_BYTES) return text;
  throw new AuthError('there are too many tokens to store; revoke those that are not needed');
}

/**
 * Creates the lock file exclusively. A lock left by a crash is not removed: across containers and network folders, it
 * is unknown whether its owner still runs.
 *
 * @returns a function that releases the lock
 */
async function lock(lockPath: string, path: string, clock: Clock): Promise<() => Promise<void>> {
  const until = clock.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    // Read before the attempt: a process that was suspended past the timeout tries once more.
    const isLast = clock.now() >= until;
    try {
      await (await open(lockPath, 'wx', 0o600)).close();
      return () => rm(lockPath, { force: true });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    if (isLast) {
      throw new AuthError(`another process is changing ${path}; if none is, remove ${lockPath} and try again`);
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
