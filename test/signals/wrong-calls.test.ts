import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { Client } from '../../src/client/index.js';
import { createRouter } from '../../src/router/create-router.js';
import type { Router } from '../../src/router/router.js';
import { defineSignals, typed } from '../../src/signals/index.js';
import { codedError } from '../support/coded-error.js';

const ARGUMENT = 'CLASP_ERR_ARGUMENT';
const SIGNALS = 'CLASP_ERR_SIGNALS';

type Call = (...args: readonly unknown[]) => unknown;

/** Untyped calls. */
const define = defineSignals as unknown as Call;
const type = typed as unknown as Call;

const signals = defineSignals({
  '/a': { type: 'param', value: z.number() },
  '/t': { type: 'timeline', value: z.number() },
  '/g': { type: 'gesture', value: z.number() },
  '/e': { type: 'event' },
});

let router: Router;
let client: Client;
beforeEach(async () => {
  router = createRouter();
  client = await router.connect();
});
afterEach(() => router.stop());

describe('defineSignals', () => {
  it.each<[args: readonly unknown[], code: string, text: RegExp]>([
    [[], ARGUMENT, /^the declarations of defineSignals must be an object, not undefined$/],
    [[null], ARGUMENT, /^the declarations of defineSignals must be an object, not null$/],
    [[5], ARGUMENT, /^the declarations of defineSignals must be an object, not 5$/],
    [[[]], ARGUMENT, /^the declarations of defineSignals must be an object, not \[\]$/],
    [[{}, null], ARGUMENT, /^the options of defineSignals must be an object, not null$/],
    [[{}, 5], ARGUMENT, /^the options of defineSignals must be an object, not 5$/],
    [[{}, { strct: true }], ARGUMENT, /^defineSignals has no option "strct"; did you mean "strict"\?$/],
    [[{}, { strict: 1 }], ARGUMENT, /^strict must be true or false, not 1$/],
    [[{ a: {} }], SIGNALS, /not an address/],
    [[{ '/a': null }], SIGNALS, /requires an object/],
    [[{ '/a': { type: 'foo' } }], SIGNALS, /The type of "\/a"/],
    [[{ '/a': { type: 'param', value: 5 } }], SIGNALS, /not a schema/],
  ])('throws a coded error for the arguments %j', async (args, code, text) => {
    expect(await codedError(() => define(...args))).toMatchObject({ code, message: expect.stringMatching(text) });
  });
});

describe('typed', () => {
  it.each<[name: string, args: () => readonly unknown[], text: RegExp]>([
    ['nothing', () => [], /^the client of typed must be the result of connect\(\), not undefined$/],
    ['numbers', () => [5, 5], /^the client of typed must be/],
    ['an object as signals', () => [client, {}], /^the signals of typed must be the result of defineSignals\(\)/],
    ['null as options', () => [client, signals, null], /^the options of typed must be an object, not null$/],
    ['a number as options', () => [client, signals, 5], /^the options of typed must be an object, not 5$/],
    ['an unknown option', () => [client, signals, { chck: false }], /no option "chck"; did you mean "check"\?$/],
    ['a wrong check', () => [client, signals, { check: 1 }], /^check must be true or false, not 1$/],
    ['a wrong onRefused', () => [client, signals, { onRefused: 5 }], /^onRefused must be a function, not 5$/],
  ])('throws an ArgumentError for %s', async (_, args, text) => {
    const error = await codedError(() => type(...args()));
    expect(error).toMatchObject({ code: ARGUMENT, message: expect.stringMatching(text) });
  });
});

const heard = (): undefined => undefined;

describe.each([true, false])('a typed client with check: %s', (check) => {
  it.each<[method: string, args: readonly unknown[], code: number | string]>([
    ['set', [], 200],
    ['set', [5, 1], 200],
    ['set', ['/a', 1, null], ARGUMENT],
    ['emit', [], 200],
    ['emit', ['/e', undefined, 5], ARGUMENT],
    ['get', [], 200],
    ['cached', [], ARGUMENT],
    ['gesture', ['/g'], ARGUMENT],
    ['gesture', ['/g', 1, 'strt'], ARGUMENT],
    ['timeline', ['/t'], ARGUMENT],
    ['timeline', ['/t', {}], ARGUMENT],
    ['timeline', ['/t', { keyframes: [5] }], ARGUMENT],
    ['on', [], ARGUMENT],
    ['on', ['/a'], ARGUMENT],
    ['on', [undefined, heard], 202],
    ['on', ['a', heard], 202],
    ['on', ['/a', heard, null], ARGUMENT],
    ['on', ['/a', heard, { types: 5 }], ARGUMENT],
    ['on', ['/a', heard, { types: ['foo'] }], ARGUMENT],
    ['on', ['/a', heard, { maxRat: 1 }], ARGUMENT],
    ['signals', [], 202],
    ['signals', ['/a', null], ARGUMENT],
    ['signals', ['/a', { bufferSiz: 1 }], ARGUMENT],
    ['bundle', [], ARGUMENT],
    ['bundle', [5], ARGUMENT],
    ['bundle', [[5]], ARGUMENT],
    ['bundle', [[null]], ARGUMENT],
    ['bundle', [[{ address: '/a', value: 1 }]], ARGUMENT],
    ['bundle', [[{ kind: 'param', value: 1 }]], 200],
    ['bundle', [[{ kind: 'timeline', address: '/t' }]], ARGUMENT],
  ])('returns a coded error, and the session continues: %s(%j)', async (method, args, code) => {
    const calls = type(client, signals, { check }) as Readonly<Record<string, Call>>;
    expect(await codedError(() => calls[method]!(...args))).toMatchObject({ code });
    await expect(client.ping()).resolves.toBeGreaterThanOrEqual(0);
  });
});
