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
  /** Milliseconds before the first attempt, on average three quarters of this. @default 250 */
  readonly initialDelayMs?: number | undefined;
  /** What each delay is multiplied by for the next. @default 2 */
  readonly factor?: number | undefined;
  /** No delay is longer than this, in milliseconds. @default 10_000 */
  readonly maxDelayMs?: number | undefined;
  /** Attempts in a row before the client gives up. @default Infinity */
  readonly maxAttempts?: number | undefined;
}

export interface ClientOptions {
  /** What the router calls this client; at most 255 bytes of UTF-8. @default 'clasp-router/client' */
  readonly name?: string | undefined;
  /** For a router that asks for one. @default none */
  readonly token?: string | undefined;
  /** @default 'binary' */
  readonly encoding?: ClientEncoding | undefined;
  /** What HELLO says this client can do. @default all but federation */
  readonly features?: readonly Feature[] | undefined;
  /** How to go on when a connection that was open is lost; false: not at all. */
  readonly reconnect?: ReconnectOptions | false | undefined;
  /** Milliseconds a request waits for its answer. @default 5_000 */
  readonly ackTimeoutMs?: number | undefined;
  /** Milliseconds from reaching out until the router has said WELCOME and answered a SYNC. @default 10_000 */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * Milliseconds between two SYNCs, which keep the session, and the guess of the router's clock, alive. A router that has said
   * nothing for three times as long is lost. 0 = none. @default 10_000
   */
  readonly keepAliveMs?: number | undefined;
  /** Bytes that may wait for the network; beyond it writes are refused. @default 16 MiB */
  readonly maxBufferedBytes?: number | undefined;
  /** Params remembered for `cached()`, and by each subscription for telling nothing twice. @default 100_000 */
  readonly maxCachedParams?: number | undefined;
  /** @default the system's */
  readonly clock?: Clock | undefined;
  /** 0 up to but not including 1, for the delays between attempts. @default Math.random */
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

/** The longest a timer of any platform can wait. */
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
/** Those of links, which `connect` takes among the others. */
const linkOptions = ['WebSocket', 'ca', 'servername', 'lookup', 'datagrams', 'quicProvider'] as const;
export const allOptions: readonly string[] = [...clientOptions, ...linkOptions];
const reconnectOptions = [
  'initialDelayMs',
  'factor',
  'maxDelayMs',
  'maxAttempts',
] as const satisfies readonly (keyof ReconnectOptions)[];
const encodings = ['binary', 'cbor', 'json'] as const satisfies readonly ClientEncoding[];

/** @throws ArgumentError about the first option that is unknown or out of its range, as a name with more bytes than a router takes */
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
 * Milliseconds to wait before an attempt: doubling with each, and spread over the upper half, so that the tablets of a hall do
 * not all come back in the same instant.
 *
 * @param attempt 0 for the first
 */
export function reconnectDelayMs(options: ResolvedReconnect, attempt: number, random: () => number): number {
  const { initialDelayMs, factor, maxDelayMs } = options;
  const full = Math.min(maxDelayMs, initialDelayMs * factor ** attempt);
  return full / 2 + (full / 2) * random();
}
