import { parseArgs } from 'node:util';
import { didYouMean } from '../util/did-you-mean.js';
import { ignoreServiceLinks } from './service-links.js';

/** What the command was asked to do: the flags of `clasp-router`, checked. */
export interface Settings {
  readonly port: number;
  /** Doors that stay shut unless asked for. */
  readonly websocket: boolean;
  readonly tcpPort: number | undefined;
  readonly udpPort: number | undefined;
  readonly quicPort: number | undefined;
  /** Whether streams and gesture moves may go by datagram, where a client wants that too. */
  readonly quicDatagrams: boolean;
  readonly pipePath: string | undefined;
  readonly allowInsecureUdp: boolean;
  /** Whether the WebSocket and TCP ports are encrypted. */
  readonly tls: boolean;
  readonly certPath: string | undefined;
  readonly keyPath: string | undefined;
  readonly dataDir: string | undefined;
  /** Origins of web pages that may connect, beside those of the same host. */
  readonly allowedOrigins: readonly string[];
  /** Host names that requests and pages of the same host can use, beside the router's own. */
  readonly allowHosts: readonly string[];
  /** Reverse proxies whose headers are believed: addresses and networks. */
  readonly trustedProxies: readonly string[];
  /** Whether HELLO needs a token, and who makes them beside the router itself. */
  readonly auth: boolean;
  readonly jwtSecretPath: string | undefined;
  readonly jwtKeyPath: string | undefined;
  readonly jwksPath: string | undefined;
  readonly jwtIssuer: string | undefined;
  readonly jwtAudience: string | undefined;
  readonly trustAnchorPaths: readonly string[];
  /** A port of its own for health and metrics. */
  readonly healthPort: number | undefined;
  readonly healthHost: string;
  /** Whether the WebSocket port serves metrics too. */
  readonly metrics: boolean;
  /** Whether there is a page that shows what goes on, and whether other computers may open it. */
  readonly inspect: boolean;
  readonly inspectRemote: boolean;
  /** The relay of the Stately inspector that is told what goes on. */
  readonly inspectRelayUrl: string | undefined;
  /** Folders that are served beside CLASP. */
  readonly staticFolders: readonly string[];
  readonly host: string;
  readonly name: string;
  readonly maxSessions: number;
  readonly maxSessionsPerToken: number;
  readonly maxSessionsPerAddress: number;
  readonly sessionTimeoutSeconds: number;
  readonly maxSubscriptions: number;
  /** Messages per second of one session; 0 = unlimited. Undefined: the default of `createRouter`, which depends on `auth`. */
  readonly maxMessagesPerSecond: number | undefined;
  readonly maxParams: number;
  readonly paramTtlSeconds: number;
  readonly drainTimeoutSeconds: number;
  readonly logLevel: LogLevel;
  readonly jsonLog: boolean;
}

export type Request =
  | {
      readonly kind: 'run';
      readonly settings: Settings;
      /** For the log: what of the environment is ignored. */
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' };

/** A mistake of the user's. The message is one plain sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

interface Flag {
  readonly short?: string;
  /** What stands behind it in the help; absent for a switch. */
  readonly value?: string;
  readonly fallback: string;
  readonly help: string;
}

/** What stands for nothing given. */
const OFF = 'off';

/** The default depends on other flags; the help text of the flag states it. */
const AUTO = 'auto';

/** Every flag, in the order of the help. The environment variable of `--max-sessions` is CLASP_MAX_SESSIONS, and so on. */
export const flags = {
  port: { short: 'p', value: 'PORT', fallback: '7330', help: 'port for WebSocket connections; 0 takes a free one' },
  host: {
    value: 'HOST',
    fallback: '0.0.0.0',
    help: 'address or host name to listen on; 127.0.0.1 keeps the router to this machine',
  },
  'tcp-port': { value: 'PORT', fallback: OFF, help: 'port for TCP connections, each frame with its length in front' },
  'udp-port': { value: 'PORT', fallback: OFF, help: 'port for UDP datagrams, one frame each' },
  'allow-insecure-udp': { fallback: 'false', help: 'opens the UDP port although tokens would cross it in the clear' },
  'quic-port': { value: 'PORT', fallback: OFF, help: 'UDP port for QUIC connections; 7331 is usual' },
  'quic-datagrams': {
    fallback: 'false',
    help: 'sends streams and gesture moves by datagram to clients that ask for it',
  },
  pipe: { value: 'PATH', fallback: OFF, help: 'Unix socket, or Windows pipe, for programs on this machine' },
  'no-websocket': { fallback: 'false', help: 'opens no WebSocket port' },
  tls: { fallback: 'false', help: 'encrypts the WebSocket and TCP ports; with --cert or a certificate of its own' },
  cert: { value: 'FILE', fallback: OFF, help: 'PEM certificate, with --key; encrypts as --tls does' },
  key: { value: 'FILE', fallback: OFF, help: 'PEM private key of --cert' },
  'data-dir': {
    value: 'DIR',
    fallback: OFF,
    help: 'where the router keeps its own certificate and tokens; off is the usual place',
  },
  'allow-origin': {
    value: 'ORIGIN',
    fallback: OFF,
    help: 'web pages that may connect beside those of this host: https://show.example, null, *; commas between several',
  },
  'allow-host': {
    value: 'NAME',
    fallback: OFF,
    help: 'host names of HTTP requests and web pages, beside addresses and the names of this computer: show.example.org; * allows all',
  },
  'trust-proxy': {
    value: 'ADDRESS',
    fallback: OFF,
    help: 'reverse proxies whose X-Forwarded-For or Forwarded names the peer: 127.0.0.1, 10.0.0.0/8; commas between several',
  },
  auth: { fallback: 'false', help: 'lets nobody in without a token; clasp-router token create makes one' },
  'jwt-secret': { value: 'FILE', fallback: OFF, help: 'with --auth: takes JWTs signed with this secret (HS256)' },
  'jwt-key': { value: 'FILE', fallback: OFF, help: 'with --auth: takes JWTs of this public key (EdDSA, PEM)' },
  jwks: { value: 'FILE', fallback: OFF, help: 'with --auth: takes JWTs of the public keys in this JWKS (EdDSA)' },
  'jwt-issuer': { value: 'TEXT', fallback: OFF, help: 'who has to have made a JWT (iss)' },
  'jwt-audience': { value: 'TEXT', fallback: OFF, help: 'for whom a JWT has to be (aud)' },
  'trust-anchor': {
    value: 'FILE',
    fallback: OFF,
    help: 'with --auth: takes capability tokens of this public key; commas between several',
  },
  'health-port': { value: 'PORT', fallback: OFF, help: 'port for /healthz, /readyz and /metrics alone' },
  'health-host': { value: 'HOST', fallback: '127.0.0.1', help: 'address of the health port' },
  metrics: { fallback: 'false', help: 'serves /metrics on the WebSocket port too; anybody can read it there' },
  inspect: {
    fallback: 'false',
    help: 'serves a page at /inspect that shows sessions, signals and messages, to this computer; prints its link with a key',
  },
  'inspect-remote': {
    fallback: 'false',
    help: 'the same to other computers too, by address; add --auth where others can reach it',
  },
  'inspect-ws': {
    value: 'URL',
    fallback: OFF,
    help: 'tells the relay of the Stately inspector what goes on: ws://localhost:8080',
  },
  static: {
    value: 'DIR',
    fallback: OFF,
    help: 'serves the files of a folder on the WebSocket port; commas between several',
  },
  name: { short: 'n', value: 'NAME', fallback: 'CLASP Router', help: 'name the router gives itself in WELCOME' },
  'max-sessions': { value: 'N', fallback: '1000', help: 'sessions at once; 0 is unlimited' },
  'max-sessions-per-token': { value: 'N', fallback: '0', help: 'sessions at once with one token; 0 is unlimited' },
  'max-sessions-per-address': {
    value: 'N',
    fallback: '0',
    help: 'sessions at once from one address, this computer excepted; 0 is unlimited',
  },
  'session-timeout': {
    value: 'SECONDS',
    fallback: '300',
    help: 'closes a session that neither sends nor receives; 0 is never',
  },
  'max-subscriptions': { value: 'N', fallback: '1000', help: 'subscriptions of one session; 0 is unlimited' },
  'max-messages-per-second': {
    value: 'N',
    fallback: AUTO,
    help: 'messages per second of one session, those in bundles included; 0 is unlimited; auto is 100000 with --auth, else 0',
  },
  'max-params': {
    value: 'N',
    fallback: '1000000',
    help: 'params kept; the one unused for longest makes room; 0 is unlimited',
  },
  'param-ttl': { value: 'SECONDS', fallback: '0', help: 'drops a param not used for so long; 0 is never' },
  'drain-timeout': {
    value: 'SECONDS',
    fallback: '3',
    help: 'how long a stop waits for sessions to take what is queued',
  },
  'log-level': { value: 'LEVEL', fallback: 'info', help: logLevels.join(', ') },
  'json-log': { fallback: 'false', help: 'one JSON object a line, for machines' },
} as const satisfies Record<string, Flag>;

type FlagName = keyof typeof flags;

/** CLASP_MAX_SESSIONS for `max-sessions`. */
export function environmentName(flag: string): string {
  return `CLASP_${flag.toUpperCase().replaceAll('-', '_')}`;
}

/**
 * Reads the command line, then the environment for what it does not say.
 *
 * @throws UsageError
 */
export function readSettings(
  args: readonly string[],
  allVariables: Readonly<Record<string, string | undefined>>,
): Request {
  const given = parse(args);
  if (given.help !== undefined) return { kind: 'help' };
  if (given.version !== undefined) return { kind: 'version' };
  const { environment, warnings } = ignoreServiceLinks(allVariables, portVariables(given));
  /** The text of a flag and how the user wrote it, for the sentence that may follow. */
  const text = (flag: FlagName): [text: string, source: string] => {
    const fromArgs = given[flag];
    if (fromArgs !== undefined) return [fromArgs, `--${flag}`];
    const variable = environmentName(flag);
    const fromEnvironment = environment[variable];
    if (fromEnvironment !== undefined && fromEnvironment !== '') return [fromEnvironment, variable];
    return [flags[flag].fallback, `--${flag}`];
  };
  return {
    kind: 'run',
    warnings,
    settings: {
      port: wholeNumber(...text('port'), 65_535),
      websocket: !isOn(...text('no-websocket')),
      tcpPort: optionalPort(...text('tcp-port')),
      udpPort: optionalPort(...text('udp-port')),
      allowInsecureUdp: isOn(...text('allow-insecure-udp')),
      quicPort: optionalPort(...text('quic-port')),
      quicDatagrams: isOn(...text('quic-datagrams')),
      pipePath: optional(...text('pipe')),
      tls: isOn(...text('tls')) || optional(...text('cert')) !== undefined || optional(...text('key')) !== undefined,
      certPath: optional(...text('cert')),
      keyPath: optional(...text('key')),
      dataDir: optional(...text('data-dir')),
      allowedOrigins: list(...text('allow-origin')),
      allowHosts: list(...text('allow-host')),
      trustedProxies: list(...text('trust-proxy')),
      auth: isOn(...text('auth')),
      jwtSecretPath: optional(...text('jwt-secret')),
      jwtKeyPath: optional(...text('jwt-key')),
      jwksPath: optional(...text('jwks')),
      jwtIssuer: optional(...text('jwt-issuer')),
      jwtAudience: optional(...text('jwt-audience')),
      trustAnchorPaths: list(...text('trust-anchor')),
      healthPort: optionalPort(...text('health-port')),
      healthHost: nonEmpty(...text('health-host'), 255),
      metrics: isOn(...text('metrics')),
      inspect: isOn(...text('inspect')) || isOn(...text('inspect-remote')),
      inspectRemote: isOn(...text('inspect-remote')),
      inspectRelayUrl: optional(...text('inspect-ws')),
      staticFolders: list(...text('static')),
      host: nonEmpty(...text('host'), 255),
      name: nonEmpty(...text('name'), 255),
      maxSessions: wholeNumber(...text('max-sessions')),
      maxSessionsPerToken: wholeNumber(...text('max-sessions-per-token')),
      maxSessionsPerAddress: wholeNumber(...text('max-sessions-per-address')),
      sessionTimeoutSeconds: wholeNumber(...text('session-timeout'), 604_800),
      maxSubscriptions: wholeNumber(...text('max-subscriptions')),
      maxMessagesPerSecond: autoNumber(...text('max-messages-per-second')),
      maxParams: wholeNumber(...text('max-params')),
      paramTtlSeconds: wholeNumber(...text('param-ttl'), 31_536_000),
      drainTimeoutSeconds: wholeNumber(...text('drain-timeout'), 3_600),
      logLevel: oneOf(...text('log-level'), logLevels),
      jsonLog: isOn(...text('json-log')),
    },
  };
}

/** The variables of the port flags that the command line does not have. */
function portVariables(given: Partial<Record<string, string>>): readonly string[] {
  return Object.entries<Flag>(flags)
    .filter(([name, { value }]) => value === 'PORT' && given[name] === undefined)
    .map(([name]) => environmentName(name));
}

/** Flags as texts; a switch is 'true'. */
function parse(args: readonly string[]): Partial<Record<string, string>> {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string }> = {
    help: { type: 'boolean', short: 'h' },
    version: { type: 'boolean', short: 'V' },
  };
  for (const [name, flag] of Object.entries<Flag>(flags)) {
    options[name] = {
      type: flag.value === undefined ? 'boolean' : 'string',
      ...(flag.short === undefined ? {} : { short: flag.short }),
    };
  }
  // Not strict, so that the sentence about a mistake is ours.
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const given: Partial<Record<string, string>> = {};
  for (const token of tokens) {
    if (token.kind === 'positional')
      throw new UsageError(`unexpected argument "${token.value}"; see clasp-router --help`);
    if (token.kind !== 'option') continue;
    const option = options[token.name];
    if (option === undefined)
      throw new UsageError(
        `unknown option ${token.rawName}${suggestion(token.name, options)}; see clasp-router --help`,
      );
    if (option.type === 'string') {
      if (token.value === undefined) throw new UsageError(`${token.rawName} needs a value; see clasp-router --help`);
      given[token.name] = token.value;
    } else {
      if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value`);
      given[token.name] = 'true';
    }
  }
  return given;
}

function suggestion(name: string, options: object): string {
  const near = didYouMean(name, Object.keys(options));
  return near === undefined ? '' : ` (did you mean --${near}?)`;
}

function wholeNumber(text: string, source: string, max = Number.MAX_SAFE_INTEGER): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(value) || value > max) {
    const range = max === Number.MAX_SAFE_INTEGER ? 'a whole number, 0 or more' : `a whole number from 0 to ${max}`;
    throw new UsageError(`${source} must be ${range}, not "${text}"`);
  }
  return value;
}

function autoNumber(text: string, source: string): number | undefined {
  return text === AUTO ? undefined : wholeNumber(text, source);
}

function optionalPort(text: string, source: string): number | undefined {
  return text === OFF ? undefined : wholeNumber(text, source, 65_535);
}

function optional(text: string, source: string): string | undefined {
  return text === OFF ? undefined : nonEmpty(text, source, 4_096);
}

function list(text: string, source: string): readonly string[] {
  const all = optional(text, source);
  return all === undefined ? [] : all.split(',').map((one) => nonEmpty(one.trim(), source, 4_096));
}

/** A switch: of the command line, or of the environment. */
function isOn(text: string, source: string): boolean {
  const choice = oneOf(text, source, ['true', 'false', '1', '0']);
  return choice === 'true' || choice === '1';
}

function nonEmpty(text: string, source: string, max: number): string {
  if (text === '') throw new UsageError(`${source} must not be empty`);
  if (text.length > max) throw new UsageError(`${source} must have at most ${max} characters, not ${text.length}`);
  return text;
}

function oneOf<T extends string>(text: string, source: string, choices: readonly T[]): T {
  const choice = choices.find((one) => one === text);
  if (choice === undefined) throw new UsageError(`${source} must be one of ${choices.join(', ')}, not "${text}"`);
  return choice;
}
