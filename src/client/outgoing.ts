import { parseAddress } from '../protocol/address.js';
import type { GesturePhase } from '../protocol/enumerations.js';
import type {
  Keyframe,
  PublishMessage,
  SetMessage,
  SignalDefinition,
  SignalMeta,
  Timeline,
} from '../protocol/messages/message.js';
import { valueFromTimeline } from '../protocol/timeline.js';
import type { U64 } from '../protocol/u64.js';
import type { EncodedValue } from '../protocol/values/encoded-value.js';
import { encoded, encodePlain, type PlainValue } from './plain-value.js';
import { checkDefinition, checkItem } from './item-check.js';

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

/**
 * What is sent for it.
 *
 * @throws ClaspError 200 for an address that is none, EncodeError for a value that is none, ArgumentError for any other field
 */
export function messageOf(item: BundleItem): SetMessage | PublishMessage {
  checkItem(item);
  const address = parseAddress(item.address);
  switch (item.kind) {
    case 'param': {
      const { revision, lock, unlock, ttlSeconds, absolute } = item;
      return {
        type: 'set',
        address,
        value: encodePlain(item.value),
        revision,
        lock: lock === true ? true : undefined,
        unlock: unlock === true ? true : undefined,
        ttl: ttlSeconds,
        absolute: absolute === true && ttlSeconds !== undefined ? true : undefined,
      };
    }
    case 'event': {
      const value = item.value === undefined ? undefined : encodePlain(item.value);
      return { type: 'publish', signal: 'event', address, value, timestamp: item.timestamp };
    }
    case 'stream': {
      const { value, rate, timestamp } = item;
      const content = isSamples(value) ? { samples: [...value] } : { value: encodePlain(value) };
      return { type: 'publish', signal: 'stream', address, ...content, rate, timestamp };
    }
    case 'gesture': {
      const value = item.value === undefined ? undefined : encodePlain(item.value);
      const { id, phase, timestamp } = item;
      return { type: 'publish', signal: 'gesture', address, id, phase, value, timestamp };
    }
    case 'timeline': {
      const value = encodePlain(valueFromTimeline(timelineOf(item.timeline)));
      return { type: 'publish', signal: 'timeline', address, value, timestamp: item.timestamp };
    }
  }
}

/** What is announced of a signal. @throws EncodeError for a default that is not a value, ArgumentError for any other field */
export function definitionOf(input: DefinitionInput): SignalDefinition {
  checkDefinition(input);
  const { meta, ...definition } = input;
  if (meta === undefined) return definition;
  const { default: initial, ...others } = meta;
  return { ...definition, meta: initial === undefined ? others : { ...others, default: encoded(initial) } };
}

function timelineOf({ keyframes, ...timeline }: TimelineInput): Timeline {
  return { ...timeline, keyframes: keyframes.map((frame) => ({ ...frame, value: encoded(frame.value) })) };
}

function isSamples(content: StreamContent): content is Float32Array | Float64Array {
  return content instanceof Float32Array || content instanceof Float64Array;
}
