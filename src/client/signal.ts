import type { GesturePhase, SignalType } from '../protocol/enumerations.js';
import type { PublishMessage, Timeline } from '../protocol/messages/message.js';
import { timelineFromValue } from '../protocol/timeline.js';
import type { U64 } from '../protocol/u64.js';
import type { Value } from '../protocol/values/value.js';

/** A param in the state of the router. */
export interface Param {
  readonly address: string;
  readonly value: Value;
  /** Increases with each write, from 1. Accepted by `set(..., {revision})`. */
  readonly revision: U64;
  /** Session id of the last writer, if the router sent it. */
  readonly writer?: string | undefined;
  /** Time of the write in microseconds of the router's clock, if the router sent it. */
  readonly timestamp?: U64 | undefined;
}

/** A value of a param. */
export interface ParamSignal extends Param {
  readonly kind: 'param';
  /** Whether the writer locked or unlocked it with this write. */
  readonly lock?: true | undefined;
  readonly unlock?: true | undefined;
  /** Whether the router had already stored this value. False for a write that just happened. */
  readonly fromSnapshot: boolean;
}

/** An event. */
export interface EventSignal {
  readonly kind: 'event';
  readonly address: string;
  /** Absent if the sender gave none, which differs from null. */
  readonly value?: Value | undefined;
  /** Microseconds, as sent. */
  readonly timestamp?: U64 | undefined;
}

/** A part of a continuous signal: one value, or a run of samples. */
export interface StreamSignal {
  readonly kind: 'stream';
  readonly address: string;
  readonly value?: Value | undefined;
  readonly samples?: readonly number[] | undefined;
  /** Samples per second. */
  readonly rate?: number | undefined;
  readonly timestamp?: U64 | undefined;
}

/** One step of an input with a start and an end. The last step has the phase `end` or `cancel`. */
export interface GestureSignal {
  readonly kind: 'gesture';
  readonly address: string;
  /** Distinguishes simultaneous gestures on one address. */
  readonly id: number;
  readonly phase: GesturePhase;
  readonly value?: Value | undefined;
  readonly timestamp?: U64 | undefined;
}

/** An automation. */
export interface TimelineSignal {
  readonly kind: 'timeline';
  readonly address: string;
  /** For `timelinePlayer` of `clasp-router/protocol`. Absent if the content is not a timeline. */
  readonly timeline?: Timeline | undefined;
  /** The content if it is not a timeline. */
  readonly value?: Value | undefined;
  readonly timestamp?: U64 | undefined;
}

/** A signal that a subscription delivers. With type arguments, only signals of those types. */
export type Signal<T extends SignalType = SignalType> = Extract<
  ParamSignal | EventSignal | StreamSignal | GestureSignal | TimelineSignal,
  { readonly kind: T }
>;

/** Returns the signal of a PUBLISH. */
export function signalOf(message: PublishMessage): Signal {
  const { address, timestamp } = message;
  const value = message.value?.decode();
  switch (message.signal) {
    case 'param': // forwarded without being stored, so it has no revision
      return { kind: 'param', address, value: value ?? null, revision: 0, timestamp, fromSnapshot: false };
    case undefined: // from a legacy MessagePack sender; the binary form treats it as an event too
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

/** Copies the values, because they are views into a frame that is invalid when the listener plays it. */
function keep(timeline: Timeline): Timeline {
  return { ...timeline, keyframes: timeline.keyframes.map((frame) => ({ ...frame, value: frame.value.copy() })) };
}
