import { describe, expect, it } from '@jest/globals';
import { createActor, type InspectionEvent } from 'xstate';
import type { SessionEvent } from '../../../src/core/session-events.js';
import { sessionLogic } from '../../../src/actors/session/session-logic.js';
import { sessionMachine } from '../../../src/actors/session/session-machine.js';
import { StepTable } from '../../../src/actors/session/step-table.js';
import { events, eventsIn, type Path, shortest, simple, told } from './session-paths.js';
import { recordingPort, startSession } from './session-under-test.js';

describe('the step table of the session machine', () => {
  it('has the same effects, snapshots and inspection events on every path without a loop', () => {
    expect(simple.length).toBeGreaterThan(50);
    for (const path of simple) {
      const sent = path.steps.slice(1).map(({ event }) => event);
      expect(courseOf(sessionLogic, sent)).toEqual(courseOf(sessionMachine, sent));
    }
  });

  it('has the same effects, snapshots and inspection events for every event in every state', () => {
    for (const path of shortest) {
      for (const event of eventsIn(path.state)) {
        const sent = [...path.steps.slice(1).map((step) => step.event), event];
        expect(courseOf(sessionLogic, sent)).toEqual(courseOf(sessionMachine, sent));
      }
    }
  });

  it('has a row for every event in every state that neither invokes an actor nor is left for one that does', () => {
    const table = new StepTable(sessionMachine);
    const missing = shortest.flatMap(({ state }) =>
      events
        .filter((event) => state.status === 'active' && table.stepOf(state, event) === undefined)
        .map(({ type }) => `${state.value} ${type}`),
    );
    const expected = [
      'awaitingHello hello.received',
      ...events.map(({ type }) => `authenticating ${type}`), // it invokes the token check
    ];
    expect(new Set(missing)).toEqual(new Set(expected));
  });

  it('keeps the context of one session out of the snapshots of another', () => {
    const [first, second] = [startSession(sessionLogic), startSession(sessionLogic)];
    for (const { actor } of [first, second]) actor.send(told['connection.admitted']);
    first.actor.send({ type: 'hello.accepted', name: 'first', features: [] });
    second.actor.send({ type: 'hello.accepted', name: 'second', features: [] });
    expect(first.actor.getSnapshot().context.name).toBe('first');
    expect(second.actor.getSnapshot().context.port).not.toBe(first.actor.getSnapshot().context.port);
  });

  it('ends the session with the error that an effect throws, as the machine does', () => {
    const fault = new Error('out of order');
    for (const logic of [sessionLogic, sessionMachine]) {
      const port = { ...recordingPort([]), established: () => fail(fault) };
      const input = { id: 'session-1', transport: 'memory', remoteAddress: 'memory:1', port };
      const actor = createActor(logic, { input });
      const errors: unknown[] = [];
      actor.subscribe({ error: (error) => errors.push(error) });
      actor.start();
      actor.send(told['connection.admitted']);
      actor.send(told['hello.accepted']);
      expect(errors).toEqual([fault]);
      expect(actor.getSnapshot().status).toBe('error');
    }
  });
});

function fail(error: Error): never {
  throw error;
}

/** All that observers of a session see while it receives these events. */
function courseOf(logic: typeof sessionMachine, sent: readonly SessionEvent[]): object {
  const inspected: InspectionEvent[] = [];
  const { actor, calls } = startSession(logic, (event) => inspected.push(event));
  const snapshots = [actor.getSnapshot()];
  for (const event of sent) {
    actor.send(event);
    snapshots.push(actor.getSnapshot());
  }
  return {
    calls,
    snapshots: snapshots.map(contentsOf),
    // A snapshot that stays the same object causes no work in selectors.
    isSame: snapshots.map((snapshot, i) => snapshot === snapshots[i - 1]),
    inspected: inspected.map(described),
  };
}

function contentsOf(snapshot: Path['state']): object {
  const { context, _nodes: nodes, machine, children, ...rest } = snapshot;
  const { port, ...visible } = context;
  return {
    ...rest,
    ownKeys: Object.keys(snapshot),
    context: visible,
    hasPort: 'phaseChanged' in port,
    nodes: nodes.map(({ id }) => id),
    isOfMachine: machine === sessionMachine,
    children: Object.keys(children),
    can: events.filter((event) => snapshot.can(event)).map(({ type }) => type),
  };
}

function described(event: InspectionEvent): object {
  const { type, actorRef } = event;
  const common = { type, isSession: 'id' in actorRef && actorRef.id !== 'authenticate' };
  switch (event.type) {
    case '@xstate.actor':
    case '@xstate.transition':
      return common;
    case '@xstate.event':
      return { ...common, event: event.event.type };
    case '@xstate.action':
      if (event.action.type.startsWith('xstate.')) return { ...common, action: event.action.type }; // its params are actors
      return { ...common, action: event.action.type, params: event.action.params };
    case '@xstate.snapshot':
      return { ...common, event: event.event.type, snapshot: shownState(event.snapshot) };
    case '@xstate.microstep': {
      const { _transitions: transitions } = event;
      return { ...common, event: event.event.type, snapshot: shownState(event.snapshot), transitions };
    }
  }
}

function shownState(snapshot: object): unknown {
  return 'value' in snapshot ? snapshot.value : undefined;
}
