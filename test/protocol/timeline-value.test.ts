import { describe, expect, it } from '@jest/globals';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import type { Timeline } from '../../src/protocol/messages/message.js';
import { timelineFromValue, timelineValueAt, valueFromTimeline } from '../../src/protocol/timeline.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { type Value } from '../../src/protocol/values/value.js';
import { comparable } from '../support/comparable.js';
import { fromHex, toHex } from '../support/hex.js';
import { readVectors } from '../support/vectors.js';
import { timelineOf } from './timelines.js';

describe('a timeline in the value field', () => {
  const vector = readVectors('publish.json').find(({ name }) => name === 'publish/timeline-value-map')!;
  const timeline = timelineOf(
    [
      [0, 0, 'linear'],
      [1_000_000, 1, 'ease-out'],
    ],
    { loop: false },
  );

  it('has the form that the official client sends', () => {
    const value = encodeValue(valueFromTimeline(timeline));
    const message = { type: 'publish', address: '/light/dim', signal: 'timeline', value } as const;
    expect(toHex(encodeFrame(message, { qos: 2 }))).toBe(vector.hex);
  });

  it('is read from the form that the official client sends', () => {
    const { message } = decodeFrame(fromHex(vector.hex));
    if (message.type !== 'publish' || message.value === undefined) throw new Error('the vector has no value');
    const read = timelineFromValue(message.value.decode());
    expect(comparable(read)).toEqual(comparable(timeline));
    expect(timelineValueAt(read!, 500_000)).toBe(0.5);
  });

  const keyframe: readonly (readonly [string, Value])[] = [
    ['time', 5],
    ['value', 'x'],
  ];
  const carrier = (...fields: (readonly [string, Value])[]): Value =>
    new Map<string, Value>([['keyframes', [new Map(keyframe)]], ...fields]);
  const carrierOf = (...fields: (readonly [string, Value])[]): Value =>
    new Map([['keyframes', [new Map([...keyframe, ...fields])]]]);

  it.each<[string, Value, Timeline]>([
    [
      'Ints for numbers',
      carrierOf(['time', 7n], ['bezier', [0n, 0.5, 1n, 1]]),
      timelineOf([[7, 'x', undefined, [0, 0.5, 1, 1]]]),
    ],
    ['Floats beyond 2^53', carrierOf(['time', 2 ** 60]), timelineOf([[2n ** 60n, 'x']])],
    [
      'null for absent fields',
      carrier(['loop', null], ['startTime', null], ['duration', null]),
      timelineOf([[5, 'x']]),
    ],
    ['null for easing and control numbers', carrierOf(['easing', null], ['bezier', null]), timelineOf([[5, 'x']])],
    ['a value of null', carrierOf(['value', null]), timelineOf([[5, null]])],
    ['unknown fields', carrier(['speed', 2]), timelineOf([[5, 'x']])],
    ['an unknown easing', carrierOf(['easing', 'bounce']), timelineOf([[5, 'x', 'bounce']])],
    ['no keyframes', new Map([['keyframes', []]]), timelineOf([])],
    [
      'everything',
      carrier(['loop', true], ['startTime', 8], ['duration', 9n]),
      timelineOf([[5, 'x']], { loop: true, startTime: 8, duration: 9 }),
    ],
  ])('can have %s', (_, value, expected) => {
    expect(comparable(timelineFromValue(value))).toEqual(comparable(expected));
  });

  it.each<[string, Value]>([
    ['null', null],
    ['a number', 1],
    ['an array', []],
    ['a map without keyframes', new Map([['loop', true]])],
    ['a map for keyframes', new Map([['keyframes', new Map()]])],
    ['a keyframe that is not a map', new Map([['keyframes', [1]]])],
    ['a keyframe without time', new Map([['keyframes', [new Map([['value', 1]])]]])],
    ['a keyframe without value', new Map([['keyframes', [new Map([['time', 1]])]]])],
    ['a negative time', carrierOf(['time', -1])],
    ['a negative Int as time', carrierOf(['time', -1n])],
    ['a fractional time', carrierOf(['time', 0.5])],
    ['NaN as time', carrierOf(['time', NaN])],
    ['an infinite time', carrierOf(['time', Infinity])],
    ['a time of 2^64', carrierOf(['time', 2 ** 64])],
    ['a string as time', carrierOf(['time', '5'])],
    ['an easing that is not a string', carrierOf(['easing', 1])],
    ['three control numbers', carrierOf(['bezier', [0, 0, 1]])],
    ['five control numbers', carrierOf(['bezier', [0, 0, 1, 1, 1]])],
    ['a string among the control numbers', carrierOf(['bezier', [0, 0, 1, '1']])],
    ['a loop that is not a bool', carrier(['loop', 1])],
    ['an invalid start time', carrier(['startTime', -1])],
    ['an invalid duration', carrier(['duration', 'long'])],
    ['a value that cannot be encoded', carrierOf(['value', 2n ** 63n])],
    ['a value that is too deep', carrierOf(['value', nested(65)])],
  ])('is not read from %s', (_, value) => expect(timelineFromValue(value)).toBeUndefined());

  it('has at most 4,096 keyframes', () => {
    const many = (count: number): Value => new Map([['keyframes', new Array<Value>(count).fill(new Map(keyframe))]]);
    expect(timelineFromValue(many(4_096))?.keyframes).toHaveLength(4_096);
    expect(timelineFromValue(many(4_097))).toBeUndefined();
  });
});

function nested(levels: number): Value {
  return levels === 0 ? null : [nested(levels - 1)];
}
