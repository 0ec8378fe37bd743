import type { Qos, SignalType } from '../protocol/enumerations.js';
import type { U64 } from '../protocol/u64.js';
import type { PublishOptions, StreamOptions, WriteOptions } from './bundle-item.js';
import { type OnOptions, onOptions } from './subscription.js';

export interface SetOptions extends WriteOptions {
  /** 0 requests no answer: the promise resolves with undefined when the write is sent. @default 1 */
  readonly qos?: Qos | undefined;
}

/** Result of a write. */
export interface SetResult {
  readonly revision: U64;
  /** Whether the param is now locked. Present only if the write locked or unlocked it. */
  readonly locked?: boolean | undefined;
  /** Session id of the lock holder, if that is this client. */
  readonly holder?: string | undefined;
}

export interface BundleOptions {
  /**
   * Time at which the bundle takes effect, in microseconds of the router's clock, see `serverTime` of the client.
   * @default immediately
   */
  readonly at?: number | undefined;
}

export interface SignalsOptions<T extends SignalType = SignalType> extends OnOptions<T> {
  /**
   * Maximum signals that wait while the loop is busy. `SignalIterator` documents which ones are dropped. @default
   * 1_000
   */
  readonly bufferSize?: number | undefined;
  /** Maximum estimated memory of the waiting signals in bytes. @default 16_777_216 (16 MiB) */
  readonly bufferBytes?: number | undefined;
}

export const setOptions = [
  'revision',
  'lock',
  'unlock',
  'ttlSeconds',
  'absolute',
  'qos',
] as const satisfies readonly (keyof SetOptions)[];
export const publishOptions = ['timestamp'] as const satisfies readonly (keyof PublishOptions)[];
export const streamOptions = ['timestamp', 'rate'] as const satisfies readonly (keyof StreamOptions)[];
export const bundleOptions = ['at'] as const satisfies readonly (keyof BundleOptions)[];
export const signalsOptions = [
  ...onOptions,
  'bufferSize',
  'bufferBytes',
] as const satisfies readonly (keyof SignalsOptions)[];

/** Ends a subscription. */
export interface Unsubscribe {
  (): void;
  /**
   * Resolves when the router has accepted the subscription and its listener has received the existing params. If there
   * are very many, some of them arrive later. Rejects if the router rejects the subscription. `onError` reports that
   * too, so the promise can be ignored.
   */
  readonly ready: Promise<void>;
}
