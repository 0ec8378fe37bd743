import { describe, expect, it } from '@jest/globals';
import { setup } from 'xstate';
import { createRouter, type Router, type RouterOptions, type Service, type ServiceRouter } from '../../src/index.js';
import type { ParamWatch, WatchedState } from '../../src/core/observers.js';
import type { RestoredParam } from '../../src/core/params/stored-param.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { cleanUps } from '../support/clean-ups.js';

/** A router with a service that restores what a test gives it. */
async function started(options: RouterOptions = {}, service: Partial<Service> = {}): Promise<[Router, ServiceRouter]> {
  let given: ServiceRouter | undefined;
  const starting: Service = {
    name: 'store',
    start: (router) => {
      given = router;
    },
    ...service,
  };
  const router = createRouter({ services: [starting], ...options });
  cleanUps.push(() => router.stop());
  await router.start();
  return [router, given!]; // set by the start
}

function param(address: string, revision: number, expiresAtMicros?: number): RestoredParam {
  const times = { timestampMicros: 5, ...(expiresAtMicros !== undefined && { expiresAtMicros, ttlSeconds: 60 }) };
  return { address, value: encodeValue(revision), revision, writer: 'desk', ...times };
}

const nothing = { params: [], gone: [], signals: [] };

describe('restore of a service', () => {
  it('adds params, revisions of removed params and announced signals', async () => {
    const [router, store] = await started();
    const signal = { address: '/b', type: 'param', datatype: 'float' } as const;
    const refused = store.restore({ params: [param('/a', 7)], gone: [['/b', 41]], signals: [signal], isLimited: true });
    expect(refused).toBe(0);
    const client = await router.connect();
    await expect(client.get('/a')).resolves.toMatchObject({ value: 7 });
    await expect(client.set('/a', 8)).resolves.toMatchObject({ revision: 8 });
    await expect(client.set('/b', 1)).resolves.toMatchObject({ revision: 42 });
    await expect(client.query('/b')).resolves.toEqual([signal]);
  });

  it('keeps a param that was written before, with the higher revision', async () => {
    const [router, store] = await started();
    const client = await router.connect();
    await client.set('/a', 'new');
    store.restore({ ...nothing, params: [param('/a', 7)], isLimited: true });
    await expect(client.get('/a')).resolves.toMatchObject({ value: 'new' });
    await expect(client.set('/a', 1)).resolves.toMatchObject({ revision: 8 });
  });

  it('admits params up to the limits, first those that come first, and keeps the revisions of the others', async () => {
    const [router, store] = await started({ maxParams: 2 });
    const params = [param('/newest', 3), param('/newer', 2), param('/old', 41)];
    expect(store.restore({ ...nothing, params, isLimited: true })).toBe(1);
    const client = await router.connect();
    await expect(client.set('/old', 1)).resolves.toMatchObject({ revision: 42 }); // evicts the earliest, /newer
    await expect(client.get('/newest')).resolves.toMatchObject({ value: 3 });
    await expect(client.get('/newer')).resolves.toBeUndefined();
  });

  it('expires a restored param at its time', async () => {
    const [router, store] = await started();
    const nowMicros = Date.now() * 1_000;
    const params = [param('/past', 7, nowMicros - 1_000_000), param('/later', 7, nowMicros + 60_000_000)];
    expect(store.restore({ ...nothing, params, isLimited: true })).toBe(0);
    const client = await router.connect();
    await expect(client.get('/later')).resolves.toMatchObject({ value: 7 });
    await expect(client.get('/past')).resolves.toBeUndefined();
    await expect(client.set('/past', 1)).resolves.toMatchObject({ revision: 8 });
  });
});

describe('a paramWatch with attach', () => {
  it('reads the params, the revisions of removed params and the announced signals of the router', async () => {
    let state: WatchedState | undefined;
    const paramWatch: ParamWatch = {
      generation: 1,
      touch: (touched) => (touched.stored = 1),
      attach: (attached) => (state = attached),
    };
    const [, store] = await started({}, { observers: { paramWatch } });
    const signal = { address: '/s', type: 'param' } as const;
    store.restore({ params: [param('/a', 7)], gone: [['/b', 41]], signals: [signal] });
    expect([...state!.params()].map(({ address, revision }) => [address, revision])).toEqual([['/a', 7]]);
    expect([...state!.tombstones()]).toEqual([['/b', 41]]);
    expect(state!.signals()).toEqual([signal]);
  });
});

describe('addActor of a service', () => {
  const machine = setup({}).createMachine({
    id: 'disk',
    initial: 'idle',
    states: { idle: { on: { spin: 'busy' } }, busy: {} },
  });

  it('starts an actor that the root actor lists, and that ends with the router', async () => {
    const [router, store] = await started({}, { machines: [machine] });
    const actor = store.addActor('disk', machine, undefined);
    actor!.send({ type: 'spin' });
    expect(router.actor.getSnapshot().children).toHaveProperty('disk', actor);
    expect(actor!.getSnapshot()).toMatchObject({ value: 'busy' });
    expect(router.machines).toContain(machine);
    expect(() => router.actor.getPersistedSnapshot()).not.toThrow();
    await router.stop();
    expect(actor!.getSnapshot()).toMatchObject({ status: 'stopped' });
    expect(store.addActor('disk 2', machine, undefined)).toBeUndefined();
  });
});
