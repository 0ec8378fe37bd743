import { describe, expect, it } from '@jest/globals';
import type { Timeline } from '../../src/protocol/messages/message.js';
import { ease, timelineDurationMicros, timelinePlayer, timelineValueAt } from '../../src/protocol/timeline.js';
import { INT_MAX, INT_MIN, type Value } from '../../src/protocol/values/value.js';
import { comparable } from '../support/comparable.js';
import { type Spot, timelineOf } from './timelines.js';

describe('ease', () => {
  it.each([
    ['linear', [0, 0.25, 0.5, 0.75, 1]],
    ['ease-in', [0, 0.0625, 0.25, 0.5625, 1]],
    ['ease-out', [0, 0.4375, 0.75, 0.9375, 1]],
    ['ease-in-out', [0, 0.125, 0.5, 0.875, 1]],
    ['step', [0, 0, 0, 0, 1]],
    ['cubic-bezier', [0, 0.25, 0.5, 0.75, 1]], // without control numbers
    ['bounce', [0, 0.25, 0.5, 0.75, 1]],
    ['toString', [0, 0.25, 0.5, 0.75, 1]],
  ])('%s', (name, expected) => {
    expect([0, 0.25, 0.5, 0.75, 1].map((t) => ease(name, t))).toEqual(expected);
  });

  it.each([
    ['ease', [0.25, 0.1, 0.25, 1], [0.40851, 0.8024, 0.96046]],
    ['ease-in', [0.42, 0, 1, 1], [0.09346, 0.31536, 0.62186]],
    ['ease-out', [0, 0, 0.58, 1], [0.37814, 0.68464, 0.90654]],
    ['ease-in-out', [0.42, 0, 0.58, 1], [0.12916, 0.5, 0.87084]],
    ['linear', [0, 0, 1, 1], [0.25, 0.5, 0.75]],
  ])('cubic-bezier equals %s of CSS', (_, bezier, expected) => {
    [0.25, 0.5, 0.75].forEach((t, i) => {
      expect(ease('cubic-bezier', t, bezier)).toBeCloseTo(expected[i]!, 4);
    });
    expect([0, 1].map((t) => ease('cubic-bezier', t, bezier))).toEqual([0, 1]);
  });

  it("follows a curve with zero slope at its middle, where Newton's method fails", () => {
    const s = 0.5 - 0.0025 ** (1 / 3); // x = 0.5 + 4(s - 0.5)³ is 0.49 there
    expect(ease('cubic-bezier', 0.49, [1, 0, 0, 1])).toBeCloseTo(s * s * (3 - 2 * s), 9);
  });

  it('allows a curve to overshoot', () => {
    expect(ease('cubic-bezier', 0.7, [0.3, 0, 0.3, 2])).toBeGreaterThan(1);
    expect(ease('cubic-bezier', 0.3, [0.7, -1, 0.7, 1])).toBeLessThan(0);
  });

  it.each<[string, readonly number[]]>([
    ['too few', [0.42, 0, 1]],
    ['an x beyond 1', [1.1, 0, 0.58, 1]],
    ['an x below 0', [0.42, 0, -0.1, 1]],
    ['NaN for an x', [NaN, 0, 1, 1]],
    ['NaN for a y', [0.42, NaN, 1, 1]],
    ['an infinite y', [0.42, Infinity, 1, 1]],
    ['a y that overflows', [0.42, Number.MAX_VALUE, 1, 1]],
  ])('is linear with these control numbers: %s', (_, bezier) => {
    expect(ease('cubic-bezier', 0.3, bezier)).toBe(0.3);
  });

  it.each(['linear', 'ease-in', 'ease-out', 'ease-in-out', 'step', 'cubic-bezier'])(
    '%s is exact at its ends',
    (name) => {
      const outside = [-Infinity, -1, NaN, 2, Infinity];
      expect(outside.map((t) => ease(name, t, [0.25, 0.1, 0.25, 1]))).toEqual([0, 0, 0, 1, 1]);
    },
  );
});

describe('timelineDurationMicros', () => {
  it.each<[string, Timeline, number]>([
    [
      'the latest time, at any position',
      timelineOf([
        [3, 0],
        [9, 0],
        [5n, 0],
      ]),
      9,
    ],
    ['the explicit duration, also a shorter one', timelineOf([[9, 0]], { duration: 4 }), 4],
    ['an explicit 0', timelineOf([[9, 0]], { duration: 0 }), 0],
    [
      'a bigint as a number',
      timelineOf([
        [2n ** 60n, 0],
        [1, 0],
      ]),
      2 ** 60,
    ],
    ['0 without keyframes', timelineOf([]), 0],
  ])('is %s', (_, timeline, expected) => expect(timelineDurationMicros(timeline)).toBe(expected));
});

describe('timelineValueAt', () => {
  const ramp: readonly Spot[] = [
    [100, 1],
    [200, 3],
    [400, 11],
  ];

  it.each([
    [-50, 1],
    [0, 1],
    [100, 1],
    [150, 2],
    [200, 3],
    [250, 5],
    [399, 10.96],
    [400, 11],
    [1e12, 11],
    [NaN, 1],
  ])('at %d of a ramp is %d', (elapsed, expected) => expect(timelineValueAt(timelineOf(ramp), elapsed)).toBe(expected));

  it('sorts the keyframes without changing the timeline', () => {
    const keyframes = Object.freeze([...timelineOf(ramp).keyframes].reverse());
    expect(timelineValueAt({ keyframes }, 250)).toBe(5);
    expect(keyframes[0]!.time).toBe(400);
  });

  it('sorts by all 64 bits', () => {
    const spots: readonly Spot[] = [
      [2n ** 63n + 1n, 'late'],
      [2n ** 63n, 'early'],
    ];
    expect(timelineValueAt(timelineOf(spots), 2 ** 63)).toBe('late');
  });

  it('jumps where two keyframes have the same time, in the order of the list', () => {
    const timeline = timelineOf([
      [20, 9],
      [10, 1],
      [10, 5],
      [0, 0],
    ]);
    expect([9, 10, 15].map(timelinePlayer(timeline))).toEqual([0.9, 5, 7]);
  });

  it('uses the easing of the earlier keyframe', () => {
    const timeline = timelineOf([
      [0, 0, 'ease-in'],
      [100, 1, 'step'],
      [200, 2, 'cubic-bezier', [0.42, 0, 0.58, 1]],
      [300, 3, 'ease-out'],
    ]);
    expect([50, 150, 199].map(timelinePlayer(timeline))).toEqual([0.25, 1, 1]);
    expect(timelineValueAt(timeline, 225)).toBeCloseTo(2.12916, 4);
  });

  it('is null without keyframes, for any duration', () => {
    expect(timelineValueAt(timelineOf([], { loop: true, duration: 10 }), 5)).toBeNull();
  });

  describe('with a loop', () => {
    it.each([
      [-1, 0],
      [0, 0],
      [75, 7.5],
      [100, 0],
      [175, 7.5],
      [100_000_000_050, 5],
    ])('at %d is %d', (elapsed, expected) => {
      expect(
        timelineValueAt(
          timelineOf(
            [
              [0, 0],
              [100, 10],
            ],
            { loop: true },
          ),
          elapsed,
        ),
      ).toBe(expected);
    });

    it('keeps the last value until a longer duration, and the first value until its time', () => {
      const timeline = timelineOf(
        [
          [10, 1],
          [20, 2],
        ],
        { loop: true, duration: 100n },
      );
      expect([5, 15, 20, 99, 100, 105, 115].map(timelinePlayer(timeline))).toEqual([1, 1.5, 2, 2, 1, 1, 1.5]);
    });

    it('ignores keyframes after a shorter duration', () => {
      const timeline = timelineOf(
        [
          [0, 0],
          [100, 10],
        ],
        { loop: true, duration: 50 },
      );
      expect([49, 50, 60].map(timelinePlayer(timeline))).toEqual([4.9, 0, 1]);
    });

    it('without duration is the last value', () => {
      expect(
        timelineValueAt(
          timelineOf(
            [
              [0, 1],
              [0, 2],
            ],
            { loop: true },
          ),
          0,
        ),
      ).toBe(2);
      expect(
        timelineValueAt(
          timelineOf(
            [
              [0, 1],
              [9, 2],
            ],
            { loop: true, duration: 0 },
          ),
          5,
        ),
      ).toBe(2);
    });
  });

  it('is the last value after a shorter duration', () => {
    const timeline = timelineOf(
      [
        [0, 0],
        [100, 10],
      ],
      { duration: 50 },
    );
    expect([49, 50, 60].map(timelinePlayer(timeline))).toEqual([4.9, 10, 10]);
  });

  it.each<[string, Value, Value, readonly [quarter: Value, half: Value, end: Value]]>([
    ['Floats', -1, 1, [-0.5, 0, 1]],
    ['Floats too far apart to subtract', -(2 ** 1023), 2 ** 1023, [-(2 ** 1022), 0, 2 ** 1023]],
    ['Ints, truncated', 0n, 7n, [1n, 3n, 7n]],
    ['negative Ints, truncated towards zero', -7n, 0n, [-5n, -3n, 0n]],
    ['falling Ints', 7n, 0n, [5n, 3n, 0n]],
    ['Ints across zero', -1n, 2n, [0n, 0n, 2n]],
    ['the minimum and the maximum Int', INT_MIN, INT_MAX, [-(2n ** 62n), 0n, INT_MAX]],
    ['the maximum and the minimum Int', INT_MAX, INT_MIN, [2n ** 62n - 1n, -1n, INT_MIN]],
    ['adjacent large Ints', INT_MAX - 4n, INT_MAX, [INT_MAX - 3n, INT_MAX - 2n, INT_MAX]],
    [
      'arrays',
      [0, 0n, [0]],
      [1, 4n, [8]],
      [
        [0.25, 1n, [2]],
        [0.5, 2n, [4]],
        [1, 4n, [8]],
      ],
    ],
    [
      'arrays of several kinds',
      [0, 'a', 0n],
      [1, 'b', 1],
      [
        [0.25, 'a', 0n],
        [0.5, 'b', 1],
        [1, 'b', 1],
      ],
    ],
    ['arrays of two lengths', [0], [1, 1], [[0], [1, 1], [1, 1]]],
    ['empty arrays', [], [], [[], [], []]],
    ['an Int and a Float', 0n, 1, [0n, 1, 1]],
    ['bools', false, true, [false, true, true]],
    ['texts', 'a', 'b', ['a', 'b', 'b']],
    ['null and a Float', null, 1, [null, 1, 1]],
    ['bytes', Uint8Array.of(0), Uint8Array.of(8), [Uint8Array.of(0), Uint8Array.of(8), Uint8Array.of(8)]],
    ['maps', new Map([['a', 0]]), new Map([['a', 8]]), [new Map([['a', 0]]), new Map([['a', 8]]), new Map([['a', 8]])]],
  ])('interpolates %s', (_, from, to, expected) => {
    const values = [0, 25, 50, 100].map(
      timelinePlayer(
        timelineOf([
          [0, from],
          [100, to],
        ]),
      ),
    );
    expect(comparable(values)).toEqual(comparable([from, ...expected]));
  });

  it.each<readonly [Value, Value]>([
    [0n, 2n ** 53n + 1n],
    [1e16, 0.1],
  ])('from %p is exactly at %p as soon as the curve is at 1', (from, to) => {
    const timeline = timelineOf([
      [0, from, 'ease-out'],
      [1_000_000_000, to],
    ]);
    expect(timelineValueAt(timeline, 999_999_999)).toBe(to);
  });

  it('changes other values at half of the time, regardless of the easing', () => {
    for (const easing of ['ease-in', 'ease-out', 'step']) {
      expect(
        [49, 50].map(
          timelinePlayer(
            timelineOf([
              [0, 'a', easing],
              [100, 'b'],
            ]),
          ),
        ),
      ).toEqual(['a', 'b']);
    }
  });

  it.each<readonly [y: number, Value]>([
    [1e300, INT_MAX],
    [1e307, INT_MAX],
    [-1e307, INT_MIN],
  ])('keeps an Int that overshoots by %d within 64 bits', (y, expected) => {
    const wide: readonly Spot[] = [
      [0, 0n, 'cubic-bezier', [0.5, y, 0.5, y]],
      [100, INT_MAX],
    ];
    expect(timelineValueAt(timelineOf(wide), 50)).toBe(expected);
  });
});
