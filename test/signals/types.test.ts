import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { Client } from '../../src/client/index.js';
import {
  type AddressOf,
  defineSignals,
  type SignalAt,
  type TypedClient,
  type TypedEventSignal,
  type TypedParamSignal,
  type ValueOf,
} from '../../src/signals/index.js';
import { type show } from './show.js';

/** Both are the same type, down to the modifiers. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the compiler compares such functions part by part
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Show = typeof show;

/** Checks for the compiler: the test is that this file compiles. */
const claims: true[] = [
  true satisfies Same<
    AddressOf<Show, 'param'>,
    '/lights/master/dim' | '/scene' | '/clock' | `/lights/${string}/dim` | `/lights/${string}/color`
  >,
  true satisfies Same<AddressOf<Show, 'event'>, '/cue/go' | `/cue/${string}/note`>,
  true satisfies Same<AddressOf<Show, 'gesture' | 'stream'>, `/pointer/${string}` | '/fft' | '/lfo'>,

  // by address, the more specific definition first
  true satisfies Same<ValueOf<Show, '/lights/3/dim'>, number>,
  true satisfies Same<ValueOf<Show, '/lights/3/color'>, [number, number, number]>,
  true satisfies Same<ValueOf<Show, '/scene'>, { name: string; fade?: number | undefined }>,
  true satisfies Same<ValueOf<Show, '/clock'>, bigint>,
  true satisfies Same<ValueOf<Show, '/cue/go'>, undefined>,
  true satisfies Same<ValueOf<Show, '/cue/a/note'>, string | undefined>,
  true satisfies Same<ValueOf<Show, `/lights/${number}/color`>, [number, number, number]>,
  // by the text of a definition, and by patterns
  true satisfies Same<ValueOf<Show, '/lights/:n/dim'>, number>,
  true satisfies Same<ValueOf<Show, '/lights/*/color'>, [number, number, number]>,
  true satisfies Same<ValueOf<Show, '/lights/1/*'>, number | [number, number, number]>,
  true satisfies Same<ValueOf<Show, '/lights/**'>, number | [number, number, number]>,
  true satisfies Same<ValueOf<Show, '/cue/**/note'>, string | undefined>,
  true satisfies Same<ValueOf<Show, '/f*'>, number | number[]>,
  true satisfies Same<ValueOf<Show, '/c*o*k'>, bigint>,
  true satisfies Same<ValueOf<Show, '/scene/**'>, { name: string; fade?: number | undefined }>,
  // undefined addresses
  true satisfies Same<ValueOf<Show, '/light/3/dim'>, never>,
  true satisfies Same<ValueOf<Show, '/lights/3/4/dim'>, never>,
  true satisfies Same<ValueOf<Show, '/lights/dim'>, never>,
  true satisfies Same<ValueOf<Show, '/x*/**'>, never>,

  true satisfies Same<
    SignalAt<Show, '/lights/*/color'>,
    TypedParamSignal<[number, number, number], `/lights/${string}/color`>
  >,
  true satisfies Same<SignalAt<Show, '/cue/go'>, TypedEventSignal<undefined, '/cue/go'>>,
  true satisfies Same<SignalAt<Show, '/**', 'param'>['kind'], 'param'>,
  true satisfies Same<SignalAt<Show, '/**'>['kind'], 'param' | 'event' | 'stream' | 'gesture' | 'timeline'>,
];

/** Two literal segments against one, and segments that cannot be confused with several. */
const nested = defineSignals({
  '/:a/:b': { type: 'param', value: z.null() },
  '/x/:b': { type: 'param', value: z.boolean() },
  '/x/y': { type: 'param', value: z.string() },
  '/x/:b/z': { type: 'param', value: z.number() },
  '/with/a/default/of': { type: 'param', value: z.number().default(1) },
});
type Nested = typeof nested;
claims.push(
  true satisfies Same<ValueOf<Nested, '/q/1'>, null>,
  true satisfies Same<ValueOf<Nested, '/with/a/default/of'>, number>,
  true satisfies Same<ValueOf<Nested, '/x/1'>, boolean>,
  true satisfies Same<ValueOf<Nested, '/x/y'>, string>,
  true satisfies Same<ValueOf<Nested, '/x/y/z'>, number>,
  true satisfies Same<ValueOf<Nested, '/x/1/z'>, number>,
  // a string that is not a literal can match either, but never a definition that both outrank
  true satisfies Same<ValueOf<Nested, '/x/*'>, boolean | string>,
  true satisfies Same<ValueOf<Nested, '/x/**'>, null | boolean | string | number>,
  true satisfies Same<ValueOf<Nested, `/x/${string}`>, boolean | string>,
);

/** Never called: for the compiler only. */
export async function calls(client: TypedClient<Show>, untyped: Client, n: number, text: string): Promise<void> {
  await client.set('/lights/3/dim', 0.5);
  await client.set(`/lights/${n}/dim`, 0.5, { lock: true });
  await client.set('/scene', { name: 'night' });
  await client.set('/clock', 5n);
  (await client.set('/lights/3/dim', 0.5)).revision satisfies number | bigint;
  const nothing = client.set('/lights/3/dim', 0.5, { qos: 0 });
  (nothing satisfies Promise<undefined>).catch(() => undefined);
  (await client.set('/lights/3/dim', 0.5, { qos: 1 })).revision satisfies number | bigint;
  // @ts-expect-error a text is no number
  await client.set('/lights/3/dim', 'x');
  // @ts-expect-error "light" is not defined
  await client.set('/light/3/dim', 1);
  // @ts-expect-error nor is an address of four segments, although the template takes it
  await client.set('/lights/3/4/dim', 1);
  // @ts-expect-error an event cannot be set
  await client.set('/cue/go', 1);
  // @ts-expect-error a field is missing
  await client.set('/scene', { fade: 1 });
  // @ts-expect-error and one too many
  await client.set('/scene', { name: 'night', x: 1 });
  // @ts-expect-error a number is no Int
  await client.set('/clock', 5);
  // @ts-expect-error not every string is an address
  await client.set(text, 1);

  (await client.get('/lights/3/dim'))?.value satisfies number | undefined;
  client.cached('/scene')?.value.name satisfies string | undefined;
  // @ts-expect-error an event cannot be asked for
  await client.get('/cue/go');

  client.emit('/cue/go');
  client.emit('/cue/go', undefined, { timestamp: 1 });
  client.emit('/cue/a/note', 'now');
  client.emit('/cue/a/note');
  // @ts-expect-error it carries nothing
  client.emit('/cue/go', 1);
  // @ts-expect-error a param is no event
  client.emit('/scene', { name: 'night' });

  client.stream('/fft', [1, 2]);
  client.stream('/fft', new Float32Array(8), { rate: 48_000 });
  client.stream('/lfo', 0.5);
  // @ts-expect-error a number is no list
  client.stream('/fft', 1);

  client.gesture('/pointer/1', 0, 'start', [0, 0]);
  client.gesture('/pointer/1', 0, 'end');
  // @ts-expect-error a start is somewhere
  client.gesture('/pointer/1', 0, 'start');
  // @ts-expect-error two numbers, not one
  client.gesture('/pointer/1', 0, 'move', [0]);

  client.timeline('/fade', { keyframes: [{ time: 0, value: 0 }] });
  // @ts-expect-error its keyframes have numbers
  client.timeline('/fade', { keyframes: [{ time: 0, value: 'x' }] });

  await client.bundle([
    { kind: 'param', address: '/lights/3/dim', value: 0.5, lock: true },
    { kind: 'event', address: '/cue/go' },
    { kind: 'gesture', address: '/pointer/1', id: 1, phase: 'end' },
    { kind: 'stream', address: '/fft', value: [1] },
  ]);
  // @ts-expect-error an event is not a param
  await client.bundle([{ kind: 'param', address: '/cue/go', value: 1 }]);
  // @ts-expect-error a text is no number
  await client.bundle([{ kind: 'param', address: '/lights/3/dim', value: 'x' }]);

  client.on('/lights/*/color', (signal) => {
    signal.kind satisfies 'param';
    signal.value satisfies [number, number, number];
    signal.revision satisfies number | bigint;
    void client.get(signal.address);
  });
  client.on('/lights/:n/dim', ({ value }) => value.toFixed(2));
  client.on('/**', (signal) => {
    if (signal.kind === 'gesture') signal.id satisfies number;
    if (signal.kind === 'gesture' && signal.phase === 'move') signal.value satisfies [number, number];
    // @ts-expect-error the end may go without
    if (signal.kind === 'gesture' && signal.phase === 'end') signal.value[0] satisfies number;
  });
  client.on('/**', (signal) => signal.kind satisfies 'param' | 'event', { types: ['param', 'event'] });
  // @ts-expect-error nothing is defined there
  client.on('/light/*/dim', () => undefined);
  // @ts-expect-error a list is no number
  client.on('/fft', ({ value }: { value: number }) => value);

  for await (const signal of client.signals('/cue/*/note')) signal.value satisfies string | undefined;

  // all other members are the client's
  client.onState(({ state }) => state satisfies string);
  client.session satisfies string | undefined;
  await client.close();
  // @ts-expect-error an untyped client is not a typed client
  untyped satisfies TypedClient<Show>;
}

/** Checks of definitions. */
export function definitions(): void {
  // @ts-expect-error an address begins with "/"
  defineSignals({ 'lights/dim': { type: 'event' } });
  // @ts-expect-error a param has a value
  defineSignals({ '/dim': { type: 'param' } });
  // @ts-expect-error there is no such type
  defineSignals({ '/dim': { type: 'parameter', value: z.number() } });
  // @ts-expect-error there is no such field
  defineSignals({ '/dim': { type: 'param', value: z.number(), min: 0 } });
}

describe('the types of signals', () => {
  it('are as declared, or this file would not compile', () => {
    expect(claims.every(Boolean)).toBe(true);
    // the run-time behavior where the types state that one definition precedes another
    expect(nested.check('/q/1', null, 'param')).toBeUndefined();
    expect(nested.check('/x/1', true, 'param')).toBeUndefined();
    expect(nested.check('/x/y', 'text', 'param')).toBeUndefined();
    expect(nested.check('/x/y/z', 1, 'param')).toBeUndefined();
    expect(nested.check('/x/y', true, 'param')).toBeDefined();
  });
});
