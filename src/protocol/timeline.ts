import { ease } from './easing.js';
import { EncodeError } from './errors.js';
import type { Keyframe, Timeline } from './messages/message.js';
import { type U64, u64FromBigInt } from './u64.js';
import { type EncodedValue, encodeValue } from './values/encoded-value.js';
import { INT_MAX, INT_MIN, type Value } from './values/value.js';

export { ease };

/**
 * Returns the value of a timeline at one moment. For repeated use, keep a {@link timelinePlayer}, which sorts and
 * decodes only once.
 *
 * @param elapsedMicros see {@link timelinePlayer}
 */
export function timelineValueAt(timeline: Timeline, elapsedMicros: number): Value {
  return timelinePlayer(timeline)(elapsedMicros);
}

/**
 * Prepares a timeline for playback. Its keyframes can be in any order. The returned function accepts the microseconds
 * since the start, any finite number. The caller subtracts `startTime`. The function returns:
 *
 * - without keyframes: null;
 * - before the first keyframe: the value of that keyframe;
 * - between two keyframes: a value by the easing of the earlier one. Floats and Ints interpolate. Ints truncate towards
 *   zero and stay within 64 bits. Arrays of equal length interpolate element by element. All other values change at half
 *   of the time, regardless of the easing. If keyframes have the same time, the last one listed applies from then on;
 * - from the end ({@link timelineDurationMicros}): the value of the last keyframe, or the start again if it loops.
 *
 * Times beyond 2^53 microseconds (285 years) are rounded.
 */
export function timelinePlayer(timeline: Timeline): (elapsedMicros: number) => Value {
  const keyframes = timeline.keyframes.toSorted(byTime).map(prepared);
  const first = keyframes[0];
  const last = keyframes.at(-1);
  if (first === undefined || last === undefined) return () => null;
  const duration = timelineDurationMicros(timeline);
  const loops = timeline.loop === true && duration > 0;
  return (elapsedMicros) => {
    if (!loops && elapsedMicros >= duration) return last.value;
    const position = loops ? elapsedMicros % duration : elapsedMicros;
    const begun = countBegun(keyframes, position);
    const from = keyframes[begun - 1];
    const to = keyframes[begun];
    if (from === undefined) return first.value;
    if (to === undefined) return from.value;
    const progress = (position - from.time) / (to.time - from.time);
    return between(from.value, to.value, progress, ease(from.easing, progress, from.bezier));
  };
}

/**
 * Returns the microseconds of one pass: the explicit duration, or else the time of the last keyframe, or 0 without
 * keyframes.
 */
export function timelineDurationMicros(timeline: Timeline): number {
  const { duration, keyframes } = timeline;
  return Number(duration ?? keyframes.reduce<U64>((latest, { time }) => (time > latest ? time : latest), 0));
}

interface PreparedKeyframe {
  readonly time: number;
  readonly value: Value;
  readonly easing: string;
  readonly bezier: readonly number[] | undefined;
}

function prepared({ time, value, easing = 'linear', bezier }: Keyframe): PreparedKeyframe {
  return { time: Number(time), value: value.decode(), easing, bezier };
}

/** Compares without rounding: a number and a bigint compare exactly. */
function byTime(a: Keyframe, b: Keyframe): number {
  if (a.time < b.time) return -1;
  return a.time > b.time ? 1 : 0;
}

/** Returns how many of the sorted keyframes are at or before the position. */
function countBegun(keyframes: readonly PreparedKeyframe[], position: number): number {
  let low = 0;
  let high = keyframes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keyframes[middle]!.time <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The value's own depth, which the codecs bound, bounds this recursion. */
function between(from: Value, to: Value, progress: number, eased: number): Value {
  if (typeof from === 'number' && typeof to === 'number') return floatBetween(from, to, eased);
  if (typeof from === 'bigint' && typeof to === 'bigint') return intBetween(from, to, eased);
  if (isArray(from) && isArray(to) && from.length === to.length)
    return from.map((item, i) => between(item, to[i]!, progress, eased));
  return progress < 0.5 ? from : to;
}

function floatBetween(from: number, to: number, eased: number): number {
  if (eased === 0) return from;
  if (eased === 1) return to; // from + (to - from) can differ from `to` by rounding
  const span = to - from;
  return Number.isFinite(span) ? from + span * eased : from * (1 - eased) + to * eased;
}

/** Only the distance is a double, so that Ints beyond 2^53 keep their low bits. */
function intBetween(from: bigint, to: bigint, eased: number): bigint {
  if (eased === 0) return from;
  if (eased === 1) return to;
  const way = Number(to - from) * eased;
  if (!Number.isFinite(way)) return way > 0 ? INT_MAX : INT_MIN;
  const floor = from + BigInt(Math.floor(way));
  const truncated = floor < 0n && !Number.isInteger(way) ? floor + 1n : floor;
  if (truncated > INT_MAX) return INT_MAX; // a curve can overshoot
  return truncated < INT_MIN ? INT_MIN : truncated;
}

/**
 * Maximum keyframes that {@link timelineFromValue} accepts. It bounds the memory that a peer can cause. The largest
 * binary frame fits 3,449 keyframes of 19 bytes.
 */
const MAX_KEYFRAMES = 4_096;

/**
 * Returns a timeline as a value, for the value field of a PUBLISH. The compact binary form has no other field for
 * keyframes (wire.md 12.3).
 *
 *   map: keyframes array · [loop bool] · [startTime time] · [duration time]
 *   keyframe, a map: time · value any · [easing string] · [bezier array of x1, y1, x2, y2]
 *   time: microseconds, a Float as in the official JavaScript clients, an Int beyond 2^53
 *
 * The encoding adds three levels of nesting to the keyframes' values. It rejects times above 2^63-1.
 */
export function valueFromTimeline(timeline: Timeline): Value {
  const { keyframes, loop, startTime, duration } = timeline;
  return mapOf({ keyframes: keyframes.map(valueFromKeyframe), loop, startTime, duration });
}

function valueFromKeyframe({ time, value, easing, bezier }: Keyframe): Value {
  return mapOf({ time, value: value.decode(), easing, bezier });
}

function mapOf(fields: Readonly<Record<string, Value | undefined>>): ReadonlyMap<string, Value> {
  return new Map(Object.entries(fields).filter((entry): entry is [string, Value] => entry[1] !== undefined));
}

/**
 * Reads the output of {@link valueFromTimeline}. Times and control numbers can be Ints or Floats. Optional fields can be
 * null. Unknown fields are ignored.
 *
 * @returns undefined for any other value, and for more than 4,096 keyframes
 */
export function timelineFromValue(value: Value): Timeline | undefined {
  if (!isMap(value)) return undefined;
  const keyframes = keyframesFrom(value.get('keyframes'));
  const loop = optional(value.get('loop'), asBoolean);
  const startTime = optional(value.get('startTime'), asTime);
  const duration = optional(value.get('duration'), asTime);
  if (keyframes === undefined || loop === noMatch || startTime === noMatch || duration === noMatch) return undefined;
  return { keyframes, loop, startTime, duration };
}

function keyframesFrom(value: Value | undefined): readonly Keyframe[] | undefined {
  if (!isArray(value) || value.length > MAX_KEYFRAMES) return undefined;
  const keyframes: Keyframe[] = [];
  for (const item of value) {
    const keyframe = keyframeFrom(item);
    if (keyframe === undefined) return undefined;
    keyframes.push(keyframe);
  }
  return keyframes;
}

function keyframeFrom(fields: Value): Keyframe | undefined {
  if (!isMap(fields)) return undefined;
  const time = asTime(fields.get('time'));
  const value = encoded(fields.get('value'));
  const easing = optional(fields.get('easing'), asText);
  const bezier = optional(fields.get('bezier'), asBezier);
  if (time === undefined || value === undefined || easing === noMatch || bezier === noMatch) return undefined;
  return { time, value, easing, bezier };
}

const noMatch = Symbol('noMatch');

function optional<T>(value: Value | undefined, as: (value: Value) => T | undefined): T | undefined | typeof noMatch {
  return value === undefined || value === null ? undefined : (as(value) ?? noMatch);
}

function asBoolean(value: Value): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

function asText(value: Value): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function asTime(value: Value | undefined): U64 | undefined {
  if (typeof value === 'bigint') return u64FromBigInt(value);
  return typeof value === 'number' && Number.isInteger(value) ? u64FromBigInt(BigInt(value)) : undefined;
}

function asBezier(value: Value): readonly number[] | undefined {
  if (!isArray(value) || value.length !== 4) return undefined;
  const numbers = value.filter((item) => typeof item === 'number' || typeof item === 'bigint').map(Number);
  return numbers.length === 4 ? numbers : undefined;
}

/** A program's value, unlike a decoded one, can be impossible to encode. */
function encoded(value: Value | undefined): EncodedValue | undefined {
  if (value === undefined) return undefined;
  try {
    return encodeValue(value);
  } catch (error) {
    if (error instanceof EncodeError) return undefined;
    throw error;
  }
}

function isArray(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

function isMap(value: Value): value is ReadonlyMap<string, Value> {
  return value instanceof Map;
}
