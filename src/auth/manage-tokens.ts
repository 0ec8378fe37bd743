import type { Constraint } from '../core/ports.js';
import { formatScope, parseScope } from '../protocol/scope.js';
import { hashOf, idOf, newCpskToken } from './cpsk.js';
import { changeTokens, readTokens, tokenFilePath, type TokenRecord } from './token-file.js';

export interface CreateTokenOptions {
  readonly dataDir: string;
  /** As people write them: `read:/lights/**`. */
  readonly scopes: readonly string[];
  readonly constraints?: readonly Constraint[] | undefined;
  /** Who it is for; for the list and the log. */
  readonly subject?: string | undefined;
  /** How long it holds; undefined for ever. */
  readonly ttlSeconds: number | undefined;
  /** Unix time. */
  readonly nowSeconds: number;
}

/** A token as it can be shown: without the token. */
export type TokenInfo = Omit<TokenRecord, 'hash'>;

/**
 * Makes a token and keeps its hash. The token itself is nowhere but in what is returned.
 *
 * @throws ClaspError 202 for what is no scope, AuthError for what else cannot be kept, such as an end that is no time
 */
export async function createToken(
  options: CreateTokenOptions,
): Promise<{ readonly token: string; readonly info: TokenInfo }> {
  const { dataDir, scopes, constraints = [], subject = null, ttlSeconds, nowSeconds } = options;
  const token = newCpskToken();
  const hash = hashOf(token);
  const record: TokenRecord = {
    id: idOf(hash),
    hash,
    subject,
    scopes: scopes.map((text) => formatScope(parseScope(text))),
    constraints: [...constraints],
    createdAtSeconds: Math.floor(nowSeconds),
    expiresAtSeconds: ttlSeconds === undefined ? null : Math.floor(nowSeconds + ttlSeconds),
  };
  await changeTokens(dataDir, (tokens) => [...tokens, record]);
  return { token, info: shown(record) };
}

/** All tokens, the expired ones included. @throws AuthError */
export async function listTokens(dataDir: string): Promise<readonly TokenInfo[]> {
  return (await readTokens(tokenFilePath(dataDir))).map(shown);
}

/** Takes a token out. A router that runs ends the sessions that came in with it. @returns whether there was one @throws AuthError */
export async function revokeToken(dataDir: string, id: string): Promise<boolean> {
  if (!(await listTokens(dataDir)).some((token) => token.id === id)) return false; // without making a folder for it
  let isFound = false;
  await changeTokens(dataDir, (tokens) => {
    const left = tokens.filter((token) => token.id !== id);
    isFound = left.length < tokens.length;
    return isFound ? left : tokens;
  });
  return isFound;
}

function shown({ id, subject, scopes, constraints, createdAtSeconds, expiresAtSeconds }: TokenRecord): TokenInfo {
  return { id, subject, scopes, constraints, createdAtSeconds, expiresAtSeconds };
}
