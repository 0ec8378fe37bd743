import type { GesturePhase, SignalType } from '../protocol/enumerations.js';
import type { PublishMessage, Timeline } from '../protocol/messages/message.js';
import { timelineFromValue } from '../protocol/timeline.js';
import type { U64 } from '../protocol/u64.js';
import type { Value } from '../protocol/values/value.js';

/** A param as the router holds it. */
export interface Param {
  readonly address: string;
  readonly value: Value;
  /** Rises with each write, from 1; what `set(..., {revision})` takes. */
  readonly revision: U64;
  /** Session id of the last writer, where the router said. */
  readonly writer?: string | undefined;
  /** Microseconds of the router's clock: when it was written, where the router said. */
  readonly timestamp?: U64 | undefined;
}

/** A param has a value. */
export interface ParamSignal extends Param {
  readonly kind: 'param';
  /** Whether the writer has locked it with this write, or given up its lock. */
  readonly lock?: true | undefined;
  readonly unlock?: true | undefined;
  /** Whether this is what the router held already, and not a write of this moment. */
  readonly fromSnapshot: boolean;
}

/** Something has happened. */
export interface EventSignal {
  readonly kind: 'event';
  readonly address: string;
  /** Absent where the sender gave none, which differs from null. */
  readonly value?: Value | undefined;
  /** Microseconds, as the sender wrote it. */
  readonly timestamp?: U64 | undefined;
}

/** A piece of a continuous signal: one value, or a run of samples. */
export interface StreamSignal {
  readonly kind: 'stream';
  readonly address: string;
  readonly value?: Value | undefined;
  readonly samples?: readonly number[] | undefined;
  /** Samples a second. */
  readonly rate?: number | undefined;
  readonly timestamp?: U64 | undefined;
}

/** A step of an input with a beginning and an end. Its last one has the phase `end` or `cancel`. */
export interface GestureSignal {
  readonly kind: 'gesture';
  readonly address: string;
  /** Tells simultaneous gestures on one address apart. */
  readonly id: number;
  readonly phase: GesturePhase;
  readonly value?: Value | undefined;
  readonly timestamp?: U64 | undefined;
}

/** An automation. */
export interface TimelineSignal {
  readonly kind: 'timeline';
  readonly address: string;
  /** For `timelinePlayer` of `clasp-router/protocol`; absent where what came is none. */
  readonly timeline?: Timeline | undefined;
  /** What came instead. */
  readonly value?: Value | undefined;
  readonly timestamp?: U64 | undefined;
}

/** What a subscription delivers; with type arguments only signals of those kinds. */
export type Signal<T extends SignalType = SignalType> = Extract<
  ParamSignal | EventSignal | StreamSignal | GestureSignal | TimelineSignal,
  { readonly kind: T }
>;

/** What a PUBLISH says. */
export function signalOf(message: PublishMessage): Signal {
  const { address, timestamp } = message;
  const value = message.value?.decode();
  switch (message.signal) {
    case 'param': // passed on without being kept, so nobody has counted it
      return { kind: 'param', address, value: value ?? null, revision: 0, timestamp, fromSnapshot: false };
    case undefined: // a MessagePack sender of old; the binary form calls it an event too
    case 'event':
      return { kind: 'event', address, value, timestamp };
    case 'stream':
      return { kind: 'stream', address, value, samples: message.samples, rate: message.rate, timestamp };
    case 'gesture':
      return { kind: 'gesture', address, id: message.id ?? 0, phase: message.phase ?? 'start', value, timestamp };
    case 'timeline': {
      const timeline = message.timeline ?? (value === undefined ? undefined : timelineFromValue(value));
      return timeline === undefined
        ? { kind: 'timeline', address, value, timestamp }
        : { kind: 'timeline', address, timeline: keep(timeline), timestamp };
    }
  }
}

/** Its values are views into a frame that is gone when the listener plays it. */
function keep(timeline: Timeline): Timeline {
  return { ...timeline, keyframes: timeline.keyframes.map((frame) => ({ ...frame, value: frame.value.copy() })) };
}
