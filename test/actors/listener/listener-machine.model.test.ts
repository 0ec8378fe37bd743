import { describe, expect, it } from '@jest/globals';
import { type Actor, createActor, SimulatedClock } from 'xstate';
import { listenerMachine } from '../../../src/actors/listener/listener-machine.js';
import { silentLogger } from '../../../src/core/ports.js';
import { type FakeListener, type FakeTransport, fakeTransport, settled } from './fake-transport.js';

/**
 * All sequences of external events of a listener, up to a depth. The machine depends on promises and listeners, so the
 * test walks the graph of external events, not that of actor events.
 */
const moves = ['opens', 'refuses', 'breaks', 'shuts', 'told to close', 'time passes', 'port is free'] as const;
type Move = (typeof moves)[number];

const DEPTH = 5;

interface World {
  readonly actor: Actor<typeof listenerMachine>;
  readonly transport: FakeTransport;
  readonly clock: SimulatedClock;
  readonly listeners: FakeListener[];
  toldToClose: boolean;
}

describe('the listener machine, with every sequence of external events', () => {
  it('never loses a listener, keeps an unwanted retry, or fails to end', async () => {
    const visited = new Set<string>();
    let paths: readonly (readonly Move[])[] = [[]];
    for (let depth = 0; depth <= DEPTH; depth++) {
      const longer: (readonly Move[])[] = [];
      for (const path of paths) {
        const world = await walk(path);
        visited.add(JSON.stringify(world.actor.getSnapshot().value));
        checkInvariants(world, path);
        for (const move of moves) if (isPossible(world, move)) longer.push([...path, move]);
        await checkEnds(world, path);
      }
      paths = longer;
    }
    expect([...visited].sort()).toEqual(
      ['"backingOff"', '"binding"', '"closed"', '"failed"', '{"open":"closing"}', '{"open":"listening"}'].sort(),
    );
  });
});

async function walk(path: readonly Move[]): Promise<World> {
  const transport = fakeTransport();
  const clock = new SimulatedClock();
  const actor = createActor(listenerMachine, {
    clock,
    input: { transport, accept: () => undefined, logger: silentLogger },
  });
  const world: World = { actor, transport, clock, listeners: [], toldToClose: false };
  actor.start();
  for (const move of path) {
    make(world, move);
    await settled();
  }
  return world;
}

function isPossible({ actor, listeners }: World, move: Move): boolean {
  const snapshot = actor.getSnapshot();
  const last = listeners.at(-1);
  switch (move) {
    case 'opens':
    case 'refuses':
      return snapshot.matches('binding');
    case 'breaks':
    case 'shuts':
      return snapshot.matches('open') && last !== undefined;
    case 'port is free':
      return snapshot.matches({ open: 'closing' }) && last !== undefined;
    case 'told to close':
    case 'time passes':
      return true;
  }
}

function make(world: World, move: Move): void {
  const last = world.listeners.at(-1);
  switch (move) {
    case 'opens':
      world.listeners.push(world.transport.open());
      return;
    case 'refuses':
      world.transport.refuse();
      return;
    case 'breaks':
      last?.connections$.error(new Error('broken'));
      return;
    case 'shuts':
    case 'port is free':
      last?.finishClosing();
      return;
    case 'told to close':
      world.actor.send({ type: 'listener.closing' });
      world.toldToClose = true;
      return;
    case 'time passes':
      world.clock.increment(60_000);
      return;
  }
}

function checkInvariants({ actor, listeners, toldToClose }: World, path: readonly Move[]): void {
  const snapshot = actor.getSnapshot();
  const listening = snapshot.matches({ open: 'listening' });
  const because = path.join(', ');
  // Every listener except the current one has been closed, once.
  const closeCalls = listeners.map((listener) => listener.closeCalls());
  expect({ because, closeCalls }).toEqual({
    because,
    closeCalls: listeners.map((_, i) => (listening && i === listeners.length - 1 ? 0 : 1)),
  });
  expect({ because, addresses: snapshot.context.addresses.length }).toEqual({
    because,
    addresses: snapshot.matches('open') ? 1 : 0,
  });
  if (toldToClose) expect({ because, listening }).toEqual({ because, listening: false });
  expect({ because, failed: snapshot.matches('failed') }).toEqual({
    because,
    // Only the first result can be a failure, and only before the machine is closed.
    failed: path.find((move) => move === 'opens' || move === 'refuses' || move === 'told to close') === 'refuses',
  });
}

/** From any state, it ends after it is closed and the transport has answered. */
async function checkEnds(world: World, path: readonly Move[]): Promise<void> {
  make(world, 'told to close');
  if (world.actor.getSnapshot().matches('binding')) make(world, 'opens');
  await settled();
  if (world.actor.getSnapshot().status === 'active') make(world, 'port is free');
  await settled();
  expect({ because: path.join(', '), status: world.actor.getSnapshot().status }).toEqual({
    because: path.join(', '),
    status: 'done',
  });
}
