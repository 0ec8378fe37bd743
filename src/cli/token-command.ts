import { createToken, listTokens, revokeToken, type TokenInfo } from '../auth/index.js';
import { defaultDataDir } from '../certificates/index.js';
import { flagHelp } from './command-line.js';
import { textTable } from './text-table.js';
import { formatConstraint } from './token-constraint.js';
import {
  readTokenRequest,
  tokenCommandNames,
  type TokenCommandName,
  tokenCommands,
  tokenLine,
} from './token-request.js';
import { UsageError } from './usage-error.js';

/** The parts of the process that the command uses. */
export interface TokenCommandHost {
  /** As `process.platform` has it. */
  readonly platform: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The result. */
  readonly stdout: (text: string) => void;
  /** All other text, so that `TOKEN=$(clasp-router token create ...)` contains only the token. */
  readonly stderr: (text: string) => void;
  /** Unix time in seconds. */
  readonly nowSeconds: number;
}

/**
 * Runs `clasp-router token ...`: creates, lists and revokes the tokens in the data folder of a router. The router need
 * not run.
 *
 * @param args the arguments after `token`
 * @throws UsageError, AuthError, TransportError with one sentence
 */
export async function tokenCommand(args: readonly string[], host: TokenCommandHost): Promise<void> {
  try {
    await runTokenCommand(args, host);
  } catch (error) {
    const { errorInFlags } = await import('./flag-names.js'); // not loaded for a token that is created
    throw errorInFlags(error);
  }
}

async function runTokenCommand(args: readonly string[], host: TokenCommandHost): Promise<void> {
  const { platform, environment, stdout, stderr, nowSeconds } = host;
  const request = readTokenRequest(args, environment);
  if (request.kind === 'help') {
    stdout(helpOf(request.command));
    return;
  }
  const dataDir = request.dataDir ?? defaultDataDir(platform, environment);
  switch (request.kind) {
    case 'create': {
      const { scopes, constraints, subject, ttlSeconds, asJson } = request;
      const { token, info } = await createToken({ dataDir, scopes, constraints, subject, ttlSeconds, nowSeconds });
      stdout(asJson ? jsonLine({ token, ...jsonOf(info) }) : `${token}\n`);
      const holder = subject === undefined ? '' : ` for ${subject}`;
      const bounds = constraints.length === 0 ? '' : `; bounded by ${constraints.map(formatConstraint).join(' and ')}`;
      stderr(`token ${info.id}${holder}: ${scopes.join(', ')}${bounds}; ${endOf(info, nowSeconds)}\n`);
      stderr('The token is shown only once: the router stores only a hash of it.\n');
      return;
    }
    case 'list': {
      const tokens = await listTokens(dataDir);
      if (request.asJson) stdout(jsonLine(tokens.map(jsonOf)));
      else if (tokens.length === 0) stderr(`no tokens in ${dataDir}; clasp-router token create makes one\n`);
      else stdout(table(tokens, nowSeconds));
      return;
    }
    case 'revoke':
      if (!(await revokeToken(dataDir, request.id))) {
        throw new UsageError(`no token ${request.id} in ${dataDir}; clasp-router token list shows all tokens`);
      }
      stderr(`token ${request.id} is revoked; a running router closes its sessions, within two seconds\n`);
  }
}

/** Returns a token for `--json`: times in ISO 8601, no expiry as null. */
function jsonOf({ id, subject, scopes, constraints, createdAtSeconds, expiresAtSeconds }: TokenInfo): object {
  return {
    id,
    subject,
    scopes,
    ...(constraints.length > 0 && { constraints }),
    created: new Date(createdAtSeconds * 1_000).toISOString(),
    expires: expiresAtSeconds === null ? null : new Date(expiresAtSeconds * 1_000).toISOString(),
  };
}

function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

function table(tokens: readonly TokenInfo[], nowSeconds: number): string {
  return textTable([
    ['ID', 'SUBJECT', 'END', 'SCOPES', 'BOUNDS'],
    ...tokens.map((token) => [
      token.id,
      token.subject ?? '-',
      endOf(token, nowSeconds),
      token.scopes.join(', ') || '-',
      token.constraints.map(formatConstraint).join(' ') || '-',
    ]),
  ]);
}

function endOf({ expiresAtSeconds }: TokenInfo, nowSeconds: number): string {
  if (expiresAtSeconds === null) return 'never ends';
  const minute = new Date(expiresAtSeconds * 1_000).toISOString().slice(0, 16).replace('T', ' ');
  return `${expiresAtSeconds <= nowSeconds ? 'ended' : 'ends'} ${minute} UTC`;
}

function usage(name: TokenCommandName): string {
  const command = tokenCommands[name];
  return 'argument' in command ? `${command.argument} [options]` : '[options]';
}

/** Returns the text of `--help`, for all commands or for one. */
function helpOf(name: TokenCommandName | undefined): string {
  const names = name === undefined ? tokenCommandNames : [name];
  return names
    .map((command) => {
      const line = tokenLine(command);
      return `${line.name} ${tokenCommands[command].help}.\n\n${flagHelp(line, usage(command))}`;
    })
    .join('\n');
}
