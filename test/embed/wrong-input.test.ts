import { describe, expect, it } from '@jest/globals';
import { createActor, waitFor } from 'xstate';
import type { FromClaspInput, FromClaspOptions } from '../../src/embed/index.js';
import { type ClaspInput, fromClasp } from '../../src/embed/index.js';
import { createRouter } from '../../src/router/create-router.js';
import { codedError } from '../support/coded-error.js';
import { host } from './hosts.js';

const ARGUMENT = 'CLASP_ERR_ARGUMENT';

describe('claspMachine', () => {
  it.each<[input: unknown, text: string | RegExp]>([
    [null, 'the options of claspMachine must be an object, not null'],
    [5, 'the options of claspMachine must be an object, not 5'],
    [[], 'the options of claspMachine must be an object, not []'],
    [{ subscribe: '/x' }, 'subscribe must be a list of patterns, not "/x"'],
    [{ subscribe: 5 }, 'subscribe must be a list of patterns, not 5'],
    [{ subscribe: [5] }, 'each item of subscribe must be a pattern or an object with a pattern, not 5'],
    [{ subscribe: [null] }, 'each item of subscribe must be a pattern or an object with a pattern, not null'],
    [{ subscribe: [{}] }, 'the pattern of subscribe must be a text, not undefined'],
    [{ subscribe: [{ pattern: '/x', id: 5 }] }, 'the id of subscribe must be a text, not 5'],
    [{ subscribe: [{ pattern: '/x', maxRat: 1 }] }, 'subscribe has no option "maxRat"; did you mean "maxRate"?'],
    [{ parent: 5 }, 'parent must have the method send, not 5'],
    [{ parent: {} }, 'parent must have the method send, not an object'],
    [{ parent: null }, 'parent must have the method send, not null'],
    [{ systemIdPrefix: 5 }, 'systemIdPrefix must be a text, not 5'],
    [{ inspect: () => undefined }, /^claspMachine has no option "inspect"; give it to createActor/],
    [{ subscibe: ['/x'] }, 'claspMachine has no option "subscibe"; did you mean "subscribe"?'],
    [{ maxSesions: 5 }, 'claspMachine has no option "maxSesions"; did you mean "maxSessions"?'],
    [{ id: 'x' }, /^claspMachine has no option "id"; /],
    [{ transports: 5 }, /^transports must be a list of transports/],
    [{ clock: {} }, /^clock must have the methods/],
  ])('fails with one sentence and a code for the input %j', async (input, text) => {
    const actor = createActor(host, { input: input as ClaspInput }).start(); // regardless of the types
    await waitFor(actor, (snapshot) => snapshot.matches('troubled'), { timeout: Infinity });
    const { error } = actor.getSnapshot().context;
    const message: unknown = text instanceof RegExp ? expect.stringMatching(text) : text;
    expect(error).toMatchObject({ name: 'RouterOptionsError', code: 'CLASP_ERR_OPTIONS', message });
    actor.stop();
  });

  it.each<[subscribe: unknown, code: number | string]>([
    [['x'], 202],
    [[{ pattern: '/x', maxRate: 'x' }], ARGUMENT],
    [[{ pattern: '/x', types: ['foo'] }], ARGUMENT],
  ])('fails with the code of the call for the subscriptions %j', async (subscribe, code) => {
    const actor = createActor(host, { input: { subscribe } as ClaspInput }).start(); // regardless of the types
    await waitFor(actor, (snapshot) => snapshot.matches('troubled'), { timeout: Infinity });
    expect(actor.getSnapshot().context.error).toMatchObject({ code });
    actor.stop();
  });
});

describe('fromClasp', () => {
  it.each<[options: unknown, text: string]>([
    [null, 'the options of fromClasp must be an object, not null'],
    [5, 'the options of fromClasp must be an object, not 5'],
    [{ maxRat: 1 }, 'fromClasp has no option "maxRat"; did you mean "maxRate"?'],
    [{ systemID: 'x' }, 'fromClasp has no option "systemID"; did you mean "systemId"?'],
    [{ systemId: 5 }, 'systemId must be a text, not 5'],
  ])('throws for the options %j', async (options, message) => {
    const error = await codedError(() => fromClasp('/a', options as FromClaspOptions)); // regardless of the types
    expect(error).toMatchObject({ code: ARGUMENT, message });
  });

  it.each<[pattern: unknown, options: unknown, input: unknown, code: number | string]>([
    [undefined, {}, undefined, 202],
    [5, {}, undefined, 202],
    ['a', {}, undefined, 202],
    ['/a', { types: ['foo'] }, undefined, ARGUMENT],
    ['/a', {}, null, ARGUMENT],
    ['/a', {}, 5, ARGUMENT],
    ['/a', {}, { router: 5 }, ARGUMENT],
    ['/a', {}, { router: null }, ARGUMENT],
    ['/a', {}, { router: {} }, ARGUMENT],
    ['/a', {}, {}, 'CLASP_ERR_SYSTEM'],
  ])('fails with a code for the pattern %j, the options %j and the input %j', async (pattern, options, input, code) => {
    const router = createRouter();
    const logic = fromClasp(pattern as string, options as FromClaspOptions); // regardless of the types
    const actor = createActor(logic, { input: (input === undefined ? { router } : input) as FromClaspInput });
    const failed = new Promise((resolve) => actor.subscribe({ error: resolve }));
    actor.start();
    expect(await failed).toMatchObject({ code });
    await router.stop();
  });
});
