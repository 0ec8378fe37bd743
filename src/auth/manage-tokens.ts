import { checkNames } from '../util/arguments.js';
import type { Constraint } from '../core/ports.js';
import { formatScope, parseScope } from '../protocol/scope.js';
import { hashOf, idOf, newCpskToken } from './cpsk.js';
import { changeTokens, readTokens, tokenFilePath, type TokenRecord } from './token-file.js';

export interface CreateTokenOptions {
  readonly dataDir: string;
  /** In text form: `read:/lights/**`. */
  readonly scopes: readonly string[];
  readonly constraints?: readonly Constraint[] | undefined;
  /** Name of the owner, for the list and the log. */
  readonly subject?: string | undefined;
  /** Lifetime in seconds; undefined means unlimited. */
  readonly ttlSeconds: number | undefined;
  /** Unix time. */
  readonly nowSeconds: number;
}

const optionNames = {
  dataDir: true,
  scopes: true,
  constraints: true,
  subject: true,
  ttlSeconds: true,
  nowSeconds: true,
} satisfies Record<keyof CreateTokenOptions, true>;

/** The displayable part of a token, without the token itself. */
export type TokenInfo = Omit<TokenRecord, 'hash'>;

/**
 * Creates a token and stores its hash. Only the return value contains the token.
 *
 * @throws ClaspError 202 if a scope is invalid, AuthError for other invalid values, such as an expiry that is not a
 * time
 */
export async function createToken(
  options: CreateTokenOptions,
): Promise<{ readonly token: string; readonly info: TokenInfo }> {
  checkNames('createToken', options, Object.keys(optionNames));
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
  return { token, info: infoOf(record) };
}

/** Returns all tokens, expired ones included. @throws AuthError */
export async function listTokens(dataDir: string): Promise<readonly TokenInfo[]> {
  return (await readTokens(tokenFilePath(dataDir))).map(infoOf);
}

/** Removes a token. A running router closes its sessions. @returns whether the token existed @throws AuthError */
export async function revokeToken(dataDir: string, id: string): Promise<boolean> {
  if (!(await listTokens(dataDir)).some((token) => token.id === id)) return false; // avoids creating the folder
  let isFound = false;
  await changeTokens(dataDir, (tokens) => {
    const left = tokens.filter((token) => token.id !== id);
    isFound = left.length < tokens.length;
    return isFound ? left : tokens;
  });
  return isFound;
}

function infoOf({ id, subject, scopes, constraints, createdAtSeconds, expiresAtSeconds }: TokenRecord): TokenInfo {
  return { id, subject, scopes, constraints, createdAtSeconds, expiresAtSeconds };
}
