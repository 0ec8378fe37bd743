import {
  ArgumentError,
  check,
  checkFunction,
  checkNames,
  checkOneOf,
  checkText,
  hasMethods,
} from '../util/arguments.js';
import { type Clock, systemClock } from '../util/clock.js';
import { utf8Length } from '../protocol/bytes/utf8.js';
import { type Feature, features as allFeatures } from '../protocol/enumerations.js';
import { MAX_NAME_BYTES } from '../protocol/limits.js';
import type { ClientEncoding } from './link.js';
import { wholeNumber } from './whole-number.js';

export interface ReconnectOptions {
  /** Milliseconds before the first attempt. On average the delay is three quarters of it. @default 250 */
  readonly initialDelayMs?: number | undefined;
  /** Factor between consecutive delays. @default 2 */
  readonly factor?: number | undefined;
  /** Maximum delay in milliseconds. @default 10_000 */
  readonly maxDelayMs?: number | undefined;
  /** Maximum consecutive attempts. @default Infinity */
  readonly maxAttempts?: number | undefined;
}

export interface ClientOptions {
  /** Name of this client for the router, at most 255 bytes of UTF-8. @default 'clasp-router/client' */
  readonly name?: string | undefined;
  /** Token for a router that requires one. @default none */
  readonly token?: string | undefined;
  /** @default 'binary' */
  readonly encoding?: ClientEncoding | undefined;
  /** Capabilities in HELLO. @default all except federation */
  readonly features?: readonly Feature[] | undefined;
  /** Reconnection after an open connection is lost. False disables it. */
  readonly reconnect?: ReconnectOptions | false | undefined;
  /** Milliseconds that a request waits for its answer. @default 5_000 */
  readonly ackTimeoutMs?: number | undefined;
  /**
   * Milliseconds from the start of a connection until the router has sent WELCOME and answered a SYNC. @default 10_000
   */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * Milliseconds between SYNCs, which keep the session and the estimate of the router's clock up to date. A router that
   * is silent for three times as long is lost. 0 disables SYNCs. @default 10_000
   */
  readonly keepAliveMs?: number | undefined;
  /** Maximum bytes that wait for the network. Beyond it, writes are rejected. @default 16 MiB */
  readonly maxBufferedBytes?: number | undefined;
  /** Maximum params stored for `cached()`, and per subscription to suppress duplicates. @default 100_000 */
  readonly maxCachedParams?: number | undefined;
  /** @default the system clock */
  readonly clock?: Clock | undefined;
  /** Returns a number from 0 up to but excluding 1, for the delays between attempts. @default Math.random */
  readonly random?: (() => number) | undefined;
}

export interface ResolvedReconnect {
  readonly initialDelayMs: number;
  readonly factor: number;
  readonly maxDelayMs: number;
  readonly maxAttempts: number;
}

export interface ResolvedOptions {
  readonly name: string;
  readonly token: string | undefined;
  readonly encoding: ClientEncoding;
  readonly features: readonly Feature[];
  readonly reconnect: ResolvedReconnect | undefined;
  readonly ackTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly maxBufferedBytes: number;
  readonly maxCachedParams: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Maximum delay of a timer on all platforms. */
const MAX_MS = 0x7fff_ffff;

const clientOptions = [
  'name',
  'token',
  'encoding',
  'features',
  'reconnect',
  'ackTimeoutMs',
  'connectTimeoutMs',
  'keepAliveMs',
  'maxBufferedBytes',
  'maxCachedParams',
  'clock',
  'random',
] as const satisfies readonly (keyof ClientOptions)[];
/** Options of links, which `connect` also accepts. */
const linkOptions = ['WebSocket', 'ca', 'servername', 'lookup', 'datagrams', 'quicProvider'] as const;
export const allOptions: readonly string[] = [...clientOptions, ...linkOptions];
const reconnectOptions = [
  'initialDelayMs',
  'factor',
  'maxDelayMs',
  'maxAttempts',
] as const satisfies readonly (keyof ReconnectOptions)[];
const encodings = ['binary', 'cbor', 'json'] as const satisfies readonly ClientEncoding[];

/**
 * @throws ArgumentError about the first option that is unknown or out of range, or a name with too many bytes for a
 * router
 */
export function resolveOptions(options: ClientOptions): ResolvedOptions {
  checkNames('connect', options, allOptions);
  const resolved = {
    name: options.name ?? 'clasp-router/client',
    token: options.token,
    encoding: options.encoding ?? 'binary',
    features: options.features ?? allFeatures.filter((feature) => feature !== 'federation'),
    reconnect: options.reconnect === false ? undefined : resolveReconnect(options.reconnect ?? {}),
    ackTimeoutMs: options.ackTimeoutMs ?? 5_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    keepAliveMs: options.keepAliveMs ?? 10_000,
    maxBufferedBytes: options.maxBufferedBytes ?? 16 * 1_024 * 1_024,
    maxCachedParams: options.maxCachedParams ?? 100_000,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
  const { name, token, features, clock, random } = resolved;
  checkText('name', name);
  const nameBytes = utf8Length(name);
  if (nameBytes > MAX_NAME_BYTES) {
    throw new ArgumentError(`name has ${nameBytes} bytes; the limit is ${MAX_NAME_BYTES}`);
  }
  if (token !== undefined) checkText('token', token);
  checkOneOf('encoding', resolved.encoding, encodings);
  const areFeatures =
    Array.isArray(features) && features.every((feature: unknown) => allFeatures.some((known) => known === feature));
  check(areFeatures, 'features', `be a list of ${allFeatures.join(', ')}`, features);
  check(
    hasMethods(clock, ['now', 'setTimeout', 'clearTimeout']),
    'clock',
    'have the methods now, setTimeout and clearTimeout',
    clock,
  );
  checkFunction('random', random);
  wholeNumber('ackTimeoutMs', resolved.ackTimeoutMs, MAX_MS);
  wholeNumber('connectTimeoutMs', resolved.connectTimeoutMs, MAX_MS);
  wholeNumber('keepAliveMs', resolved.keepAliveMs, MAX_MS);
  wholeNumber('maxBufferedBytes', resolved.maxBufferedBytes, Number.MAX_SAFE_INTEGER);
  wholeNumber('maxCachedParams', resolved.maxCachedParams, Number.MAX_SAFE_INTEGER);
  return resolved;
}

function resolveReconnect(options: ReconnectOptions): ResolvedReconnect {
  checkNames('reconnect', options, reconnectOptions);
  const { initialDelayMs = 250, factor = 2, maxDelayMs = 10_000, maxAttempts = Infinity } = options;
  wholeNumber('reconnect.initialDelayMs', initialDelayMs, MAX_MS);
  wholeNumber('reconnect.maxDelayMs', maxDelayMs, MAX_MS);
  check(typeof factor === 'number' && factor >= 1, 'reconnect.factor', 'be a number from 1', factor);
  check(
    typeof maxAttempts === 'number' && maxAttempts >= 1,
    'reconnect.maxAttempts',
    'be a number from 1',
    maxAttempts,
  );
  return { initialDelayMs, factor, maxDelayMs, maxAttempts };
}

/**
 * Returns the milliseconds before an attempt. They double with each attempt and are distributed over the upper half, so
 * that the tablets of a hall do not all reconnect at the same moment.
 *
 * @param attempt 0 for the first
 */
export function reconnectDelayMs(options: ResolvedReconnect, attempt: number, random: () => number): number {
  const { initialDelayMs, factor, maxDelayMs } = options;
  const full = Math.min(maxDelayMs, initialDelayMs * factor ** attempt);
  return full / 2 + (full / 2) * random();
}
