import { describe, expect, it } from '@jest/globals';
import { type AnyActorRef, createActor, setup, waitFor } from 'xstate';
import { connect } from '../../src/client/index.js';
import { connectionLink } from '../../src/client/connection-link.js';
import { type ClaspInput, claspMachine } from '../../src/embed/index.js';
import { memory } from '../../src/transports/memory/index.js';
import { claspIn, host, told } from './hosts.js';
import { SteadyClock } from '../support/steady-clock.js';
import { begun, start, heard, broken } from './started-host.js';

describe('its end', () => {
  it('follows clasp.stop, after earlier requests', async () => {
    const actor = await start({ subscribe: ['/**'] });
    const clasp = claspIn(actor);
    clasp.send({ type: 'clasp.set', address: '/a', value: 1 });
    clasp.send({ type: 'clasp.stop' });
    clasp.send({ type: 'clasp.set', address: '/a', value: 2 });
    clasp.send({ type: 'clasp.stop' }); // has no further effect
    await waitFor(actor, (snapshot) => snapshot.matches('ended'), { timeout: Infinity });
    const { heard } = actor.getSnapshot().context;
    expect(told(heard, 'clasp.param')).toMatchObject([{ value: 1 }]);
    expect(told(heard, 'clasp.refused')).toMatchObject([{ request: { value: 2 }, error: { kind: 'closed' } }]);
    expect(heard.at(-1)).toEqual({ type: 'clasp.stopped' });
    expect(clasp.getSnapshot().output?.state().params).toMatchObject([{ address: '/a', revision: 1 }]);
  });

  it.each(['opening', 'running', 'stopping'] as const)(
    'leaves no listener open if the parent leaves the state while %s',
    async (state) => {
      const door = memory();
      const started = begun(createActor(host, { input: { transports: [door] } }));
      const clasp = claspIn(started);
      if (state !== 'opening') await waitFor(clasp, (snapshot) => snapshot.matches('running'), { timeout: Infinity });
      if (state === 'stopping') clasp.send({ type: 'clasp.stop' });
      expect(clasp.getSnapshot().matches(state)).toBe(true);
      started.send({ type: 'off' });
      const { heard: before } = started.getSnapshot().context;
      await turns(20);
      await expect(
        connect(
          connectionLink(() => door.connect()),
          { reconnect: false },
        ),
      ).rejects.toThrow();
      expect(started.getSnapshot().context.heard).toEqual(before);
    },
  );

  it('disconnects its peers without a close when the parent leaves the state', async () => {
    const door = memory();
    const actor = await start({ transports: [door] });
    const guest = await connect(
      connectionLink(() => door.connect()),
      { reconnect: false },
    );
    const closed = new Promise((resolve) => guest.onState(({ state }) => state === 'closed' && resolve(state)));
    await heard(actor, (events) => told(events, 'clasp.session.opened').length > 0);
    actor.send({ type: 'off' });
    await closed;
    expect(actor.getSnapshot().context.heard.map(({ type }) => type)).toEqual([
      'clasp.listening',
      'clasp.session.opened',
    ]);
  });

  it('is reached also if it is stopped before it runs', async () => {
    const started = begun(createActor(host, { input: { transports: [memory()] } }));
    claspIn(started).send({ type: 'clasp.set', address: '/a', value: 1 });
    claspIn(started).send({ type: 'clasp.stop' });
    await waitFor(started, (snapshot) => snapshot.matches('ended'), { timeout: Infinity });
    expect(started.getSnapshot().context.heard.map(({ type }) => type)).toEqual(['clasp.refused', 'clasp.stopped']);
  });

  it('uses the clock of its system', async () => {
    const clock = new SteadyClock();
    const actor = await start({ drainTimeoutSeconds: 5, subscribe: ['/t'] }, clock);
    const { router } = claspIn(actor).getSnapshot().context;
    const guest = await router.connect();
    await guest.set('/t', 1, { ttlSeconds: 60 });
    clock.increment(59_999);
    expect(router.state().params).toHaveLength(1);
    clock.increment(2);
    await expect(guest.get('/t')).resolves.toBeUndefined();
    await guest.close();
  });
});

describe('a failure', () => {
  it.each<[string, ClaspInput, RegExp]>([
    ['an option that is none', { maxSesions: 1 } as ClaspInput, /did you mean "maxSessions"/],
    [
      'options that contradict each other',
      {
        maxSignals: 1,
        state: {
          version: 1,
          params: [],
          gone: [],
          signals: ['/a', '/b'].map((address) => ({ address, type: 'event' })),
        },
      },
      /the options are invalid: .* limit of 1/,
    ],
    ['a door that does not open', { transports: [memory(), broken] }, /port 1 is taken/],
    ['a pattern that is none', { subscribe: ['lights'] }, /pattern/i],
    [
      'no capacity for its own session',
      {
        maxSessions: 1,
        newId: () => {
          throw new Error('no id');
        },
      },
      /router|cannot|cut/,
    ],
  ])('of the input, such as %s, causes onError of the parent', async (_, input, text) => {
    const started = begun(createActor(host, { input }));
    await waitFor(started, (snapshot) => snapshot.matches('troubled'), { timeout: Infinity });
    expect(String(started.getSnapshot().context.error)).toMatch(text);
  });

  it('of one listener closes the others', async () => {
    const door = memory();
    const started = begun(createActor(host, { input: { transports: [door, broken] } }));
    await waitFor(started, (snapshot) => snapshot.matches('troubled'), { timeout: Infinity });
    await turns(20);
    await expect(
      connect(
        connectionLink(() => door.connect()),
        { reconnect: false },
      ),
    ).rejects.toThrow();
  });

  it('of two routers with the same ids states the fix', async () => {
    const first = await start();
    const parent = setup({ actors: { clasp: claspMachine } }).createMachine({
      invoke: [
        { id: 'one', src: 'clasp' },
        { id: 'two', src: 'clasp', onError: '.told' },
      ],
      initial: 'waiting',
      states: { waiting: {}, told: {} },
    });
    const errors: unknown[] = [];
    const actor = createActor(parent, {
      inspect: (event) => {
        if (event.type === '@xstate.event' && event.event.type === 'xstate.error.actor.two') {
          errors.push((event.event as { error?: unknown }).error);
        }
      },
    }).start();
    await turns(20);
    expect(actor.getSnapshot().value).toBe('told');
    expect(String(errors[0])).toMatch('give each of its routers a systemIdPrefix');
    actor.stop();
    first.stop();
  });

  it('of the router itself is an error of the actor, and the next router works', async () => {
    const door = memory();
    const actor = await start({ transports: [door], drainTimeoutSeconds: 0 });
    const guest = await connect(
      connectionLink(() => door.connect()),
      { reconnect: false },
    );
    const closed = new Promise((resolve) => guest.onState(({ state }) => state === 'closed' && resolve(state)));
    breakRouter(actor);
    await waitFor(actor, (snapshot) => snapshot.matches('troubled'), { timeout: Infinity });
    expect(String(actor.getSnapshot().context.error)).toMatch('is not iterable');
    await closed;
    actor.send({ type: 'again' });
    await heard(actor, (events) => told(events, 'clasp.listening').length === 2);
    const next = await connect(connectionLink(() => door.connect()));
    await next.close();
  });

  it('of its logger has no effect on a router', async () => {
    const fail = (): never => {
      throw new Error('disk full');
    };
    const actor = await start({ logger: { debug: fail, info: fail, warn: fail, error: fail } });
    claspIn(actor).send({ type: 'clasp.stop' });
    await waitFor(actor, (snapshot) => !snapshot.matches('on'), { timeout: Infinity });
    expect(actor.getSnapshot().value).toBe('ended');
  });
});

/** Causes an internal error from outside, with an invalid event. */
function breakRouter(actor: AnyActorRef): void {
  const router = actor.system.get('router') as AnyActorRef;
  router.send({ type: 'inbound.batch', batches: 5 });
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
