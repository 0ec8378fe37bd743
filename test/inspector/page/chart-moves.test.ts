import { describe, expect, it } from '@jest/globals';
import { edgeTaken } from '../../../src/inspector/page/chart-moves.js';
import { listenerChart, rootChart, sessionChart } from './fake-router.js';

const taken = (chart: typeof sessionChart, event: string, from: string, to: string): readonly string[] | undefined => {
  const edge = edgeTaken(chart, { atMs: 0, event, detail: null, from, to });
  return edge && [edge.source, edge.label, edge.target];
};

describe('the transition that was taken', () => {
  it.each([
    ['hello.accepted', 'awaitingHello', 'active', ['session.awaitingHello', 'hello.accepted', 'session.active']],
    ['end.idled', 'active', 'draining', ['session', 'end.*', 'session.draining']],
    [
      'xstate.after.helloDeadline.session.awaitingHello',
      'awaitingHello',
      'draining',
      ['session.awaitingHello', 'after 10 s', 'session.draining'],
    ],
    [
      'xstate.done.actor.authenticate',
      'authenticating',
      'active',
      ['session.authenticating', 'done: authenticate', 'session.active'],
    ],
    [
      'xstate.error.actor.authenticate',
      'authenticating',
      'draining',
      ['session.authenticating', 'error: authenticate', 'session.draining'],
    ],
    [
      'connection.congested',
      'congested',
      'congested',
      ['session.congested', 'connection.congested', 'session.congested'],
    ],
    ['connection.congested', 'active', 'congested', ['session.active', 'connection.congested', 'session.congested']],
    ['unheard.of', 'active', 'active', undefined],
    ['connection.drained', 'closed', 'connecting', undefined],
  ])('at %s from %s to %s', (event, from, to, edge) => {
    expect(taken(sessionChart, event, from, to)).toEqual(edge);
  });

  it.each([
    [
      'xstate.done.actor.0.listener.binding',
      'binding',
      'open.listening',
      ['listener.binding', 'done', 'listener.open'],
    ],
    ['listener.stopped', 'open.closing', 'closed', ['listener.open', 'listener.stopped', 'listener.closed']],
    [
      'listener.failed',
      'open.listening',
      'backingOff',
      ['listener.open.listening', 'listener.failed', 'listener.backingOff'],
    ],
    [
      'listener.closing',
      'open.listening',
      'open.closing',
      ['listener.open.listening', 'listener.closing', 'listener.open.closing'],
    ],
  ])('at %s from %s to %s, in nested states', (event, from, to, edge) => {
    expect(taken(listenerChart, event, from, to)).toEqual(edge);
  });

  it.each([
    [
      'router.stopping',
      'running',
      'draining.(doors.open, sessions.open)',
      ['root.running', 'router.stopping', 'root.draining'],
    ],
    [
      'listener.gone',
      'draining.(doors.open, sessions.open)',
      'draining.(doors.shut, sessions.open)',
      ['root.draining.doors.open', 'always', 'root.draining.doors.shut'],
    ],
    [
      'sessions.drained',
      'draining.(doors.open, sessions.open)',
      'draining.(doors.open, sessions.shut)',
      ['root.draining.sessions.open', 'sessions.drained', 'root.draining.sessions.shut'],
    ],
    [
      'xstate.after.drainLimit.root.draining',
      'draining.(doors.(a.b, c), sessions.open)',
      'stopped',
      ['root.draining', 'after drainLimit', 'root.stopped'],
    ],
  ])('at %s from %s to %s, in parallel regions', (event, from, to, edge) => {
    expect(taken(rootChart, event, from, to)).toEqual(edge);
  });
});
