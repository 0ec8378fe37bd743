import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createActor, SimulatedClock } from 'xstate';
import {
  createRouter,
  type Router,
  type RouterOptions,
  RouterOptionsError,
  type RouterState,
} from '../../src/index.js';
import { type ParamState, RouterStateError, routerLogic } from '../../src/embed/index.js';
import type { ParamQueryResult } from '../../src/core/system/param-query.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { arbitraryValue } from '../support/arbitraries.js';

let routers: Router[] = [];

afterEach(async () => {
  await Promise.all(routers.map((router) => router.stop()));
  routers = [];
});

function start(options: RouterOptions = {}): Router {
  const router = createRouter(options);
  routers.push(router);
  return router;
}

/** Converts a value to JSON and back, as through a file. */
function throughJson(state: RouterState): unknown {
  return JSON.parse(JSON.stringify(state));
}

const anything = { pattern: '/**', limit: 100, maxLooked: 1_000, maxValueBytes: 65_535 };

describe('the state of a router', () => {
  it('restores params with values, revisions, writers and times, and without locks', async () => {
    const before = start();
    const client = await before.connect();
    await client.set('/a', 1, { lock: true });
    await client.set('/a', 2n);
    await client.set('/a', { deep: [1.5, 'x', null, Uint8Array.of(255)] });
    await client.announce('/a', [
      { address: '/a', type: 'param', datatype: 'map', meta: { unit: 'm', range: [0, 1] } },
    ]);
    const stored = await client.get('/a');
    await before.stop();

    const after = start({ state: throughJson(before.state()) });
    const other = await after.connect();
    await expect(other.get('/a')).resolves.toEqual(stored);
    await expect(other.query('/**')).resolves.toEqual([
      { address: '/a', type: 'param', datatype: 'map', meta: { unit: 'm', range: [0, 1] } },
    ]);
    await expect(other.set('/a', 4, { revision: 3 })).resolves.toMatchObject({ revision: 4 }); // and it is not locked
  });

  it('preserves Float and Int beyond 2^53, in params and in announced signals', async () => {
    const before = start();
    const client = await before.connect();
    const meta = { range: [0, 5e20] as const, default: encodeValue(2 ** 60) };
    await client.set('/float', 1e17);
    await client.set('/int', 2n ** 53n + 1n);
    await client.announce('/float', [{ address: '/float', type: 'param', meta }]);
    await before.stop();

    const other = await start({ state: throughJson(before.state()) }).connect();
    await expect(other.get('/float')).resolves.toMatchObject({ value: 1e17 });
    await expect(other.get('/int')).resolves.toMatchObject({ value: 2n ** 53n + 1n });
    const [signal] = await other.query('/**');
    expect(signal?.meta?.range).toEqual([0, 5e20]);
    expect(signal?.meta?.default?.decode()).toBe(2 ** 60);
  });

  it('is the same when it is read from the router that restored it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), arbitraryValue()), { maxLength: 20 }),
        async (writes) => {
          const before = start();
          const client = await before.connect();
          for (const [n, value] of writes) await client.set(`/p/${n}`, value);
          const state = before.state();
          const { savedAtMicros = 0, ...again } = start({ state: throughJson(state) }).state();
          expect(savedAtMicros).toBeGreaterThanOrEqual(state.savedAtMicros ?? Infinity);
          expect({ ...again, savedAtMicros: state.savedAtMicros }).toEqual(state);
          expect(new Map(state.params.map(({ address, revision }) => [address, revision]))).toEqual(countOf(writes));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('preserves the remaining TTL of a param, and the revision of an expired one', async () => {
    const clock = new SimulatedClock();
    const before = start({ clock });
    const client = await before.connect();
    await Promise.all([
      client.set('/long', 1, { ttlSeconds: 60, absolute: true }),
      client.set('/short', 1, { ttlSeconds: 10 }),
      client.set('/short', 2),
      client.set('/for/ever', 1),
    ]);
    const state = throughJson(before.state());

    clock.increment(30_000);
    const after = start({ clock, state });
    const other = await after.connect();
    await expect(other.get('/short')).resolves.toBeUndefined();
    await expect(other.set('/short', 3)).resolves.toMatchObject({ revision: 3 });
    await expect(other.get('/long')).resolves.toMatchObject({ value: 1 });
    clock.increment(30_000);
    await expect(other.get('/long')).resolves.toBeUndefined();
    await expect(other.get('/for/ever')).resolves.toMatchObject({ value: 1 });
    expect(after.state().gone).toEqual([['/long', 1]]);
  });

  it('preserves the order of eviction', async () => {
    const before = start();
    const client = await before.connect();
    for (const address of ['/1', '/2', '/3', '/1']) await client.set(address, 0);
    const after = start({ state: throughJson(before.state()), maxParams: 3 });
    const other = await after.connect();
    await other.set('/4', 0);
    await expect(other.get('/2')).resolves.toBeUndefined();
    await expect(other.get('/1')).resolves.toBeDefined();
  });

  it('uses the conflict rules of the new router', async () => {
    const before = start();
    await (await before.connect()).set('/level', 5);
    const after = start({ state: before.state(), conflictRules: [{ pattern: '/level', strategy: 'max' }] });
    await expect((await after.connect()).set('/level', 4)).rejects.toMatchObject({ code: 400 });
  });
});

describe('the router actor', () => {
  it('is persisted and restored with the functions of XState', async () => {
    const router = start();
    await (await router.connect()).set('/a', 1n);
    const persisted = router.actor.getSnapshot().children.router!.getPersistedSnapshot();
    const snapshot = JSON.parse(JSON.stringify(persisted)) as typeof persisted;
    for (const input of [undefined, { name: 'again' }]) {
      const actor = createActor(routerLogic, { snapshot, input }).start();
      const answers: unknown[] = [];
      actor.send({ type: 'params.requested', question: anything, answer: (answer) => answers.push(answer) });
      const answer = answers[0] as ParamQueryResult;
      expect(answer.params).toMatchObject([{ address: '/a', value: 1n, revision: 1, holder: undefined }]);
      expect(actor.getSnapshot().params).toBe(1);
      actor.stop();
    }
  });

  it('can be created alone, and persisted after it was stopped', () => {
    const actor = createActor(routerLogic).start();
    actor.stop();
    expect(actor.getPersistedSnapshot()).toMatchObject({ status: 'active', state: { version: 1, params: [] } });
  });

  it('refuses a snapshot that is not one of a router', () => {
    const snapshot = { status: 'active', output: undefined, error: undefined } as const;
    const actor = createActor(routerLogic, { snapshot: snapshot });
    const errors: unknown[] = [];
    actor.subscribe({ error: (error) => errors.push(error) });
    actor.start();
    expect(errors).toEqual([new RouterStateError('this is not a persisted snapshot of a router: it has no state')]);
  });
});

describe('a damaged state', () => {
  const param: ParamState = { address: '/a', value: 1, revision: 1, writer: 'w', timestampMicros: 1 };
  const state = (changes: object): object => ({ version: 1, params: [param], gone: [], signals: [], ...changes });
  it.each([
    ['nothing', null, 'this is no state of a router, version 1'],
    ['another version', state({ version: 2 }), 'this is no state of a router, version 1'],
    ['no params', state({ params: 5 }), 'the state of the router is damaged: params is no list'],
    [
      'an invalid address',
      state({ params: [param, { ...param, address: 'a' }] }),
      'the state of the router is damaged at params[1]: invalid address: it does not start with "/"',
    ],
    [
      'an invalid value',
      state({ params: [{ ...param, value: { $int: 'x' } }] }),
      'the state of the router is damaged at params[0]: $int must be a decimal string, such as {"$int": "5"}',
    ],
    [
      'a revision of 0',
      state({ params: [{ ...param, revision: 0 }] }),
      'the state of the router is damaged at params[0]: revision is no number of at least 1',
    ],
    [
      'a tombstone of another shape',
      state({ gone: ['/a'] }),
      'the state of the router is damaged at gone[0]: it is no pair',
    ],
    [
      'a param that no SNAPSHOT can carry',
      state({ params: [{ ...param, value: 'x'.repeat(65_471) }] }),
      'the state of the router is damaged at params[0]: Value too large: address and value are 65475 bytes; the limit is 65474',
    ],
    [
      'a param whose writer leaves too little capacity for its value',
      state({ params: [{ ...param, value: 'x'.repeat(65_400), writer: 'w'.repeat(107) }] }),
      'the state of the router is damaged at params[0]: Value too large: address and value are 65404 bytes; the limit is 65403',
    ],
    [
      'a signal of another shape',
      state({ signals: [5] }),
      expect.stringMatching(/^the state of the router is damaged at signals\[0\]: /),
    ],
    [
      'a signal with an invalid address',
      state({ signals: [{ address: 'a', type: 'event' }] }),
      'the options are invalid: invalid address: it does not start with "/"',
    ],
  ])('is refused with one sentence: %s', (_, damaged, message) => {
    const attempt = (): Router => createRouter({ state: damaged });
    expect(attempt).toThrow(RouterOptionsError);
    expect(attempt).toThrow(expect.objectContaining({ message }));
  });

  it('is refused if it contradicts another option', () => {
    const two = state({ params: [], signals: ['/a', '/b'].map((address) => ({ address, type: 'event' })) });
    expect(() => createRouter({ state: two, maxSignals: 1 })).toThrow(
      new RouterOptionsError('the options are invalid: 0 signals are announced; 2 more would pass the limit of 1'),
    );
    expect(createRouter({ state: two, maxSignals: 2 }).actor.getSnapshot().status).toBe('active');
  });
});

function countOf(writes: readonly (readonly [n: number, value: unknown])[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [n] of writes) counts.set(`/p/${n}`, (counts.get(`/p/${n}`) ?? 0) + 1);
  return counts;
}
