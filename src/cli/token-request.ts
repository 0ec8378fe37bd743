import type { Constraint } from '../core/ports.js';
import { didYouMean } from '../util/did-you-mean.js';
import { ClaspError } from '../protocol/errors.js';
import { formatScope, parseScopes } from '../protocol/scope.js';
import { parseCommandLine } from './command-line.js';
import { type CommandLine, environmentName, type Flag } from './flag.js';
import { parseConstraint } from './token-constraint.js';
import { UsageError } from './usage-error.js';

/** The validated command line of `clasp-router token`. */
export type TokenRequest =
  | { readonly kind: 'help'; readonly command: TokenCommandName | undefined }
  | {
      readonly kind: 'create';
      /** In their long form. */
      readonly scopes: readonly string[];
      /** Bounds on writes. */
      readonly constraints: readonly Constraint[];
      readonly subject: string | undefined;
      /** Undefined means that it never expires. */
      readonly ttlSeconds: number | undefined;
      readonly dataDir: string | undefined;
      readonly asJson: boolean;
    }
  | { readonly kind: 'list'; readonly dataDir: string | undefined; readonly asJson: boolean }
  | { readonly kind: 'revoke'; readonly id: string; readonly dataDir: string | undefined };

interface TokenCommand {
  /** The argument of the command. */
  readonly argument?: string;
  readonly help: string;
  readonly options: Readonly<Record<string, Flag>>;
}

const dataDir: Flag = {
  value: 'DIR',
  inEnvironment: true,
  help: 'data folder of the router; default: the usual folder',
};
const json: Flag = { help: 'prints JSON' };

/** All commands with their options, in the order of the help. */
export const tokenCommands = {
  create: {
    help: 'creates a token and prints it, once',
    options: {
      scopes: { value: 'LIST', help: 'scopes: "read:/lights/**,write:/lights/1/*"; admin includes both' },
      constraint: {
        value: 'BOUND',
        isRepeatable: true,
        help: 'bounds on writes: "/lights/**:range=0..1,rate=30"; repeatable',
      },
      subject: { value: 'NAME', help: 'name of the holder, for the list and the log' },
      ttl: { value: 'TIME', help: 'validity: 90m, 12h, 30d, 2w, or never (30d)' },
      'data-dir': dataDir,
      json,
    },
  },
  list: { help: 'lists the tokens, without the tokens themselves', options: { 'data-dir': dataDir, json } },
  revoke: {
    argument: 'ID',
    help: 'revokes a token; a running router closes its sessions within two seconds',
    options: { 'data-dir': dataDir },
  },
} as const satisfies Record<string, TokenCommand>;

export type TokenCommandName = keyof typeof tokenCommands;

export const tokenCommandNames: readonly TokenCommandName[] = ['create', 'list', 'revoke'];

const DEFAULT_TTL = '30d';
const secondsOf: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
  ['d', 86_400],
  ['w', 604_800],
]);
/** A hundred years. For a longer time, use `never`. */
const MAX_TTL_SECONDS = 3_153_600_000;

/**
 * Reads the arguments after `clasp-router token`.
 *
 * @param environment CLASP_DATA_DIR replaces a missing `--data-dir`, as for the router itself
 * @throws UsageError
 */
export function readTokenRequest(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): TokenRequest {
  // Before any sentence that quotes an argument.
  if (args.some((arg) => /cpsk_[0-9a-f]{8}/i.test(arg))) {
    throw new UsageError('give the ID of a token, not the token; clasp-router token list shows the IDs');
  }
  const [name, ...rest] = args;
  if (name === undefined)
    throw new UsageError('token needs a command: create, list or revoke; see clasp-router token -h');
  if (name === '--help' || name === '-h') return { kind: 'help', command: undefined };
  if (!isCommand(name)) {
    throw new UsageError(`unknown command token ${name}${suggested('', name, Object.keys(tokenCommands))}`);
  }
  const line = parseCommandLine(tokenLine(name), rest);
  if (line === undefined) return { kind: 'help', command: name };
  const { args: positionals, given } = line;
  const text = (flag: string): string | undefined => given.get(flag)?.at(-1);
  const folder = text('data-dir') ?? environment[environmentName('data-dir')];
  const where = folder === undefined || folder === '' || folder === 'off' ? undefined : folder;
  switch (name) {
    case 'create':
      return {
        kind: 'create',
        scopes: scopes(text('scopes')),
        constraints: (given.get('constraint') ?? []).map(parseConstraint),
        subject: subject(text('subject')),
        ttlSeconds: ttlSeconds(text('ttl') ?? DEFAULT_TTL),
        dataDir: where,
        asJson: given.has('json'),
      };
    case 'list':
      return { kind: 'list', dataDir: where, asJson: given.has('json') };
    case 'revoke': {
      const [id] = positionals;
      if (id === undefined || id === '')
        throw new UsageError('token revoke needs the ID of a token; clasp-router token list shows them');
      return { kind: 'revoke', id, dataDir: where };
    }
  }
}

function isCommand(name: string): name is TokenCommandName {
  return Object.hasOwn(tokenCommands, name);
}

/** Returns the command line of a command. */
export function tokenLine(name: TokenCommandName): CommandLine {
  const { argument, options }: TokenCommand = tokenCommands[name];
  // The sentence about a missing argument is that of the command.
  return {
    name: `clasp-router token ${name}`,
    parameters: argument === undefined ? [] : [`[${argument}]`],
    flags: options,
  };
}

function suggested(prefix: string, name: string, known: readonly string[]): string {
  const near = didYouMean(name, known);
  return near === undefined ? '' : ` (did you mean ${prefix}${near}?)`;
}

function scopes(text: string | undefined): readonly string[] {
  if (text === undefined)
    throw new UsageError('token create needs --scopes, such as "read:/lights/**,write:/lights/1/*"');
  try {
    return parseScopes(text).map(formatScope);
  } catch (error) {
    throw error instanceof ClaspError ? new UsageError(`--scopes: ${error.message}`) : error;
  }
}

function subject(text: string | undefined): string | undefined {
  if (text !== undefined && (text === '' || text.length > 255 || /\p{Cc}/u.test(text))) {
    throw new UsageError('--subject must be a name of 1 to 255 characters in one line');
  }
  return text;
}

function ttlSeconds(text: string): number | undefined {
  if (text === 'never') return undefined;
  const [, count, unit] = /^(\d+)([smhdw])$/.exec(text) ?? [];
  const seconds = Number(count) * (secondsOf.get(unit ?? '') ?? NaN);
  if (seconds >= 1 && seconds <= MAX_TTL_SECONDS) return seconds;
  throw new UsageError(
    `--ttl must be a time such as 90m, 12h, 30d or 2w, a hundred years at most, or never; not "${text}"`,
  );
}
