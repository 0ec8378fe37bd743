import { boolean, type Field, float, listOf, noMatch, optional, text, u64, value } from '../encodings/fields.js';
import { structure } from '../encodings/structure.js';
import type { Keyframe, Timeline } from './message.js';

const floats = listOf(float);

const bezier: Field<readonly number[]> = {
  expected: 'a list of four numbers',
  read: (node, reading) => {
    const numbers = floats.read(node, reading);
    return numbers !== noMatch && numbers.length === 4 ? numbers : noMatch;
  },
  write: floats.write,
};

const keyframe = structure<Keyframe>('keyframe', {
  time: u64,
  value,
  easing: optional(text),
  bezier: optional(bezier),
});

/** The timeline of a PUBLISH, which compact binary cannot carry. */
export const timeline = structure<Timeline>('timeline', {
  keyframes: listOf(keyframe),
  loop: optional(boolean),
  startTime: optional(u64),
  duration: optional(u64),
});

/** Returns a timeline with keyframes that own the bytes of their values. */
export function detachedTimeline(timeline: Timeline): Timeline {
  return {
    ...timeline,
    keyframes: timeline.keyframes.map((keyframe) => ({ ...keyframe, value: keyframe.value.copy() })),
  };
}
