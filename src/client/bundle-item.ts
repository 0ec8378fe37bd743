import type { GesturePhase } from '../protocol/enumerations.js';
import type { Keyframe, SignalDefinition, SignalMeta, Timeline } from '../protocol/messages/message.js';
import type { U64 } from '../protocol/u64.js';
import type { EncodedValue } from '../protocol/values/encoded-value.js';
import type { PlainValue } from './plain-value.js';

/** How a param is written, beside its value. */
export interface WriteOptions {
  /** The revision it has now, as far as known; if it has another, the write is refused (ERROR 400). */
  readonly revision?: U64 | undefined;
  /** Keeps others from writing it until it is unlocked, or this client has gone. */
  readonly lock?: boolean | undefined;
  /** Gives the lock up, with this write. */
  readonly unlock?: boolean | undefined;
  /** Seconds until it expires, counted from its last use; 0 = never. @default the router's */
  readonly ttlSeconds?: number | undefined;
  /** With `ttlSeconds`: counted from the write. */
  readonly absolute?: boolean | undefined;
}

export interface PublishOptions {
  /** Microseconds; passed on as it is. */
  readonly timestamp?: U64 | undefined;
}

export interface StreamOptions extends PublishOptions {
  /** Samples a second. */
  readonly rate?: number | undefined;
}

/** A value, or a run of samples: only typed arrays are samples, an array of numbers is a value like any other. */
export type StreamContent = PlainValue | Float32Array | Float64Array;

/** A timeline with its keyframes' values in plain form, or encoded as they came. */
export interface TimelineInput extends Omit<Timeline, 'keyframes'> {
  readonly keyframes: readonly KeyframeInput[];
}

export interface KeyframeInput extends Omit<Keyframe, 'value'> {
  readonly value: PlainValue | EncodedValue;
}

/** A signal's definition with its default in plain form, or encoded as it came. */
export interface DefinitionInput extends Omit<SignalDefinition, 'meta'> {
  readonly meta?:
    (Omit<SignalMeta, 'default'> & { readonly default?: PlainValue | EncodedValue | undefined }) | undefined;
}

/** One part of a bundle, in the manner of the signals that come in. */
export type BundleItem =
  | ({ readonly kind: 'param'; readonly address: string; readonly value: PlainValue } & WriteOptions)
  | ({ readonly kind: 'event'; readonly address: string; readonly value?: PlainValue | undefined } & PublishOptions)
  | ({ readonly kind: 'stream'; readonly address: string; readonly value: StreamContent } & StreamOptions)
  | ({
      readonly kind: 'gesture';
      readonly address: string;
      readonly id: number;
      readonly phase: GesturePhase;
      readonly value?: PlainValue | undefined;
    } & PublishOptions)
  | ({ readonly kind: 'timeline'; readonly address: string; readonly timeline: TimelineInput } & PublishOptions);
