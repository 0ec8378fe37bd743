import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from 'xstate';
import type { RouterActorEvent } from '../../../src/actors/router/router-actor-events.js';
import type { SessionHubEmitted } from '../../../src/actors/session/session-hub-types.js';
import { memoryLink } from '../../../src/transports/memory/index.js';
import { inputRead } from '../../support/steady-clock.js';
import { startHub } from './hub-under-test.js';
import { recordingLogger } from './recording-logger.js';

function types(events: readonly RouterActorEvent[]): readonly string[] {
  return events.map(({ type }) => type);
}

describe('a session', () => {
  it('is opened in the router before anything is read from it, and closed when its connection ends', () => {
    const { routerEvents, connect, hub } = startHub();
    const { session, tell } = connect();
    expect(routerEvents).toEqual([{ type: 'session.opened', session }]);
    expect(session.phase).toBe('awaitingHello');
    expect(hub.getSnapshot().sessions).toBe(1);
    tell({ type: 'connection.closed' });
    expect(routerEvents.at(-1)).toEqual({ type: 'session.closed', session, departure: 'left' });
    expect(session.phase).toBe('closed');
    expect(hub.getSnapshot().sessions).toBe(0);
  });

  it('is an actor of the system while it lives', () => {
    const { connect, hub } = startHub();
    const { tell } = connect();
    expect(hub.system.get('session:s1')).toBeDefined();
    tell({ type: 'connection.closed' });
    expect(hub.system.get('session:s1')).toBeUndefined();
  });

  it('causes one log line when it opens and one when it ends', () => {
    const { connect, logger } = startHub();
    const { sayHello, tell } = connect();
    sayHello();
    tell({ type: 'connection.closed' });
    expect(logger.lines).toEqual([
      {
        level: 'info',
        message: 'session opened',
        fields: { session: 's1', name: 'desk', transport: 'memory', remoteAddress: 'memory', features: ['param'] },
      },
      {
        level: 'info',
        message: 'session ended',
        fields: expect.objectContaining({ session: 's1', reason: 'left', text: 'The peer closed the connection' }),
      },
    ]);
  });

  it('is announced to listeners of the hub', () => {
    const { connect, hub } = startHub();
    const heard: SessionHubEmitted[] = [];
    hub.on('*', (event) => void heard.push(event));
    const { sayHello, tell } = connect();
    sayHello();
    tell({ type: 'connection.closed' });
    expect(heard).toEqual([
      { type: 'session.established', id: 's1', name: 'desk', transport: 'memory', remoteAddress: 'memory' },
      {
        type: 'session.ended',
        id: 's1',
        name: '',
        wasEstablished: true,
        end: { kind: 'left', text: 'The peer closed the connection' },
      },
    ]);
  });

  it('gets a random UUID by default', () => {
    const { connect } = startHub({ newId: undefined });
    const one = connect().session.id;
    expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(connect().session.id).not.toBe(one);
  });

  it('is reported as drained to the router only while it is congested', async () => {
    const { connect, routerEvents } = startHub();
    const { session, client, sayHello, tell } = connect();
    client.batches$.subscribe();
    sayHello();
    session.link.write(Uint8Array.of(0x53, 0, 0, 0));
    await Promise.resolve();
    expect(types(routerEvents)).not.toContain('session.drained');

    tell({ type: 'connection.congested', bufferedBytes: 4 });
    session.link.write(Uint8Array.of(0x53, 0, 0, 0));
    await Promise.resolve();
    expect(routerEvents.at(-1)).toEqual({ type: 'session.drained', session });
  });
});

describe('the number of sessions', () => {
  it('is limited, half-open ones included: a connection over the limit gets an ERROR and is closed', () => {
    const { connect, routerEvents, hub } = startHub({ maxSessions: 2 });
    connect().sayHello();
    connect();
    const { session } = connect();
    expect(routerEvents.at(-1)).toMatchObject({
      type: 'session.closing',
      session: { id: 's3' },
      error: { code: 503, message: 'Too many sessions: the limit is 2' },
      reason: { kind: 'overloaded' },
    });
    expect(session.phase).toBe('draining');
    expect(hub.getSnapshot().sessions).toBe(2);
  });

  it('has room again when one has ended, and refused connections never count', () => {
    const { connect } = startHub({ maxSessions: 1 });
    const first = connect();
    const refused = connect();
    first.tell({ type: 'connection.closed' });
    expect(connect().session.phase).toBe('awaitingHello');
    refused.tell({ type: 'connection.closed' });
    expect(connect().session.phase).toBe('draining');
  });

  it('is unlimited with 0', () => {
    const { connect, hub } = startHub({ maxSessions: 0 });
    for (let i = 0; i < 1_000; i++) connect();
    expect(hub.getSnapshot().sessions).toBe(1_000);
  });
});

describe('idle sessions', () => {
  it('are closed with ERROR 502, those with activity are not', async () => {
    const { connect, clock, routerEvents } = startHub({ sessionTimeoutMs: 8_000 });
    const silent = connect();
    const talking = connect();
    silent.sayHello();
    talking.sayHello();
    clock.increment(6_000);
    await inputRead();
    expect(silent.session.phase).toBe('active');
    talking.session.lastActivityMicros = clock.now() * 1_000;
    clock.increment(2_000);
    await inputRead();
    expect(silent.session.phase).toBe('draining');
    expect(talking.session.phase).toBe('active');
    expect(routerEvents.at(-1)).toMatchObject({
      type: 'session.closing',
      session: { id: 's1' },
      error: { code: 502, message: 'Idle: nothing was received or sent for 8 s' },
      reason: { kind: 'policy' },
    });
  });

  it('are never closed with a timeout of 0', () => {
    const { connect, clock } = startHub({ sessionTimeoutMs: 0 });
    const { session, sayHello } = connect();
    sayHello();
    clock.stall(1_000_000_000);
    expect(session.phase).toBe('active');
  });

  it('are checked at most once per second', async () => {
    const sweeps: string[] = [];
    const { connect, clock, hub } = startHub({ sessionTimeoutMs: 100 });
    hub.system.inspect((inspected) => {
      if (inspected.type === '@xstate.event' && inspected.event.type === 'idle.sweepDue') sweeps.push('sweep');
    });
    connect().sayHello();
    clock.increment(999);
    await inputRead();
    expect(sweeps).toHaveLength(0);
    clock.increment(1);
    await inputRead();
    expect(sweeps).toHaveLength(1);
  });

  it('need no timer without sessions, neither for the sweep nor for the clock', () => {
    const timers = new Set<unknown>();
    const clock = new SimulatedClock();
    const counted = {
      now: () => clock.now(),
      setTimeout(callback: () => void, milliseconds: number): number {
        const id = clock.setTimeout(callback, milliseconds);
        timers.add(id);
        return id;
      },
      clearTimeout(id: unknown): void {
        timers.delete(id);
        clock.clearTimeout(id as number); // the result of setTimeout above
      },
    };
    const { connect } = startHub({ clock: counted });
    expect(timers.size).toBe(0);
    const { tell } = connect();
    expect(timers.size).toBe(3); // the sweep, the clock and the HELLO deadline
    tell({ type: 'connection.closed' });
    expect(timers.size).toBe(0);
  });
});

describe('an internal error', () => {
  it('ends only the session whose machine fails, and neither others nor the process', async () => {
    // A failing logger makes an action of the machine throw, like a bug in it.
    const logger = recordingLogger();
    const failing = {
      ...logger,
      info(fields: object, message: string): void {
        if (message === 'session opened' && 'session' in fields && fields.session === 's1') throw new Error('bug');
      },
    };
    const { hub, connect, routerEvents } = startHub({ logger: failing });
    const unlucky = connect();
    const lucky = connect();
    const cut = new Promise<unknown>((resolve) => {
      unlucky.client.batches$.subscribe({ error: resolve });
    });
    lucky.sayHello();
    expect(unlucky.sayHello).not.toThrow();

    expect(await cut).toMatchObject({ name: 'ConnectionLost' });
    expect(logger.lines).toEqual([
      { level: 'error', message: 'internal error in a session', fields: expect.objectContaining({ session: 's1' }) },
    ]);
    expect(routerEvents.at(-1)).toEqual({ type: 'session.closed', session: unlucky.session, departure: 'failure' });
    expect(unlucky.session.phase).toBe('closed');
    expect(hub.getSnapshot()).toMatchObject({ status: 'active', sessions: 1 });
    expect(lucky.session.phase).toBe('active');
    expect(connect().session.phase).toBe('awaitingHello');
  });

  it('ends only the connection whose session fails to open', () => {
    let next = 0;
    const { hub, connect, logger } = startHub({ newId: () => (next++ === 1 ? 's0' : `s${next - 1}`) });
    connect();
    hub.send({ type: 'connection.opened', connection: memoryLink().server }); // has the ID of the first
    expect(logger.lines.at(-1)).toMatchObject({ level: 'error', message: 'internal error while opening a session' });
    expect(hub.getSnapshot()).toMatchObject({ status: 'active', sessions: 1 });
  });
});

describe('draining', () => {
  it('closes all sessions gracefully and reports when the last has ended', () => {
    const { hub, connect, routerEvents, drainedCalls } = startHub();
    const one = connect();
    const two = connect();
    one.sayHello();
    hub.send({ type: 'router.draining' });
    expect(hub.getSnapshot().draining).toBe(true);
    expect(routerEvents.slice(-2)).toEqual([
      expect.objectContaining({ type: 'session.closing', session: one.session, error: undefined }),
      expect.objectContaining({ type: 'session.closing', session: two.session, error: undefined }),
    ]);
    one.tell({ type: 'connection.closed' });
    expect(drainedCalls()).toBe(0);
    two.tell({ type: 'connection.closed' });
    expect(drainedCalls()).toBe(1);
  });

  it('reports at once without sessions', () => {
    const { hub, drainedCalls } = startHub();
    hub.send({ type: 'router.draining' });
    hub.send({ type: 'router.draining' });
    expect(drainedCalls()).toBe(1);
  });

  it('admits no connection', () => {
    const { hub, connect, routerEvents } = startHub();
    hub.send({ type: 'router.draining' });
    const { session } = connect();
    expect(session.phase).toBe('draining');
    expect(routerEvents.at(-1)).toMatchObject({ error: { code: 501, message: 'The router is shutting down' } });
  });

  it('waits at most the drain time for sessions that do not end', async () => {
    const { hub, connect, clock, drainedCalls } = startHub();
    connect();
    hub.send({ type: 'router.draining' });
    clock.increment(5_000);
    await inputRead();
    expect(drainedCalls()).toBe(1);
  });
});

it('destroys every connection when the hub is stopped', async () => {
  const { hub, connect, logger } = startHub();
  const { session, client } = connect();
  const end = new Promise<unknown>((resolve) => {
    client.batches$.subscribe({ error: resolve });
  });
  hub.stop();
  expect(await end).toMatchObject({ name: 'ConnectionLost' });
  expect(session.phase).toBe('closed');
  expect(hub.getSnapshot()).toMatchObject({ status: 'stopped', sessions: 0 });
  expect(logger.lines.at(-1)).toMatchObject({
    message: 'session ended',
    fields: { session: 's1', reason: 'shutdown' },
  });
});
