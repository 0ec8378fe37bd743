import type { Timeline } from '../../src/protocol/messages/message.js';
import type { U64 } from '../../src/protocol/u64.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { type Value } from '../../src/protocol/values/value.js';

export type Spot = readonly [time: U64, value: Value, easing?: string | undefined, bezier?: readonly number[]];

export function timelineOf(spots: readonly Spot[], rest: Omit<Timeline, 'keyframes'> = {}): Timeline {
  const keyframes = spots.map(([time, value, easing, bezier]) => ({ time, value: encodeValue(value), easing, bezier }));
  return { keyframes, ...rest };
}
