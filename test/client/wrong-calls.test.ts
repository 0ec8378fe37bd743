import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Client, connect, type Link } from '../../src/client/index.js';
import { linkTo } from '../../src/client/node.js';
import { createRouter } from '../../src/router/create-router.js';
import type { Router } from '../../src/router/router.js';
import { codedError } from '../support/coded-error.js';

const ARGUMENT = 'CLASP_ERR_ARGUMENT';
/** A client as an untyped program uses it. */
type Untyped = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

let router: Router;
let client: Client;
let wrong: Untyped;
beforeAll(async () => {
  router = createRouter();
  client = await router.connect({ name: 'caller' });
  wrong = client as unknown as Untyped; // any call, regardless of the types
});
afterAll(() => router.stop());

const listener = (): undefined => undefined;

describe('an invalid call of a client in the process of the router', () => {
  it.each<[method: string, args: readonly unknown[], code: number | string, text: RegExp]>([
    ['set', [], 200, /type undefined/],
    ['set', [5, 1], 200, /type number/],
    ['set', [null, 1], 200, /type null/],
    ['set', ['/a'], 402, /undefined/],
    ['set', ['/a', () => 1], 402, /function/],
    ['set', ['/a', new Date()], 402, /Date/],
    ['set', ['/a', 1n << 80n], 402, /64 bits/],
    ['set', ['/a', 1, null], ARGUMENT, /options of set must be an object, not null/],
    ['set', ['/a', 1, 5], ARGUMENT, /options of set must be an object, not 5/],
    ['set', ['/a', 1, { lok: true }], ARGUMENT, /no option "lok"; did you mean "lock"/],
    ['set', ['/a', 1, { ttl: 5 }], ARGUMENT, /the options are revision, lock, unlock, ttlSeconds/],
    ['set', ['/a', 1, { lock: 'yes' }], ARGUMENT, /lock must be true or false, not "yes"/],
    ['set', ['/a', 1, { revision: '3' }], ARGUMENT, /revision must be a whole number from 0, .* not "3"/],
    ['set', ['/a', 1, { revision: -1 }], ARGUMENT, /revision/],
    ['set', ['/a', 1, { revision: 1n << 64n }], ARGUMENT, /revision/],
    ['set', ['/a', 1, { ttlSeconds: 'x' }], ARGUMENT, /ttlSeconds must be a whole number from 0 to 2147483647/],
    ['set', ['/a', 1, { qos: 7 }], ARGUMENT, /qos must be one of 0, 1, 2, not 7/],
    ['get', [], 200, /address/],
    ['get', [{}], 200, /type object/],
    ['cached', [5], ARGUMENT, /must be a text, not 5/],
    ['emit', [], 200, /address/],
    ['emit', ['/a', () => 1], 402, /function/],
    ['emit', ['/a', 1, null], ARGUMENT, /options of emit/],
    ['emit', ['/a', 1, { timestamp: 'now' }], ARGUMENT, /timestamp/],
    ['stream', ['/a'], 402, /undefined/],
    ['stream', ['/a', 1, { rate: -1 }], ARGUMENT, /rate/],
    ['gesture', ['/a'], ARGUMENT, /id must be a whole number, not undefined/],
    ['gesture', ['/a', 1], ARGUMENT, /phase must be one of start, move, end, cancel, not undefined/],
    ['gesture', ['/a', 1, 'strat'], ARGUMENT, /phase .* did you mean "start"/],
    ['gesture', ['/a', 'x', 'start'], ARGUMENT, /id/],
    ['timeline', ['/a'], ARGUMENT, /timeline must be an object with keyframes/],
    ['timeline', ['/a', {}], ARGUMENT, /keyframes must be a list/],
    ['timeline', ['/a', { keyframes: [5] }], ARGUMENT, /each keyframe must be an object/],
    ['timeline', ['/a', { keyframes: [{ value: 1 }] }], ARGUMENT, /the time of a keyframe/],
    ['timeline', ['/a', { keyframes: [{ time: 0 }] }], 402, /undefined/],
    ['timeline', ['/a', { keyframes: [{ time: 0, value: 1, easing: 5 }] }], ARGUMENT, /easing/],
    ['timeline', ['/a', { keyframes: [{ time: 0, value: 1, bezier: 'x' }] }], ARGUMENT, /bezier/],
    ['timeline', ['/a', { keyframes: [], loop: 'x' }], ARGUMENT, /loop/],
    ['bundle', [], ARGUMENT, /items of bundle must be a list, not undefined/],
    ['bundle', [5], ARGUMENT, /items of bundle must be a list/],
    ['bundle', [[null]], ARGUMENT, /an item must be an object with a kind and an address, not null/],
    ['bundle', [[{ address: '/x', value: 1 }]], ARGUMENT, /kind of an item must be one of param, .* not undefined/],
    ['bundle', [[{ kind: 'parm', address: '/x', value: 1 }]], ARGUMENT, /did you mean "param"/],
    ['bundle', [[{ kind: 'param', value: 1 }]], 200, /address/],
    ['bundle', [[], { at: 'soon' }], ARGUMENT, /at must be a number of microseconds/],
    ['bundle', [[], { at: NaN }], ARGUMENT, /at must be/],
    ['bundle', [[], null], ARGUMENT, /options of bundle/],
    ['on', [], ARGUMENT, /listener of on must be a function/],
    ['on', ['/a', 5], ARGUMENT, /listener of on must be a function, not 5/],
    ['on', [5, listener], 202, /type number/],
    ['on', ['/a', listener, { maxrate: 5 }], ARGUMENT, /did you mean "maxRate"/],
    ['on', ['/a', listener, { maxRate: 'x' }], ARGUMENT, /maxRate/],
    ['on', ['/a', listener, { epsilon: 'x' }], ARGUMENT, /epsilon must be a number from 0/],
    ['on', ['/a', listener, { types: 'param' }], ARGUMENT, /types must be a list of param/],
    ['on', ['/a', listener, { types: ['foo'] }], ARGUMENT, /each of types must be one of/],
    ['on', ['/a', listener, null], ARGUMENT, /options of on/],
    ['signals', [], 202, /pattern/],
    ['signals', ['/a', null], ARGUMENT, /options of signals/],
    ['signals', ['/a', { bufferSize: 'x' }], ARGUMENT, /bufferSize/],
    ['announce', [], ARGUMENT, /namespace of announce/],
    ['announce', ['n'], ARGUMENT, /signals of announce must be a list/],
    ['announce', ['n', [null]], ARGUMENT, /not an object with an address and a type/],
    ['announce', ['n', [{}]], ARGUMENT, /its address is not a string/],
    ['announce', ['n', [{ address: 'a', type: 'param' }]], ARGUMENT, /its address is invalid/],
    ['announce', ['n', [{ address: '/a' }]], ARGUMENT, /its type is not one of param/],
    ['announce', ['n', [{ address: '/a', type: 'param', meta: 5 }]], ARGUMENT, /its meta/],
    ['announce', ['n', [{ address: '/a', type: 'param', meta: { range: [0] } }]], ARGUMENT, /its range/],
    ['announce', ['n', [{ address: '/a', type: 'param', meta: { unit: 5 } }]], ARGUMENT, /its unit/],
    ['announce', ['n', [{ address: '/a', type: 'param', datatype: 5 }]], ARGUMENT, /its datatype/],
    ['announce', ['n', [{ address: '/a', type: 'param', meta: { default: listener } }]], 402, /function/],
    ['query', [], 202, /pattern/],
    ['query', ['a'], 202, /pattern/],
    ['onState', [], ARGUMENT, /listener of onState/],
    ['onError', [5], ARGUMENT, /listener of onError/],
  ])('is a coded error and has no other effect: %s(%j)', async (method, args, code, text) => {
    const error = await codedError(() => wrong[method]!.apply(client, [...args]));
    expect(error).toMatchObject({ code, message: expect.stringMatching(text) });
    await client.ping();
    expect(client.state).toBe('open');
  });
});

describe('connect', () => {
  it.each<[args: readonly unknown[], code: string, text: RegExp]>([
    [[], ARGUMENT, /the URL of a router, or a link, not undefined/],
    [[{}], ARGUMENT, /the URL of a router, or a link/],
    [['ws://127.0.0.1:1', null], ARGUMENT, /options of connect must be an object/],
    [['ws://127.0.0.1:1', { nam: 'x' }], ARGUMENT, /no option "nam"; did you mean "name"/],
    [['ws://127.0.0.1:1', { name: 5 }], ARGUMENT, /name must be a text, not 5/],
    [['ws://127.0.0.1:1', { token: 5 }], ARGUMENT, /token must be a text/],
    [['ws://127.0.0.1:1', { encoding: 'xml' }], ARGUMENT, /encoding must be one of binary, cbor, json/],
    [['ws://127.0.0.1:1', { features: 'param' }], ARGUMENT, /features must be a list/],
    [['ws://127.0.0.1:1', { reconnect: true }], ARGUMENT, /options of reconnect must be an object/],
    [['ws://127.0.0.1:1', { reconnect: { delay: 5 } }], ARGUMENT, /reconnect has no option "delay"/],
    [['ws://127.0.0.1:1', { clock: {} }], ARGUMENT, /clock must have the methods now/],
    [['ws://127.0.0.1:1', { random: 5 }], ARGUMENT, /random must be a function/],
  ])('rejects %j with a code', async (args, code, text) => {
    // Any arguments, regardless of the types.
    const error = await codedError(() => connect(...(args as [string | Link])));
    expect(error).toMatchObject({ code, message: expect.stringMatching(text) });
  });

  it('rejects an invalid URL with a code', async () => {
    await expect(codedError(() => linkTo(undefined as never))).resolves.toMatchObject({ code: ARGUMENT });
    await expect(codedError(() => linkTo('http://x'))).resolves.toMatchObject({ code: 'CLASP_ERR_UNREACHABLE' });
  });
});
