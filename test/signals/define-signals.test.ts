import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import * as mini from 'zod/mini';
import { timelineFromValue, valueFromTimeline } from '../../src/protocol/timeline.js';
import type { GesturePhase, SignalType } from '../../src/protocol/enumerations.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import type { Value } from '../../src/protocol/values/value.js';
import { type Declarations, defineSignals, SignalsError } from '../../src/signals/index.js';
import { show } from './show.js';

describe('what is announced', () => {
  it.each<[string, z.ZodType, object]>([
    ['a number', z.number(), { datatype: 'f64' }],
    ['its range', z.number().min(0).max(1), { datatype: 'f64', meta: { range: [0, 1] } }],
    ['a range without its ends', z.number().gt(0).lt(10), { datatype: 'f64', meta: { range: [0, 10] } }],
    ['half a range', z.number().min(0), { datatype: 'f64' }],
    ['an integer', z.int(), { datatype: 'i64' }],
    ['an integer in a range', z.int().min(0).max(255), { datatype: 'i64', meta: { range: [0, 255] } }],
    ['half a range of integers', z.int().max(5), { datatype: 'i64' }],
    ['a bigint', z.bigint(), { datatype: 'i64' }],
    ['a boolean', z.boolean(), { datatype: 'bool' }],
    ['a string', z.enum(['on', 'off']), { datatype: 'string' }],
    ['an object', z.object({ a: z.number() }), { datatype: 'map' }],
    ['a list', z.array(z.number().min(-1).max(1)), { datatype: 'array', meta: { range: [-1, 1] } }],
    ['three numbers', z.tuple([z.number(), z.number(), z.number()]), { datatype: 'vec3' }],
    ['two ranges', z.tuple([z.number().min(0).max(1), z.number().min(0).max(9)]), { datatype: 'vec2' }],
    ['a mixed pair', z.tuple([z.number(), z.string()]), { datatype: 'array' }],
    ['one of several types', z.union([z.number(), z.string()]), {}],
    ['anything', z.any(), {}],
    ['a unit and a description', z.number().meta({ unit: 'Hz', description: 'speed' }), { datatype: 'f64', meta: { unit: 'Hz', description: 'speed' } }], // prettier-ignore
    ['a default', z.object({ a: z.number() }).default({ a: 1 }), { datatype: 'map', meta: { default: encodeValue(new Map([['a', 1]])) } }], // prettier-ignore
  ])('contains for %s the facts of its schema', (_, value, expected) => {
    const [definition] = defineSignals({ '/a/:n': { type: 'param', value } }).definitions;
    expect(withoutUndefined(definition)).toEqual({ address: '/a/*', type: 'param', ...expected });
  });

  it('prefers the declaration to the schema', () => {
    const value = z.number().meta({ unit: 'Hz', description: 'speed' });
    const declaration = { type: 'param', value, unit: 'bpm', description: 'tempo', access: 'rw' } as const;
    expect(defineSignals({ '/a': declaration }).definitions).toMatchObject([
      { access: 'rw', meta: { unit: 'bpm', description: 'tempo' } },
    ]);
  });

  it('contains every definition, in order', () => {
    expect(show.definitions.map(({ address, type }) => `${type} ${address}`)).toEqual([
      'param /lights/*/dim',
      'param /lights/master/dim',
      'param /lights/*/color',
      'param /scene',
      'param /clock',
      'event /cue/go',
      'event /cue/*/note',
      'gesture /pointer/*',
      'stream /fft',
      'stream /lfo',
      'timeline /fade',
    ]);
  });
});

describe('a mistake in a declaration', () => {
  const number = { type: 'param', value: z.number() } as const;
  it.each<[string, object]>([
    ['"lights/dim" is not an address: it does not start with "/".', { 'lights/dim': number }],
    ['"/a//b" is not an address: it has an empty segment.', { '/a//b': number }],
    ['"/lights/*/dim" is not an address: write :name for a segment that varies, not "*".', { '/lights/*/dim': number }],
    ['"/lights/:/dim" is not an address: a name must follow ":".', { '/lights/:/dim': number }],
    ['"/a" requires an object with a type, such as { type: \'event\' }.', { '/a': 'event' }],
    ['The type of "/a" must be one of param, event, stream, gesture, timeline.', { '/a': { type: 'parameter' } }],
    ['"/a" has an unknown field "min"; the fields are type, value, description, unit, access.', { '/a': { ...number, min: 1 } }], // prettier-ignore
    ['"/a" is a stream: its "value" must be a zod schema.', { '/a': { type: 'stream' } }],
    ['The value of "/a" is not a schema of zod 4.', { '/a': { type: 'event', value: Number } }],
    ['The unit of "/a" must be a string.', { '/a': { ...number, unit: 5 } }],
    ['"/a/:x" and "/a/:y" cover the same addresses; define them once.', { '/a/:x': number, '/a/:y': number }],
    [
      '"/a/:x/c" and "/a/b/:y" both cover "/a/b/c", and neither is more specific; rename one of them.',
      { '/a/:x/c': number, '/:z': number, '/a/b/:y': number },
    ],
    [
      'The schema of "/a" requires a Map, but maps are plain objects here: use z.record() or z.object().',
      { '/a': { type: 'param', value: z.array(z.map(z.string(), z.number())) } },
    ],
    ...[z.string().transform(Number), z.preprocess(Number, z.number()), z.array(z.stringbool())].map(
      (value): [string, object] => [
        'The schema of "/a" changes values, but values are sent unchanged: remove transforms, pipes and codecs.',
        { '/a': { type: 'param', value } },
      ],
    ),
    [
      'The schema of "/a" coerces values, but values are sent unchanged: remove "coerce".',
      { '/a': { type: 'param', value: z.object({ x: z.coerce.number() }) } },
    ],
    [
      'The schema of "/a" accepts every value: remove ".catch()".',
      { '/a': { type: 'param', value: z.number().catch(0) } },
    ],
    [
      'The schema of "/a" requires a date, which is not a CLASP value.',
      { '/a': { type: 'param', value: z.date().optional() } },
    ],
    [
      'The schema of "/a" requires a set, which is not a CLASP value.',
      { '/a': { type: 'param', value: z.set(z.number()) } },
    ],
    [
      'The default of "/a" cannot be sent: Int 18446744073709551616 does not fit 64 bits.',
      { '/a': { type: 'param', value: z.bigint().default(2n ** 64n) } },
    ],
  ])('is reported in one sentence: %s', (message, declarations) => {
    const define = (): unknown => defineSignals(declarations as Declarations); // arguments of an untyped program
    expect(define).toThrow(SignalsError);
    expect(define).toThrow(message);
  });

  it('does not exist if one definition is a special case of the other', () => {
    const addresses = ['/:a/:b', '/x/:b', '/x/y', '/:a/:b/c', '/x', '/', '/x/', '/a:b'];
    expect(() => defineSignals(Object.fromEntries(addresses.map((address) => [address, number])))).not.toThrow();
  });
});

describe('check', () => {
  const map = (entries: Record<string, Value>): Value => new Map(Object.entries(entries));
  const timeline = (...values: Value[]): Value =>
    valueFromTimeline({ keyframes: values.map((value, time) => ({ time, value: encodeValue(value) })) });

  it.each<[string, Value | undefined, SignalType]>([
    ['/lights/3/dim', 0.5, 'param'],
    ['/lights/3/dim', 1n, 'param'], // from a client that distinguishes integers
    ['/lights/master/dim', 255, 'param'],
    ['/lights/x/color', [0.1, 1n, 3], 'param'],
    ['/scene', map({ name: 'night' }), 'param'],
    ['/scene', map({ name: 'night', fade: 2, __proto__x: 1 }), 'param'],
    ['/clock', 2n ** 62n, 'param'],
    ['/clock', 1n, 'param'],
    ['/cue/go', undefined, 'event'],
    ['/cue/go', null, 'event'], // the official JavaScript client cannot send an absent value
    ['/cue/a/note', 'text', 'event'],
    ['/cue/a/note', null, 'event'],
    ['/pointer/1', [0, 1], 'gesture'],
    ['/pointer/1', undefined, 'gesture'],
    ['/fft', [1, 2, 3], 'stream'],
    ['/lfo', 0.5, 'stream'],
    ['/lfo', [0.5, -0.5], 'stream'], // samples
    ['/fade', timeline(0, 1), 'timeline'],
    ['/fade', timeline(), 'timeline'],
    ['/undefined', 'anything', 'event'],
  ])('accepts %s %p as %s', (address, value, type) => {
    expect(show.check(address, value, type)).toBeUndefined();
  });

  it.each<[GesturePhase, string | undefined]>([
    ['start', 'Invalid value: Invalid input: expected tuple, received undefined'],
    ['move', 'Invalid value: Invalid input: expected tuple, received undefined'],
    ['end', undefined],
    ['cancel', undefined],
  ])('reports for the %s of a gesture without a value: %s', (phase, reason) => {
    expect(show.check('/pointer/1', undefined, 'gesture', phase)).toBe(reason);
    expect(show.check('/pointer/1', null, 'gesture', phase)).toBe(reason);
    expect(show.check('/pointer/1', [0, 1], 'gesture', phase)).toBeUndefined();
  });

  it.each<[string, Value | undefined, SignalType, string]>([
    ['/lights/3/dim', 1.5, 'param', 'Invalid value: Too big: expected number to be <=1'],
    ['/lights/3/dim', 2n, 'param', 'Invalid value: Too big: expected number to be <=1'],
    ['/lights/3/dim', 'x', 'param', 'Invalid value: Invalid input: expected number, received string'],
    ['/lights/3/dim', null, 'param', 'Invalid value: Invalid input: expected number, received null'],
    ['/lights/3/dim', NaN, 'param', 'Invalid value: Invalid input: expected number, received NaN'],
    ['/lights/master/dim', 0.5, 'param', 'Invalid value: Invalid input: expected int, received number'],
    ['/lights/3/dim', 0.5, 'event', 'this address is defined as param, not as event'],
    ['/lights/3/color', [1, 2, 'x'], 'param', 'Invalid value: Invalid input: expected number, received string (at 2)'],
    ['/scene', map({ name: 'x', fade: 'slow' }), 'param', 'expected number, received string (at fade)'],
    ['/clock', 1, 'param', 'Invalid value: Invalid input: expected bigint, received number'],
    [
      '/lights/3/color',
      [2n ** 53n, 1, 1],
      'param',
      'Invalid value: Invalid input: expected number, received bigint (at 0)',
    ],
    ['/cue/go', 1, 'event', 'Invalid value: this event has no value'],
    ['/cue/a/note', 1, 'event', 'Invalid value: Invalid input: expected string, received number'],
    ['/pointer/1', 1, 'gesture', 'Invalid value: Invalid input: expected tuple, received number'],
    ['/fft', ['x'], 'stream', 'Invalid value: Invalid input: expected number, received string (at 0)'],
    ['/lfo', [0.5, 2], 'stream', 'Invalid value: Invalid input: expected number, received array'],
    ['/lfo', [], 'stream', 'Invalid value: Invalid input: expected number, received array'],
    ['/lfo', undefined, 'stream', 'Invalid value: Invalid input: expected number, received undefined'],
    [
      '/fade',
      timeline(0, 'x'),
      'timeline',
      'Invalid value: keyframe 1: Invalid input: expected number, received string',
    ],
    ['/fade', 1, 'timeline', 'Invalid value: it is not a timeline'],
    ['/fade', undefined, 'timeline', 'Invalid value: it is not a timeline'],
  ])('rejects %s %p as %s: %s', (address, value, type, reason) => {
    expect(show.check(address, value, type)).toContain(reason);
  });

  it('has a table of distinct values', () => expect(timelineFromValue(timeline(0, 1))?.keyframes).toHaveLength(2));

  it('rejects undefined addresses only with `strict`', () => {
    const strict = defineSignals({ '/a/:n': { type: 'event' }, '/c/d:e': { type: 'event' } }, { strict: true });
    expect(strict.check('/a/1', undefined, 'event')).toBeUndefined();
    expect(strict.check('/c/d:e', undefined, 'event')).toBeUndefined();
    for (const address of ['/a', '/a/1/2', '/b/1', '/c/d:f']) {
      expect(strict.check(address, undefined, 'event')).toBe('no signal is defined at this address');
    }
  });

  it('limits the length of its text, for any keys of a value', () => {
    const signals = defineSignals({ '/a': { type: 'param', value: z.strictObject({}) } });
    const reason = signals.check('/a', map({ ['💡'.repeat(10_000)]: 1 }), 'param');
    expect(reason).toContain('Unrecognized key');
    expect(reason!.length).toBeLessThan(250);
    expect(() => encodeURIComponent(reason!)).not.toThrow(); // no lone surrogate
  });

  it('does not examine the elements of a list that is too long', () => {
    let looked = 0;
    const element = z.any().refine(() => ++looked > 0);
    const signals = defineSignals({ '/a': { type: 'param', value: z.array(element).max(3) } });
    expect(signals.check('/a', [1, 2, 3], 'param')).toBeUndefined();
    expect(looked).toBe(3);
    expect(signals.check('/a', [1, 2, 3, 4], 'param')).toBe('Invalid value: Too big: expected array to have <=3 items');
    expect(looked).toBe(3);
  });

  it('accepts maps with any keys', () => {
    const signals = defineSignals({ '/a': { type: 'param', value: z.strictObject({ b: z.number() }) } });
    expect(signals.check('/a', new Map([['b', 1]]), 'param')).toBeUndefined();
    const hostile: Value = new Map<string, Value>([['b', 1], ['__proto__', new Map([['b', 2]])]]); // prettier-ignore
    expect(signals.check('/a', hostile, 'param')).toContain('"__proto__"');
    expect(signals.check('/a', new Map([['__proto__', new Map([['b', 1]])]]), 'param')).toBeDefined();
  });

  it('passes null to a schema that accepts it', () => {
    const signals = defineSignals({ '/a': { type: 'event', value: z.null() } });
    expect(signals.check('/a', null, 'event')).toBeUndefined();
    expect(signals.check('/a', undefined, 'event')).toBeDefined();
  });

  it('works with the schemas of zod/mini', () => {
    const signals = defineSignals({ '/a': { type: 'param', value: mini.number().check(mini.maximum(1)) } });
    expect(signals.check('/a', 1, 'param')).toBeUndefined();
    expect(signals.check('/a', 2, 'param')).toContain('Too big');
  });

  it('throws for an asynchronous schema, because the result is needed immediately', () => {
    const value = z.number().refine(() => Promise.resolve(true));
    expect(() => defineSignals({ '/a': { type: 'param', value } }).check('/a', 1, 'param')).toThrow('synchronous');
  });
});

function withoutUndefined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value as Record<string, unknown>); // invariant: a plain object
  return Object.fromEntries(entries.filter(([, field]) => field !== undefined).map(([name, field]) => [name, withoutUndefined(field)])); // prettier-ignore
}
