import { describe, expect, it } from '@jest/globals';
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { listenerMachine } from '../../src/actors/listener/listener-machine.js';
import { rootMachine } from '../../src/actors/root/root-machine.js';
import { sessionMachine } from '../../src/actors/session/session-machine.js';
import { chart } from '../../src/inspector/chart.js';
import type { ChartNode } from '../../src/inspector/feed.js';

const machines: readonly (readonly [string, AnyStateMachine])[] = [
  ['root', rootMachine],
  ['listener', listenerMachine],
  ['session', sessionMachine],
];

type Edge = readonly [source: string, target: string, label: string, guard?: string];

/** Every drawn transition. Transitions of the whole machine and of single states are listed together. */
const ways: Readonly<Record<string, readonly Edge[]>> = {
  root: [
    ['root', 'root', 'done: *'],
    ['root', 'root', 'error: *'],
    ['root', 'root.failed', 'error: router'],
    ['root', 'root.failed', 'error: sessions'],
    ['root.running', 'root.running', 'listener.requested'],
    ['root.running', 'root.running', 'actor.requested'],
    ['root.running', 'root.draining', 'router.stopping'],
    ['root.draining', 'root.stopped', 'drain.overdue'],
    ['root.draining', 'root.stopped', 'done'],
    ['root.draining', 'root.draining', 'after drainLimit'],
    ['root.draining.doors.closing', 'root.draining.doors.closed', 'always', 'hasNoListeners'],
    ['root.draining.sessions.leaving', 'root.draining.sessions.ended', 'sessions.drained'],
  ],
  listener: [
    ['listener.binding', 'listener.binding', 'listener.closing'],
    ['listener.binding', 'listener.open.closing', 'done: bind', 'isUnwanted'],
    ['listener.binding', 'listener.open', 'done: bind'],
    ['listener.binding', 'listener.closed', 'error: bind', 'isUnwanted'],
    ['listener.binding', 'listener.backingOff', 'error: bind', 'hasListened'],
    ['listener.binding', 'listener.failed', 'error: bind'],
    ['listener.open', 'listener.closed', 'listener.stopped'],
    ['listener.open.listening', 'listener.open.closing', 'listener.closing'],
    ['listener.open.listening', 'listener.backingOff', 'listener.failed'],
    ['listener.open.closing', 'listener.closed', 'listener.failed'],
    ['listener.backingOff', 'listener.closed', 'listener.closing'],
    ['listener.backingOff', 'listener.binding', 'after backoff'],
  ],
  session: [
    ['session', 'session.draining', 'end.*'],
    ['session', 'session.closed', 'connection.closed'],
    ['session', 'session.closed', 'connection.lost'],
    ['session.connecting', 'session.awaitingHello', 'connection.admitted'],
    ['session.connecting', 'session.draining', 'connection.refused'],
    ['session.awaitingHello', 'session.active', 'hello.accepted'],
    ['session.awaitingHello', 'session.authenticating', 'hello.received'],
    ['session.awaitingHello', 'session.draining', 'hello.refused'],
    ['session.awaitingHello', 'session.draining', 'hello.overdue'],
    ['session.authenticating', 'session.draining', 'hello.refused'],
    ['session.authenticating', 'session.draining', 'token.overdue'],
    ['session.authenticating', 'session.active', 'done: authenticate'],
    ['session.authenticating', 'session.draining', 'error: authenticate'],
    ['session.active', 'session.congested', 'connection.congested'],
    ['session.congested', 'session.congested', 'connection.congested'],
    ['session.congested', 'session.congested', 'messages.dropped'],
    ['session.congested', 'session.active', 'connection.drained'],
    ['session.draining', 'session.closed', 'connection.closed'],
    ['session.draining', 'session.closed', 'connection.lost'],
    ['session.draining', 'session.closed', 'drain.overdue'],
    ['session.draining', 'session.draining', '*'],
  ],
};

describe.each(machines)('the chart of the %s machine', (name, machine) => {
  const { root, edges } = chart(machine);

  it('has every state', () => {
    const states = [...statesBelow(machine.root)].map(({ id }) => id);
    expect(states.length).toBeGreaterThan(2);
    expect([...nodesBelow(root)].map(({ id }) => id)).toEqual(states);
  });

  it('has every transition with source, target, label and guard', () => {
    const drawn = edges.map(({ source, target, label, guard }): Edge => {
      return guard === undefined ? [source, target, label] : [source, target, label, guard];
    });
    expect(drawn).toEqual(ways[name]);
    expect(new Set(edges.map(({ id }) => id)).size).toBe(edges.length);
  });

  it('labels transitions with display names', () => {
    for (const { label } of edges) expect(label).not.toMatch(/^$|xstate\./);
  });
});

function* statesBelow(state: AnyStateNode): Iterable<AnyStateNode> {
  yield state;
  for (const child of Object.values(state.states)) yield* statesBelow(child as AnyStateNode);
}

function* nodesBelow(node: ChartNode): Iterable<ChartNode> {
  yield node;
  for (const child of node.children) yield* nodesBelow(child);
}
