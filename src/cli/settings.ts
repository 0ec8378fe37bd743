import { parseArgs } from 'node:util';
import { didYouMean } from '../util/did-you-mean.js';
import { ignoreServiceLinks } from './service-links.js';

/** The validated flags of `clasp-router`. */
export interface Settings {
  readonly port: number;
  /** Whether the WebSocket port is open. The other listeners are off by default. */
  readonly websocket: boolean;
  readonly tcpPort: number | undefined;
  readonly udpPort: number | undefined;
  readonly quicPort: number | undefined;
  /** Whether streams and gesture moves can use datagrams, if the client requests it. */
  readonly quicDatagrams: boolean;
  readonly pipePath: string | undefined;
  readonly allowInsecureUdp: boolean;
  /** Whether the WebSocket and TCP ports are encrypted. */
  readonly tls: boolean;
  readonly certPath: string | undefined;
  readonly keyPath: string | undefined;
  readonly dataDir: string | undefined;
  /** Origins of web pages that can connect, in addition to those of the same host. */
  readonly allowedOrigins: readonly string[];
  /** Host names that requests and pages of the same host can use, in addition to the router's own. */
  readonly allowHosts: readonly string[];
  /** Trusted reverse proxies: addresses and networks. */
  readonly trustedProxies: readonly string[];
  /** Whether HELLO needs a token, and the issuers of tokens in addition to the router. */
  readonly auth: boolean;
  readonly jwtSecretPath: string | undefined;
  readonly jwtKeyPath: string | undefined;
  readonly jwksPath: string | undefined;
  readonly jwtIssuer: string | undefined;
  readonly jwtAudience: string | undefined;
  readonly trustAnchorPaths: readonly string[];
  /** A separate port for health and metrics. */
  readonly healthPort: number | undefined;
  readonly healthHost: string;
  /** Whether the WebSocket port serves metrics too. */
  readonly metrics: boolean;
  /** Whether the router serves the inspector page, and whether other computers can open it. */
  readonly inspect: boolean;
  readonly inspectRemote: boolean;
  /** The relay of the Stately inspector that receives the events. */
  readonly inspectRelayUrl: string | undefined;
  /** Folders that the WebSocket port serves. */
  readonly staticFolders: readonly string[];
  readonly host: string;
  readonly name: string;
  readonly maxSessions: number;
  readonly maxSessionsPerToken: number;
  readonly maxSessionsPerAddress: number;
  readonly sessionTimeoutSeconds: number;
  readonly maxSubscriptions: number;
  /**
   * Messages per second of one session; 0 = unlimited. Undefined: the default of `createRouter`, which depends on
   * `auth`.
   */
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
      /** For the log: the ignored environment variables. */
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' };

/** A user error. The message is one sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

interface Flag {
  readonly short?: string;
  /** The placeholder of the value in the help; absent for a switch. */
  readonly value?: string;
  readonly fallback: string;
  readonly help: string;
}

/** The value of a flag that is not set. */
const OFF = 'off';

/** The default depends on other flags; the help text of the flag states it. */
const AUTO = 'auto';

/**
 * All flags, in the order of the help. The environment variable of `--max-sessions` is CLASP_MAX_SESSIONS, and so on.
 */
export const flags = {
  port: { short: 'p', value: 'PORT', fallback: '7330', help: 'port for WebSocket connections; 0 selects a free one' },
  host: {
    value: 'HOST',
    fallback: '0.0.0.0',
    help: 'address or host name to listen on; 127.0.0.1 permits only this computer',
  },
  'tcp-port': { value: 'PORT', fallback: OFF, help: 'port for TCP connections, with a length before each frame' },
  'udp-port': { value: 'PORT', fallback: OFF, help: 'port for UDP datagrams, one frame each' },
  'allow-insecure-udp': { fallback: 'false', help: 'permits UDP with --auth, although tokens are sent in plain text' },
  'quic-port': { value: 'PORT', fallback: OFF, help: 'UDP port for QUIC connections, usually 7331' },
  'quic-datagrams': {
    fallback: 'false',
    help: 'sends streams and gesture moves in datagrams to clients that request it',
  },
  pipe: { value: 'PATH', fallback: OFF, help: 'Unix socket, or Windows pipe, for programs on this computer' },
  'no-websocket': { fallback: 'false', help: 'does not open the WebSocket port' },
  tls: { fallback: 'false', help: 'encrypts the WebSocket and TCP ports, with --cert or a self-signed certificate' },
  cert: { value: 'FILE', fallback: OFF, help: 'PEM certificate, with --key; implies --tls' },
  key: { value: 'FILE', fallback: OFF, help: 'PEM private key of --cert' },
  'data-dir': {
    value: 'DIR',
    fallback: OFF,
    help: 'folder of the certificate and tokens of the router; off is the default folder',
  },
  'allow-origin': {
    value: 'ORIGIN',
    fallback: OFF,
    help: 'origins of other web pages that can connect: https://show.example, null, *; separated by commas',
  },
  'allow-host': {
    value: 'NAME',
    fallback: OFF,
    help: 'further host names for HTTP requests and web pages: show.example.org; * allows all; separated by commas',
  },
  'trust-proxy': {
    value: 'ADDRESS',
    fallback: OFF,
    help: 'reverse proxies whose X-Forwarded-For or Forwarded is trusted: 127.0.0.1, 10.0.0.0/8; separated by commas',
  },
  auth: { fallback: 'false', help: 'requires a token from each client; clasp-router token create makes one' },
  'jwt-secret': { value: 'FILE', fallback: OFF, help: 'with --auth: accepts JWTs signed with this secret (HS256)' },
  'jwt-key': { value: 'FILE', fallback: OFF, help: 'with --auth: accepts JWTs of this public key (EdDSA, PEM)' },
  jwks: { value: 'FILE', fallback: OFF, help: 'with --auth: accepts JWTs of the public keys in this JWKS (EdDSA)' },
  'jwt-issuer': { value: 'TEXT', fallback: OFF, help: 'required issuer of a JWT (iss)' },
  'jwt-audience': { value: 'TEXT', fallback: OFF, help: 'required audience of a JWT (aud)' },
  'trust-anchor': {
    value: 'FILE',
    fallback: OFF,
    help: 'with --auth: accepts capability tokens of this public key; separated by commas',
  },
  'health-port': { value: 'PORT', fallback: OFF, help: 'separate port for /healthz, /readyz and /metrics' },
  'health-host': { value: 'HOST', fallback: '127.0.0.1', help: 'address of the health port' },
  metrics: { fallback: 'false', help: 'serves /metrics on the WebSocket port too; every client can read it there' },
  inspect: {
    fallback: 'false',
    help: 'serves a page at /inspect with sessions, signals and messages, to this computer only; prints its link with a key',
  },
  'inspect-remote': {
    fallback: 'false',
    help: 'serves it to other computers too, by address; add --auth on a shared network',
  },
  'inspect-ws': {
    value: 'URL',
    fallback: OFF,
    help: 'sends events to the relay of the Stately inspector: ws://localhost:8080',
  },
  static: {
    value: 'DIR',
    fallback: OFF,
    help: 'serves the files of a folder on the WebSocket port; separated by commas',
  },
  name: { short: 'n', value: 'NAME', fallback: 'CLASP Router', help: 'name of the router in WELCOME' },
  'max-sessions': { value: 'N', fallback: '1000', help: 'maximum sessions; 0 is unlimited' },
  'max-sessions-per-token': { value: 'N', fallback: '0', help: 'maximum sessions of one token; 0 is unlimited' },
  'max-sessions-per-address': {
    value: 'N',
    fallback: '0',
    help: 'maximum sessions from one address, except this computer; 0 is unlimited',
  },
  'session-timeout': {
    value: 'SECONDS',
    fallback: '300',
    help: 'closes a session without traffic; 0 is never',
  },
  'max-subscriptions': { value: 'N', fallback: '1000', help: 'maximum subscriptions of one session; 0 is unlimited' },
  'max-messages-per-second': {
    value: 'N',
    fallback: AUTO,
    help: 'messages per second of one session, including those in bundles; 0 is unlimited; auto is 100000 with --auth, else 0',
  },
  'max-params': {
    value: 'N',
    fallback: '1000000',
    help: 'maximum params; the least recently used one is evicted; 0 is unlimited',
  },
  'param-ttl': { value: 'SECONDS', fallback: '0', help: 'removes a param that is not used for this time; 0 is never' },
  'drain-timeout': {
    value: 'SECONDS',
    fallback: '3',
    help: 'time in which sessions can read queued data at a stop',
  },
  'log-level': { value: 'LEVEL', fallback: 'info', help: logLevels.join(', ') },
  'json-log': { fallback: 'false', help: 'logs one JSON object per line' },
} as const satisfies Record<string, Flag>;

type FlagName = keyof typeof flags;

/** Returns CLASP_MAX_SESSIONS for `max-sessions`. */
export function environmentName(flag: string): string {
  return `CLASP_${flag.toUpperCase().replaceAll('-', '_')}`;
}

/**
 * Reads the command line, then the environment for the missing flags.
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
  /** Returns the value of a flag and its source, for error messages. */
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

/** Returns the variables of the port flags that are not on the command line. */
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

/** Reads a switch of the command line or the environment. */
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
