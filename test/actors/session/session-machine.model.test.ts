import { describe, expect, it } from '@jest/globals';
import { endOf } from '../../../src/actors/session/session-end.js';
import { sessionMachine } from '../../../src/actors/session/session-machine.js';
import { events, eventsIn, type Path, shortest, simple, told } from './session-paths.js';
import { startSession, type SessionUnderTest } from './session-under-test.js';

describe('the session machine, walked along every path', () => {
  it('is in the state that the model states, after every step of every path without a loop', () => {
    expect(simple.length).toBeGreaterThan(50);
    for (const path of simple) {
      const session = startSession();
      for (const { event, state } of path.steps.slice(1)) {
        session.actor.send(event);
        expect(session.actor.getSnapshot().value).toEqual(state.value);
        checkInvariants(session);
      }
    }
  });

  it('is consistent after every event in every state, including meaningless ones', () => {
    for (const path of shortest) {
      for (const event of eventsIn(path.state)) {
        const session = follow(path);
        session.actor.send(event);
        checkInvariants(session);
      }
    }
  });

  it('covers every state', () => {
    const states = new Set(shortest.map(({ state }) => state.value));
    expect([...states].sort()).toEqual(Object.keys(sessionMachine.states).sort());
  });

  it('reaches closed from every state, at the latest when the connection ends', () => {
    for (const path of shortest) {
      const session = follow(path);
      session.actor.send(told['connection.lost']);
      expect(session.actor.getSnapshot().status).toBe('done');
      expect(session.phase()).toBe('closed');
    }
  });

  it('reaches closed from every state within the drain time when the router stops and the peer does nothing', () => {
    for (const path of shortest) {
      const session = follow(path);
      session.actor.send(told['end.routerDraining']);
      session.clock.increment(5_000);
      expect(session.actor.getSnapshot().status).toBe('done');
    }
  });

  it('does nothing after it is closed', () => {
    for (const path of shortest) {
      if (path.state.value !== 'closed') continue;
      const session = follow(path);
      const calls = session.calls.length;
      for (const event of events) session.actor.send(event);
      expect(session.calls).toHaveLength(calls);
      expect(session.calls.at(-1)).toEqual({ call: 'phaseChanged', phase: 'closed' });
    }
  });
});

function follow(path: Path, session = startSession()): SessionUnderTest {
  for (const { event } of path.steps.slice(1)) session.actor.send(event); // the first step is the start
  return session;
}

function checkInvariants({ actor, calls, phase }: SessionUnderTest): void {
  const { value, context, output } = actor.getSnapshot();
  const named = calls.map(({ call }) => call);
  const count = (name: string): number => named.filter((call) => call === name).length;

  expect(phase()).toBe(value);
  expect(context.end === undefined).toBe(value !== 'draining' && value !== 'closed');
  const { end } = context;
  const closedByPeer = end?.kind === 'left' && end.text !== endOf(told['end.closeReceived']).text;
  expect(count('closing')).toBe(end === undefined || closedByPeer || end.kind === 'lost' ? 0 : 1);
  expect(count('destroy')).toBeLessThanOrEqual(count('closing')); // never destroyed without a close
  const wasActive = calls.some((call) => call.call === 'phaseChanged' && call.phase === 'active');
  expect(count('established')).toBe(wasActive ? 1 : 0);
  expect(count('authenticated')).toBe(context.grant === undefined ? 0 : 1);
  expect(output).toBe(value === 'closed' ? context.end : undefined);
}
