import { describe, expect, it } from '@jest/globals';
import { createActor, setup, SimulatedClock, spawnChild, stopChild } from 'xstate';
import { Registry } from '../../src/inspector/registry.js';
import { watchActor } from '../../src/inspector/watch-actor.js';
import { watchActors } from '../../src/inspector/watch-actors.js';
import { Collected } from './collected.js';

const lampNamed = <Id extends string>(id: Id) =>
  setup({}).createMachine({
    id,
    initial: 'off',
    states: {
      off: { on: { turn: 'on' } },
      on: { on: { turn: 'off', burn: 'burnt' } },
      burnt: { type: 'final' },
    },
  });
const lamp = lampNamed('lamp');
const session = lampNamed('session');

const house = setup({ actors: { lamp, session } }).createMachine({
  id: 'house',
  invoke: { src: 'lamp', id: 'first', systemId: 'lamp:first' },
  on: {
    add: { actions: spawnChild('lamp', { id: 'late', systemId: 'lamp:late' }) },
    remove: { actions: stopChild('late') },
    open: { actions: spawnChild('session', { id: 's1' }) },
  },
});

function watched() {
  const clock = new SimulatedClock();
  const root = createActor(house).start();
  const registry = new Registry(clock);
  registry.watch(root, []);
  const told = new Collected();
  /** Returns XState's session id of a child. */
  const idOf = (name: string): string => root.getSnapshot().children[name]!.sessionId;
  const turn = (name: string, type = 'turn'): void => {
    root.getSnapshot().children[name]!.send({ type }); // of any child, by name
  };
  const names = (): readonly string[] => registry.rows().map(({ name }) => name);
  return { clock, root, registry, told, idOf, turn, names };
}

describe('the registry of actors', () => {
  it('contains the actors that existed before, by their system ids', () => {
    const { registry, root } = watched();
    expect(registry.rows()).toMatchObject([
      { name: 'house', parent: undefined, machine: 'house', status: 'active' },
      { name: 'lamp:first', parent: root.sessionId, machine: 'lamp', status: 'active', state: 'off' },
    ]);
  });

  it('contains actors that start later, by their system ids, until they are stopped', () => {
    const { registry, root, names } = watched();
    root.send({ type: 'add' });
    expect(registry.rows().at(-1)).toMatchObject({
      name: 'lamp:late',
      machine: 'lamp',
      state: 'off',
      status: 'active',
    });
    root.send({ type: 'remove' });
    expect(names()).toEqual(['house', 'lamp:first']);
  });

  it('removes an actor that ends by itself', () => {
    const { turn, names } = watched();
    turn('first');
    turn('first', 'burn');
    expect(names()).toEqual(['house']);
  });

  it('lists no sessions, which have their own view', () => {
    const { root, names, registry, idOf } = watched();
    root.send({ type: 'open' });
    expect(names()).toEqual(['house', 'lamp:first']);
    expect(registry.find(idOf('s1'))).toMatchObject({ machine: 'session' });
  });

  it('records transitions with times, and the first one with its initial state', () => {
    const { root, clock, registry, idOf, turn } = watched();
    root.send({ type: 'add' });
    clock.increment(5);
    turn('late');
    expect(registry.find(idOf('late'))?.transitions).toMatchObject([
      { event: 'xstate.init', from: 'off', to: 'off', atMs: 0 },
      { event: 'turn', from: 'off', to: 'on', atMs: 5 },
    ]);
    expect(registry.find(idOf('late'))).toMatchObject({ state: 'on', sinceMs: 5 });
  });

  it.each([
    ['machine', 'first', 50],
    ['session', 's1', 20],
  ])('records only the last transitions of a %s', (_, name, kept) => {
    const { root, registry, idOf, turn, clock } = watched();
    root.send({ type: 'open' });
    for (let turns = 0; turns < 80; turns++) {
      clock.increment(1);
      turn(name);
    }
    const transitions = registry.find(idOf(name))!.transitions;
    expect(transitions).toHaveLength(kept);
    expect(transitions.at(-1)?.atMs).toBe(80);
  });

  it('receives nothing after it is stopped', () => {
    const { root, registry, names } = watched();
    registry.stop();
    root.send({ type: 'add' });
    expect(names()).toEqual([]);
  });
});

describe('the list of actors', () => {
  it('is sent when it has changed, once for many changes', () => {
    const { root, registry, clock, told, turn } = watched();
    const running = watchActors(registry, clock, told.sendFeed);
    expect(told.last('actors').actors).toHaveLength(2);
    root.send({ type: 'add' });
    for (let turns = 0; turns < 101; turns++) turn('late');
    clock.increment(100);
    expect(told.of('actors')).toHaveLength(2);
    expect(told.last('actors').actors.at(-1)).toMatchObject({ name: 'lamp:late', state: 'on' });
    turn('late');
    turn('late');
    root.send({ type: 'open' });
    clock.increment(1_000);
    expect(told.of('actors')).toHaveLength(2); // unchanged: sessions do not count
    running.stop();
    root.send({ type: 'remove' });
    clock.increment(1_000);
    expect(told.of('actors')).toHaveLength(2);
  });
});

describe('the view of one actor', () => {
  it('shows earlier transitions to a page that opens later', () => {
    const { registry, clock, told, idOf, turn } = watched();
    turn('first');
    watchActor(registry, idOf('first'), clock, told.sendFeed);
    expect(told.last('actor').actor).toMatchObject({
      state: 'on',
      activeNodes: ['lamp', 'lamp.on'],
      transitions: [{ event: 'turn', from: 'off', to: 'on' }],
    });
  });

  it('sends at most one message per 50 ms, with the latest state', () => {
    const { registry, clock, told, idOf, turn } = watched();
    watchActor(registry, idOf('first'), clock, told.sendFeed);
    for (let turns = 0; turns < 31; turns++) turn('first');
    clock.increment(49);
    expect(told.messages).toHaveLength(1);
    clock.increment(1);
    expect(told.of('actor').map(({ actor }) => actor.state)).toEqual(['off', 'on']);
    clock.increment(1_000);
    expect(told.messages).toHaveLength(2);
  });

  it('sends the end of its actor, and nothing of other actors', () => {
    const { registry, root, clock, told, idOf, turn } = watched();
    root.send({ type: 'add' });
    watchActor(registry, idOf('late'), clock, told.sendFeed);
    turn('first');
    clock.increment(50);
    expect(told.messages).toHaveLength(1);
    root.send({ type: 'remove' });
    clock.increment(50);
    expect(told.last('actor').actor.status).toBe('stopped');
  });

  it('reports that the actor does not exist, and ends when it is stopped', () => {
    const { registry, clock, told, idOf, turn } = watched();
    watchActor(registry, 'x:none', clock, told.sendFeed);
    expect(told.messages).toEqual([{ type: 'refused', text: 'the actor no longer exists' }]);
    const running = watchActor(registry, idOf('first'), clock, told.sendFeed);
    turn('first');
    running.stop();
    clock.increment(1_000);
    expect(told.of('actor')).toHaveLength(1);
  });
});
