import { afterEach, describe, expect, it } from '@jest/globals';
import { map, throttleTime } from 'rxjs';
import { assign, createActor, setup, waitFor } from 'xstate';
import { claspMachine, type ClaspParamEvent, fromClasp, type SignalSource } from '../../src/embed/index.js';
import { createRouter } from '../../src/router/create-router.js';
import type { Router } from '../../src/router/router.js';

interface Context {
  readonly source: SignalSource | undefined;
  readonly faders: readonly ClaspParamEvent[];
  readonly error: unknown;
}

const desk = setup({
  types: {
    context: {} as Context,
    events: {} as ClaspParamEvent | { readonly type: 'rest' },
    input: {} as SignalSource | undefined,
  },
  actors: { faders: fromClasp('/faders/*', { types: ['param'] }) },
}).createMachine({
  context: ({ input }) => ({ source: input, faders: [], error: undefined }),
  initial: 'playing',
  states: {
    playing: {
      invoke: {
        src: 'faders',
        input: ({ context: { source } }) => (source === undefined ? undefined : { router: source }),
        onDone: 'done',
        onError: { target: 'troubled', actions: assign({ error: ({ event }) => event.error }) },
      },
      on: {
        'clasp.param': { actions: assign({ faders: ({ context, event }) => [...context.faders, event] }) },
        rest: 'resting',
      },
    },
    resting: {},
    done: {},
    troubled: {},
  },
});

let router: Router | undefined;
afterEach(() => router?.stop());

function subscriptionsOf({ actor }: Router): number {
  return actor.getSnapshot().children.router!.getSnapshot().subscriptions; // it exists as long as the router
}

describe('fromClasp', () => {
  it('sends matching signals to the machine while the invoking state is active', async () => {
    router = createRouter();
    const client = await router.connect();
    await client.set('/faders/0', 0.25);
    const actor = createActor(desk, { input: router }).start();
    await waitFor(actor, ({ context }) => context.faders.length === 1, { timeout: Infinity });
    await client.set('/faders/1', 0.5);
    await client.set('/other/1', 1);
    client.emit('/faders/1', 'an event');
    await client.set('/faders/2', 0.75);
    await waitFor(actor, ({ context }) => context.faders.length === 3, { timeout: Infinity });
    expect(actor.getSnapshot().context.faders).toMatchObject([
      { type: 'clasp.param', address: '/faders/0', value: 0.25, fromSnapshot: true },
      { type: 'clasp.param', address: '/faders/1', value: 0.5, fromSnapshot: false },
      { type: 'clasp.param', address: '/faders/2', value: 0.75 },
    ]);
    expect(subscriptionsOf(router)).toBe(1);
    actor.send({ type: 'rest' });
    await client.ping();
    expect(subscriptionsOf(router)).toBe(0);
  });

  it('accepts a session as well, and is done when it closes', async () => {
    router = createRouter();
    const client = await router.connect();
    const actor = createActor(desk, { input: client }).start();
    await client.set('/faders/1', 1);
    await waitFor(actor, ({ context }) => context.faders.length === 1, { timeout: Infinity });
    await client.close();
    await waitFor(actor, (state) => state.matches('done'), { timeout: Infinity });
  });

  it('is done when the router stops', async () => {
    router = createRouter();
    const actor = createActor(desk, { input: router }).start();
    await router.connect().then((client) => client.ping());
    await router.stop();
    await waitFor(actor, (state) => state.matches('done'), { timeout: Infinity });
  });

  it('finds the router of its system, and fails without one', async () => {
    const parent = setup({ actors: { clasp: claspMachine, desk } }).createMachine({
      invoke: [
        { src: 'clasp', id: 'clasp', systemId: 'clasp' },
        { src: 'desk', id: 'desk', systemId: 'desk', input: undefined },
      ],
    });
    const actor = createActor(parent).start();
    const clasp = actor.getSnapshot().children.clasp!;
    clasp.send({ type: 'clasp.set', address: '/faders/1', value: 1 });
    const found = actor.system.get('desk') as ReturnType<typeof createActor<typeof desk>>;
    await waitFor(found, ({ context }) => context.faders.length === 1, { timeout: Infinity });
    actor.stop();

    const alone = createActor(desk, { input: undefined }).start();
    await waitFor(alone, (state) => state.matches('troubled'), { timeout: Infinity });
    expect(String(alone.getSnapshot().context.error)).toMatch('no router has the system id "clasp"');
  });

  it('can be replaced by RxJS operators on signals$', async () => {
    router = createRouter();
    const client = await router.connect();
    const percents: number[] = [];
    const subscription = router
      .signals$('/faders/*', { types: ['param'] })
      .pipe(
        map(({ value }) => Number(value) * 100),
        throttleTime(60_000), // only the first in this minute
      )
      .subscribe((percent) => percents.push(percent));
    while (subscriptionsOf(router) === 0) await client.ping();
    for (const value of [0.5, 0.25, 0]) await client.set('/faders/1', value);
    await client.ping();
    subscription.unsubscribe();
    expect(percents).toEqual([50]);
  });
});
