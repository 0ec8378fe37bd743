import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Keyframe, Timeline } from '../../src/protocol/messages/message.js';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import {
  ease,
  timelineDurationMicros,
  timelineFromValue,
  timelinePlayer,
  timelineValueAt,
  valueFromTimeline,
} from '../../src/protocol/timeline.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { INT_MAX, type Value } from '../../src/protocol/values/value.js';
import { arbitraryFloat, arbitraryInt, arbitraryText, arbitraryU64, arbitraryValue } from '../support/arbitraries.js';
import { comparable } from '../support/comparable.js';

const easings = ['linear', 'ease-in', 'ease-out', 'ease-in-out', 'step', 'cubic-bezier'];
const part = fc.double({ min: 0, max: 1, noNaN: true });
/** Control points of curves that do not overshoot or turn back. */
const tameBezier = fc.tuple(part, part, part, part);

const arbitraryKeyframe: fc.Arbitrary<Keyframe> = fc.record(
  {
    time: arbitraryU64,
    value: arbitraryValue().map(encodeValue),
    easing: fc.oneof(fc.constantFrom(...easings), arbitraryText),
    bezier: fc.oneof(tameBezier, fc.tuple(arbitraryFloat, arbitraryFloat, arbitraryFloat, arbitraryFloat)),
  },
  { requiredKeys: ['time', 'value'] },
);

const arbitraryTimeline: fc.Arbitrary<Timeline> = fc.record(
  {
    keyframes: fc.array(arbitraryKeyframe, { maxLength: 6 }),
    loop: fc.boolean(),
    startTime: arbitraryU64,
    duration: arbitraryU64,
  },
  { requiredKeys: ['keyframes'] },
);

describe('ease', () => {
  it.each(easings)('%s stays within 0 and 1, and increases', (name) => {
    fc.assert(
      fc.property(part, part, tameBezier, (a, b, bezier) => {
        const [early, late] = [Math.min(a, b), Math.max(a, b)].map((t) => ease(name, t, bezier));
        const rounding = name === 'cubic-bezier' ? 1e-9 : 0;
        expect(early).toBeGreaterThanOrEqual(-rounding);
        expect(late).toBeLessThanOrEqual(1 + rounding);
        // On a steep curve, the last digits of t affect far more than the last digits of the result.
        if (name !== 'cubic-bezier') expect(late).toBeGreaterThanOrEqual(early!);
      }),
      { numRuns: 1_000 },
    );
  });

  it('returns a finite number for any input, and exact values at the ends', () => {
    const anyName = fc.oneof(fc.constantFrom(...easings), arbitraryText);
    fc.assert(
      fc.property(anyName, arbitraryFloat, fc.array(arbitraryFloat, { maxLength: 5 }), (name, t, bezier) => {
        expect(ease(name, t, bezier)).not.toBeNaN();
        expect(Math.abs(ease(name, t, bezier))).toBeLessThan(Infinity);
        expect([ease(name, 0, bezier), ease(name, 1, bezier)]).toEqual([0, 1]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('finds the point of a curve', () => {
    fc.assert(
      fc.property(tameBezier, part, ([x1, y1, x2, y2], s) => {
        const t = bernstein(x1, x2, s);
        // A curve can be vertical: then a tiny step in time is a large step in value.
        const [below, above] = [t - 1e-9, t + 1e-9].map((near) => ease('cubic-bezier', near, [x1, y1, x2, y2]));
        expect(bernstein(y1, y2, s)).toBeGreaterThan(below! - 1e-6);
        expect(bernstein(y1, y2, s)).toBeLessThan(above! + 1e-6);
      }),
      { numRuns: 1_000 },
    );
  });
});

/** The textbook form of a Bézier coordinate from 0 to 1. */
function bernstein(a: number, b: number, s: number): number {
  return 3 * (1 - s) ** 2 * s * a + 3 * (1 - s) * s ** 2 * b + s ** 3;
}

describe('timelineValueAt', () => {
  const arbitraryKeyframes = fc.uniqueArray(
    fc.record({ ...keyframeFields(), time: fc.integer({ min: 0, max: 1_000 }) }),
    { minLength: 1, maxLength: 8, selector: ({ time }) => time },
  );

  it('passes exactly through every keyframe, in any order of keyframes', () => {
    fc.assert(
      fc.property(arbitraryKeyframes, (keyframes) => {
        const play = timelinePlayer({ keyframes });
        for (const { time, value } of keyframes) expect(comparable(play(time))).toEqual(comparable(value.decode()));
      }),
    );
  });

  it('repeats in a loop', () => {
    fc.assert(
      fc.property(arbitraryKeyframes, fc.nat(1_000), fc.nat(1_000_000), (keyframes, position, rounds) => {
        const timeline = { keyframes, loop: true, duration: 1_001 };
        const again = timelineValueAt(timeline, position + rounds * timelineDurationMicros(timeline));
        expect(comparable(again)).toEqual(comparable(timelineValueAt({ keyframes, duration: 1_001 }, position)));
      }),
    );
  });

  it('keeps Ints between their neighbors, and increasing if they increase', () => {
    const tame = fc.constantFrom(...easings.slice(0, -1));
    fc.assert(
      fc.property(arbitraryInt, arbitraryInt, tame, fc.nat(1_000), fc.nat(1_000), (a, b, easing, t1, t2) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const play = timelinePlayer({
          keyframes: [
            { time: 0, value: encodeValue(low), easing },
            { time: 1_000, value: encodeValue(high) },
          ],
        });
        const values = [low, ...[Math.min(t1, t2), Math.max(t1, t2)].map(play), high].map(asInt);
        for (let i = 1; i < values.length; i++) expect(values[i - 1]! <= values[i]!).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('returns a value that can be encoded, at any moment of any timeline', () => {
    fc.assert(
      fc.property(arbitraryTimeline, arbitraryFloat, (timeline, elapsed) => {
        expect(() => encodeValue(timelineValueAt(timeline, elapsed))).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });
});

function asInt(value: Value): bigint {
  if (typeof value !== 'bigint') throw new Error(`no Int, but ${typeof value}`);
  return value;
}

function keyframeFields(): { value: fc.Arbitrary<Keyframe['value']>; easing: fc.Arbitrary<string> } {
  return { value: arbitraryValue({ maxDepth: 2 }).map(encodeValue), easing: fc.constantFrom(...easings) };
}

describe('a timeline in the value field', () => {
  it('round-trips', () => {
    fc.assert(
      fc.property(arbitraryTimeline, (timeline) => {
        expect(comparable(timelineFromValue(valueFromTimeline(timeline)))).toEqual(comparable(timeline));
      }),
      { numRuns: 500 },
    );
  });

  it('round-trips through a binary frame, with times as Ints at most', () => {
    const sendable = arbitraryTimeline.filter(({ keyframes, startTime = 0, duration = 0 }) =>
      [startTime, duration, ...keyframes.map(({ time }) => time)].every((time) => time <= INT_MAX),
    );
    fc.assert(
      fc.property(sendable, (timeline) => {
        const value = encodeValue(valueFromTimeline(timeline));
        const { message } = decodeFrame(encodeFrame({ type: 'publish', address: '/a', signal: 'timeline', value }));
        if (message.type !== 'publish' || message.value === undefined) throw new Error('the value is lost');
        expect(comparable(timelineFromValue(message.value.decode()))).toEqual(comparable(timeline));
      }),
      { numRuns: 200 },
    );
  });

  it('is a playable timeline or undefined, for any content of one field', () => {
    const inTimeline = fc.constantFrom('keyframes', 'loop', 'startTime', 'duration');
    const inKeyframe = fc.constantFrom('time', 'value', 'easing', 'bezier');
    let read = 0;
    let refused = 0;
    fc.assert(
      fc.property(arbitraryValue(), inTimeline, inKeyframe, fc.boolean(), (wrong, outer, inner, within) => {
        const keyframe = new Map<string, Value>([
          ['time', 1],
          ['value', 2],
          ...(within ? [[inner, wrong] as const] : []),
        ]);
        const carrier = new Map<string, Value>([
          ['keyframes', [keyframe]],
          ...(within ? [] : [[outer, wrong] as const]),
        ]);
        const timeline = timelineFromValue(carrier);
        if (timeline === undefined) refused++;
        else read++;
        if (timeline !== undefined) expect(() => timelineValueAt(timeline, 0)).not.toThrow();
      }),
      { numRuns: 1_000 },
    );
    expect(Math.min(read, refused)).toBeGreaterThan(50); // otherwise the property would prove nothing
  });

  it('is never a random value', () => {
    fc.assert(fc.property(arbitraryValue(), (value) => expect(timelineFromValue(value)).toBeUndefined()));
  });
});
