import { describe, expect, it } from '@jest/globals';
import { type Actor, createActor, createMachine, fromPromise, SimulatedClock } from 'xstate';
import type { Json } from '../../../src/inspector/feed.js';
import {
  type ActorListener,
  createStatelyStream,
  type StatelyStream,
  type StatelyStreamOptions,
  type WatchedActor,
} from '../../../src/inspector/stately/index.js';
import { definitionOf, InspectedSystem, type Message, messagesOf, sanitize } from './inspected-system.js';
import { smallMachine } from './small-machine.js';

interface UnderTest {
  readonly clock: SimulatedClock;
  readonly system: InspectedSystem;
  readonly stream: StatelyStream;
  readonly actor: Actor<typeof smallMachine>;
  readonly batches: (readonly Json[])[];
  readonly unsubscribe: () => void;
}

/** Returns a stream with a subscriber, and a running machine. */
function streaming(options: Partial<StatelyStreamOptions> = {}): UnderTest {
  const clock = new SimulatedClock();
  const system = new InspectedSystem();
  const stream = createStatelyStream(system, { sanitize, clock, ...options });
  const actor = createActor(smallMachine, { inspect: system.inspect, clock, input: { name: 'one' } });
  actor.start();
  const batches: (readonly Json[])[] = [];
  const unsubscribe = stream.subscribe((events) => void batches.push(events));
  return { clock, system, stream, actor, batches, unsubscribe };
}

function kinds(messages: readonly Message[]): unknown[] {
  return messages.map(({ type, sessionId, event, snapshot }) => ({
    type,
    sessionId,
    ...(event !== undefined && { event: (event as Message).type }),
    ...(snapshot !== undefined && { value: (snapshot as Message).value }),
  }));
}

/** A fake actor, whose events the test sends. */
function pretendedActor(sessionId: string, snapshot: () => unknown = () => ({ status: 'active' })): WatchedActor {
  return { sessionId, rootId: 'x:0', parentId: 'x:0', id: 'router', config: undefined, snapshot };
}

/** Returns a stream whose events the test sends. */
function told(options: Partial<StatelyStreamOptions> = {}): {
  readonly clock: SimulatedClock;
  readonly tell: ActorListener;
  readonly batches: (readonly Json[])[];
} {
  const clock = new SimulatedClock();
  let tell: ActorListener | undefined;
  const actors = {
    all: () => [],
    subscribe: (listener: ActorListener) => {
      tell = listener;
      return () => undefined;
    },
  };
  const batches: (readonly Json[])[] = [];
  createStatelyStream(actors, { sanitize, clock, ...options }).subscribe((events) => void batches.push(events));
  return { clock, tell: tell!, batches }; // the stream has just subscribed
}

describe('the replay', () => {
  it('contains every present actor with its present state, parents first', () => {
    const { stream, actor } = streaming();
    actor.send({ type: 'go', by: 1 });
    const replay = messagesOf([stream.replay()]);
    const id = actor.sessionId;
    expect(replay).toMatchObject([
      { type: '@xstate.actor', name: 'small', sessionId: id, rootId: id, snapshot: { value: { busy: 'first' } } },
      { type: '@xstate.actor', name: 'tally', rootId: id, parentId: id, definition: '{"id":"tally"}' },
      { type: '@xstate.actor', name: 'never', rootId: id, parentId: id, definition: '{"id":"never"}' },
    ]);
    expect(replay[0]).not.toHaveProperty('parentId');
    expect(definitionOf(replay[0]!)).toMatchObject({
      id: 'small',
      states: { busy: { states: { first: {}, second: {} } } },
    });
  });

  it('and the batches after it have no gap and no duplicate', () => {
    const { stream, clock, actor, batches } = streaming();
    actor.send({ type: 'go', by: 1 }); // pending when the second subscriber is added
    const late: (readonly Json[])[] = [];
    const replay = messagesOf([stream.replay()]);
    stream.subscribe((events) => void late.push(events));
    actor.send({ type: 'back' });
    clock.increment(50);
    expect(replay[0]).toMatchObject({ snapshot: { value: { busy: 'first' } } });
    const heard = messagesOf(late).map(({ event }) => (event as Message | undefined)?.type);
    expect(heard).toEqual(expect.arrayContaining(['back']));
    expect(heard).not.toContain('go');
    expect(messagesOf(late).filter(({ type }) => type === '@xstate.actor')).toEqual([]);
    expect(messagesOf(batches).some(({ event }) => (event as Message | undefined)?.type === 'go')).toBe(true);
  });
});

describe('a lazy replay', () => {
  it('has the state of each actor at the time of the read, and no later actors', () => {
    const { stream, actor, clock } = streaming();
    const pieces = stream.replayEach();
    clock.increment(30);
    actor.send({ type: 'go', by: 1 }); // invokes another actor
    expect(messagesOf([[...pieces]])).toMatchObject([
      { name: 'small', createdAt: '30', snapshot: { value: { busy: 'first' } } },
      { name: 'tally' },
    ]);
  });
});

describe('the name of an actor', () => {
  it.each([
    ['is its own', { id: 'front door', config: { id: 'listener' } }, 'front door'],
    ['is that of its machine where it has none', { id: 'x:1', config: { id: 'listener' } }, 'listener'],
    ['is its session id where its machine has none either', { id: 'x:1', config: {} }, 'x:1'],
    ['is its own where it is no machine', { id: 'router' }, 'router'],
  ])('%s', (_, actor, name) => {
    const { clock, tell, batches } = told();
    tell.actorStarted({ ...pretendedActor('x:1'), ...actor });
    clock.increment(50);
    expect(messagesOf(batches)).toMatchObject([{ type: '@xstate.actor', name }]);
  });
});

describe('the stream', () => {
  it('sends a batch 50 ms after its first event, in order, with only the last snapshot of each actor', () => {
    const { clock, actor, batches } = streaming();
    actor.send({ type: 'go', by: 1 });
    clock.increment(49);
    actor.send({ type: 'back' });
    expect(batches).toHaveLength(0);
    clock.increment(1);
    expect(batches).toHaveLength(1);
    const id = actor.sessionId;
    const own = messagesOf(batches).filter(({ sessionId }) => sessionId === id);
    expect(kinds(own)).toEqual([
      { type: '@xstate.event', sessionId: id, event: 'go' },
      { type: '@xstate.event', sessionId: id, event: 'back' },
      { type: '@xstate.snapshot', sessionId: id, event: 'back', value: 'idle' },
    ]);
    clock.increment(1_000);
    expect(batches).toHaveLength(1);
  });

  it('has the time of an event, not the time of its batch', () => {
    const { clock, actor, batches } = streaming();
    clock.increment(1_000);
    actor.send({ type: 'go', by: 1 });
    clock.increment(30);
    actor.send({ type: 'back' });
    clock.increment(50);
    const events = messagesOf(batches).filter(
      ({ type, sessionId }) => type === '@xstate.event' && sessionId === actor.sessionId,
    );
    expect(events.map(({ createdAt }) => createdAt)).toEqual(['1000', '1030']);
  });

  it('observes nothing without subscribers, and forgets pending events', () => {
    const { system, clock, actor, batches, stream, unsubscribe } = streaming();
    expect(system.listenerCount).toBe(1);
    actor.send({ type: 'go', by: 1 });
    unsubscribe();
    unsubscribe();
    expect(system.listenerCount).toBe(0);
    const later: (readonly Json[])[] = [];
    const again = stream.subscribe((events) => void later.push(events));
    expect(system.listenerCount).toBe(1);
    clock.increment(1_000); // fires the machine's own timer
    clock.increment(50);
    expect(batches).toEqual([]);
    expect(kinds(messagesOf(later)).map((kind) => (kind as { event?: string }).event)).not.toContain('go');
    again();
    expect(system.listenerCount).toBe(0);
  });

  it('continues for a subscriber when another one is removed', () => {
    const { system, stream, clock, actor, batches } = streaming();
    const other: (readonly Json[])[] = [];
    const away = stream.subscribe((events) => void other.push(events));
    away();
    expect(system.listenerCount).toBe(1);
    actor.send({ type: 'go', by: 1 });
    clock.increment(50);
    expect([batches.length, other.length]).toEqual([1, 0]);
  });

  it('drops events above the limit of a batch, but no actors and no latest snapshots', () => {
    const { clock, tell, batches } = told({ maxEventsPerBatch: 3 });
    const actor = pretendedActor('x:1');
    tell.actorStarted(actor);
    for (let n = 0; n < 10; n++) {
      tell.eventSeen(actor, { type: `event.${n}` }, undefined);
      tell.snapshotTaken(actor, { type: `event.${n}` }, { status: 'active', n });
    }
    tell.actorStarted(pretendedActor('x:2'));
    clock.increment(50);
    expect(messagesOf(batches).map(({ type }) => type)).toEqual([
      '@xstate.actor',
      '@xstate.event',
      '@xstate.event',
      '@xstate.event',
      '@xstate.snapshot',
      '@xstate.actor',
    ]);
    expect(messagesOf(batches)[4]).toMatchObject({ snapshot: { n: 9 } });
    tell.eventSeen(actor, { type: 'later' }, undefined); // the limit applies per batch
    clock.increment(50);
    expect(messagesOf(batches.slice(1))).toMatchObject([{ type: '@xstate.event', event: { type: 'later' } }]);
  });
});

describe('events of the data plane', () => {
  const router = pretendedActor('x:1');
  const frames = (count: number): object[] => Array.from({ length: count }, () => ({ token: 'frame' }));

  it('are shown four times per second, as counts', () => {
    const { clock, tell, batches } = told();
    for (let tick = 0; tick < 1_000; tick++) {
      const event = { type: 'inbound.batch', batches: [{ frames: frames(3) }, { frames: frames(2) }] };
      tell.eventSeen(router, event, 'x:7');
      tell.snapshotTaken(router, event, { status: 'active', messages: tick });
      clock.increment(1);
    }
    expect(batches).toHaveLength(4);
    const numbers = { times: 250, batches: 500, frames: 1_250 };
    expect(messagesOf(batches.slice(0, 1))).toEqual([
      expect.objectContaining({ type: '@xstate.event', sourceId: 'x:7', event: { type: 'inbound.batch', ...numbers } }),
      expect.objectContaining({
        type: '@xstate.snapshot',
        event: { type: 'inbound.batch', ...numbers },
        snapshot: { status: 'active', messages: 249 },
      }),
    ]);
    expect(JSON.stringify(batches)).not.toContain('frame"');
  });

  it.each(['clock.due', 'tasks.continue', 'params.requested', 'sessions.requested'])('include %s', (type) => {
    const { clock, tell, batches } = told();
    tell.eventSeen(router, { type }, undefined);
    tell.eventSeen(router, { type }, undefined);
    clock.increment(249);
    expect(batches).toEqual([]);
    clock.increment(1);
    expect(messagesOf(batches)).toMatchObject([{ type: '@xstate.event', event: { type, times: 2 } }]);
  });

  it('never restore an older snapshot', () => {
    const { clock, tell, batches } = told();
    tell.snapshotTaken(router, { type: 'clock.due' }, { status: 'active', n: 1 });
    tell.snapshotTaken(router, { type: 'session.opened' }, { status: 'active', n: 2 });
    clock.increment(210);
    tell.snapshotTaken(router, { type: 'session.closed' }, { status: 'active', n: 3 });
    tell.snapshotTaken(router, { type: 'clock.due' }, { status: 'active', n: 4 });
    clock.increment(1_000);
    expect(messagesOf(batches).map(({ snapshot }) => (snapshot as Message).n)).toEqual([2, 4]);
  });

  it('of an actor that has ended are sent with its end', () => {
    const { clock, tell, batches } = told();
    tell.eventSeen(router, { type: 'clock.due' }, undefined);
    tell.snapshotTaken(router, { type: 'clock.due' }, { status: 'active' });
    tell.snapshotTaken(router, { type: 'xstate.stop' }, { status: 'stopped' });
    tell.actorStopped(router);
    clock.increment(50);
    clock.increment(1_000);
    expect(batches).toHaveLength(1);
    expect(messagesOf(batches)).toMatchObject([
      { type: '@xstate.snapshot', snapshot: { status: 'stopped' } },
      { type: '@xstate.event', event: { type: 'clock.due', times: 1 } },
    ]);
  });

  it("of a host's actor with the same name and another shape cause no error", () => {
    const { clock, tell, batches } = told();
    const odd: readonly { readonly type: string; readonly batches?: unknown }[] = [
      { type: 'inbound.batch' },
      { type: 'inbound.batch', batches: 7 },
      { type: 'inbound.batch', batches: [null, {}, { frames: 'many' }] },
    ];
    for (const event of odd) tell.eventSeen(router, event, undefined);
    clock.increment(250);
    expect(messagesOf(batches)).toMatchObject([{ event: { times: 3, batches: 3, frames: 0 } }]);
  });
});

describe('secrets', () => {
  const secret = { token: 'hush' };

  it('are omitted wherever a machine can contain or send them', async () => {
    const clock = new SimulatedClock();
    const system = new InspectedSystem();
    const machine = createMachine({
      id: 'keeper',
      context: { grant: secret },
      output: secret,
      states: {
        // Names of states and events, not of data.
        context: { meta: secret, entry: { type: 'open', params: secret }, on: { input: 'params', fail: 'params' } },
        params: {
          invoke: { src: fromPromise(() => Promise.reject(Object.assign(new Error('no'), secret))), input: secret },
        },
      },
      initial: 'context',
    });
    const stream = createStatelyStream(system, { sanitize, clock });
    const batches: (readonly Json[])[] = [];
    stream.subscribe((events) => void batches.push(events));
    const actor = createActor(machine, { inspect: system.inspect, clock, input: secret });
    actor.subscribe({ error: () => undefined });
    actor.start();
    clock.increment(50);
    actor.send({ type: 'input', ...secret });
    const replay = stream.replay();
    await new Promise((resolve) => setImmediate(resolve));
    clock.increment(50);
    const all = JSON.stringify([replay, ...batches]);
    expect(all).not.toContain('hush');
    expect(all.split('[hidden]').length).toBeGreaterThan(10);
    expect(definitionOf(messagesOf([replay])[0]!)).toMatchObject({
      context: { grant: { token: '[hidden]' } },
      states: {
        context: {
          meta: { token: '[hidden]' },
          entry: { type: 'open', params: { token: '[hidden]' } },
          on: { input: 'params', fail: 'params' },
        },
        params: { invoke: { input: { token: '[hidden]' } } },
      },
    });
  });

  it('are omitted from actors that are not machines', () => {
    const { clock, tell, batches } = told();
    const actor = pretendedActor('x:1', () => ({ status: 'active', ...secret, deep: { ...secret } }));
    tell.actorStarted(actor);
    tell.eventSeen(actor, { type: 'knock', ...secret }, undefined);
    tell.snapshotTaken(actor, { type: 'knock' }, actor.snapshot());
    clock.increment(50);
    const shown = { status: 'active', token: '[hidden]', deep: { token: '[hidden]' } };
    expect(messagesOf(batches)).toMatchObject([
      { snapshot: shown },
      { event: { token: '[hidden]' } },
      { snapshot: shown },
    ]);
  });
});

describe('a sanitize that removes everything', () => {
  it('keeps types, states and status', () => {
    const { clock, actor, batches, stream } = streaming({ sanitize: () => '[…]' });
    actor.send({ type: 'go', by: 1 });
    clock.increment(50);
    const [event] = messagesOf(batches).filter(
      ({ type, sessionId }) => type === '@xstate.event' && sessionId === actor.sessionId,
    );
    expect(event).toMatchObject({ event: { type: 'go' } });
    expect(messagesOf([stream.replay()])).toMatchObject([
      { snapshot: { status: 'active', value: { busy: 'first' }, tags: [], children: { never: { id: 'never' } } } },
      { snapshot: { status: 'active' } },
      { snapshot: { status: 'active' } },
    ]);
  });
});
