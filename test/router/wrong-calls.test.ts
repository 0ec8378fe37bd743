import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lastValueFrom } from 'rxjs';
import type { RouterOptions } from '../../src/router/router-options.js';
import { createRouter } from '../../src/router/create-router.js';
import type { Router } from '../../src/router/router.js';
import { codedError } from '../support/coded-error.js';

const ARGUMENT = 'CLASP_ERR_ARGUMENT';
const OPTIONS = 'CLASP_ERR_OPTIONS';

let router: Router;
let wrong: Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;
beforeEach(() => {
  router = createRouter();
  wrong = router as unknown as typeof wrong; // any call, regardless of the types
});
afterEach(() => router.stop());

const check = (): undefined => undefined;

describe('createRouter', () => {
  it.each<[options: unknown, text: RegExp]>([
    [5, /options must be an object/],
    [null, /options must be an object/],
    [[], /options must be an object/],
    [{ transports: [5] }, /transports must be a list of transports/],
    [{ transports: [{ listen: check }] }, /transports must be a list of transports/],
    [{ state: 5 }, /no state of a router/],
    [{ signals: { check, definitions: [5] } }, /signals must be what defineSignals\(\) gives/],
    [{ signals: { check, definitions: [{}] } }, /signals must be what defineSignals\(\) gives/],
    [{ clock: {} }, /clock must have the methods/],
    [{ conflictRules: [{}] }, /conflictRules must be/],
    [{ inspect: 5 }, /inspect must be/],
    [{ maxSesions: 1 }, /did you mean "maxSessions"/],
  ])('refuses %j with a code', async (options, text) => {
    const error = await codedError(() => createRouter(options as RouterOptions));
    expect(error).toMatchObject({ code: OPTIONS, message: expect.stringMatching(text) });
  });
});

describe('a wrong call of a router', () => {
  it.each<[method: string, args: readonly unknown[], code: string, text: RegExp]>([
    ['listen', [], ARGUMENT, /must be a transport, such as webSocket\(\), not undefined/],
    ['listen', [null], ARGUMENT, /must be a transport/],
    ['listen', [{}], ARGUMENT, /must be a transport/],
    ['listen', ['ws'], ARGUMENT, /must be a transport/],
    ['listen', [{ name: 'x', listen: check }], 'CLASP_ERR_TRANSPORT', /the transport x does not work/],
    ['listen', [{ name: 'x', listen: () => ({}) }], 'CLASP_ERR_TRANSPORT', /must return a listener with addresses/],
    ['connect', [5], ARGUMENT, /options of connect must be an object, not 5/],
    ['connect', [null], ARGUMENT, /options of connect must be an object/],
    ['connect', [{ nam: 'x' }], ARGUMENT, /no option "nam"; did you mean "name"/],
    ['connect', [{ name: 5 }], ARGUMENT, /name must be a text/],
    ['connect', [{ token: 5 }], ARGUMENT, /token must be a text/],
    ['connect', [{ ackTimeoutMs: 'x' }], ARGUMENT, /ackTimeoutMs/],
    ['on', [], ARGUMENT, /must be one of listening, .* not undefined/],
    ['on', ['session.open', check], ARGUMENT, /did you mean "session.opened"/],
    ['on', ['listening', 5], ARGUMENT, /listener of on must be a function/],
  ])('is a coded error without other effects: %s(%j)', async (method, args, code, text) => {
    const error = await codedError(() => wrong[method]!.apply(router, [...args]));
    expect(error).toMatchObject({ code, message: expect.stringMatching(text) });
    await expect((await router.connect()).ping()).resolves.toBeGreaterThanOrEqual(0);
  });

  it.each<[args: readonly unknown[], code: number | string]>([
    [[], 202],
    [[5], 202],
    [['x'], 202],
    [['/x', { maxRat: 1 }], ARGUMENT],
    [['/x', { types: ['foo'] }], ARGUMENT],
    [['/x', null], ARGUMENT],
  ])('is a coded error of the Observable: signals$(%j)', async (args, code) => {
    const error = await codedError(() => lastValueFrom(router.signals$(...(args as [string]))));
    expect(error).toMatchObject({ code });
    await (await router.connect()).ping();
  });

  it('reports an error in a transport as it opens as a TransportError with the cause', async () => {
    const bang = new Error('bang');
    const transport = { name: 'x', listen: () => Promise.reject(bang) };
    const error = await codedError(() => router.listen(transport));
    expect(error).toMatchObject({
      code: 'CLASP_ERR_TRANSPORT',
      message: 'the transport x cannot listen: bang',
      cause: bang,
    });
  });

  it.each<[what: string, newId: () => unknown]>([
    ['a number', () => 5],
    ['an empty text', () => ''],
    [
      'an error',
      () => {
        throw new Error('no id');
      },
    ],
  ])('of a newId that returns %s ends the session, and has a code', async (_, newId) => {
    const other = createRouter({ newId: newId as () => string });
    const error = await codedError(() => other.connect());
    expect(error).toMatchObject({ code: 'CLASP_ERR_UNREACHABLE' });
    await other.stop();
  });
});
