import type { GesturePhase } from '../protocol/enumerations.js';
import type { Keyframe, SignalDefinition, SignalMeta, Timeline } from '../protocol/messages/message.js';
import type { U64 } from '../protocol/u64.js';
import type { EncodedValue } from '../protocol/values/encoded-value.js';
import type { PlainValue } from './plain-value.js';

/** Options of a write, beside its value. */
export interface WriteOptions {
  /** The expected current revision. If the param has another one, the router rejects the write (ERROR 400). */
  readonly revision?: U64 | undefined;
  /** Locks the param: other sessions cannot write it until it is unlocked or this client disconnects. */
  readonly lock?: boolean | undefined;
  /** Unlocks the param with this write. */
  readonly unlock?: boolean | undefined;
  /** Seconds from the last use until the param expires; 0 = never. @default the router's */
  readonly ttlSeconds?: number | undefined;
  /** With `ttlSeconds`: the time counts from the write. */
  readonly absolute?: boolean | undefined;
}

export interface PublishOptions {
  /** Microseconds; forwarded unchanged. */
  readonly timestamp?: U64 | undefined;
}

export interface StreamOptions extends PublishOptions {
  /** Samples per second. */
  readonly rate?: number | undefined;
}

/** A value, or a run of samples. Only typed arrays are samples: an array of numbers is a value. */
export type StreamContent = PlainValue | Float32Array | Float64Array;

/** A timeline whose keyframe values are plain or already encoded. */
export interface TimelineInput extends Omit<Timeline, 'keyframes'> {
  readonly keyframes: readonly KeyframeInput[];
}

export interface KeyframeInput extends Omit<Keyframe, 'value'> {
  readonly value: PlainValue | EncodedValue;
}

/** A signal definition whose default value is plain or already encoded. */
export interface DefinitionInput extends Omit<SignalDefinition, 'meta'> {
  readonly meta?:
    (Omit<SignalMeta, 'default'> & { readonly default?: PlainValue | EncodedValue | undefined }) | undefined;
}

/** One item of a bundle, in the form of received signals. */
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
