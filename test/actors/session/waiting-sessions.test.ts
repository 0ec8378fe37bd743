import { describe, expect, it } from '@jest/globals';
import { type Actor, createActor } from 'xstate';
import type { RouterActorEvent } from '../../../src/actors/router/router-actor-events.js';
import type { RouterSession } from '../../../src/core/session.js';
import { sessionHub } from '../../../src/actors/session/session-hub.js';
import type { SessionHubInput, SessionHubLogic } from '../../../src/actors/session/session-hub-types.js';
import { memoryLink } from '../../../src/transports/memory/index.js';
import { SteadyClock } from '../../support/steady-clock.js';
import { turns } from '../../support/inbox.js';
import { recordingLogger } from './recording-logger.js';
import { unlimited } from './session-under-test.js';

interface HubUnderTest {
  readonly hub: Actor<SessionHubLogic>;
  readonly clock: SteadyClock;
  /** Sessions that are read, in order. */
  readonly attached: RouterSession[];
  /** How sessions were closed: kind, code and text. */
  readonly closings: () => readonly unknown[];
  connect(): void;
}

/** A hub whose connections all come from one address. */
function startHub(options: Partial<SessionHubInput> = {}): HubUnderTest {
  const clock = new SteadyClock();
  const attached: RouterSession[] = [];
  const events: RouterActorEvent[] = [];
  const hub = createActor(sessionHub, {
    clock,
    input: {
      router: { send: (event: RouterActorEvent) => void events.push(event) },
      attach: (session) => void attached.push(session),
      drained: () => undefined,
      ...unlimited,
      maxHalfOpenPerAddress: 1,
      sessionTimeoutMs: 300_000,
      helloTimeoutMs: 10_000,
      drainMs: 5_000,
      maxQueueBytes: 1_000_000,
      maxQueueMessages: 1_000,
      clock,
      logger: recordingLogger(),
      ...options,
    },
  });
  hub.start();
  let port = 0;
  return {
    hub,
    clock,
    attached,
    closings: () =>
      events.flatMap((event) =>
        event.type === 'session.closing' ? [[event.reason.kind, event.error?.code, event.error?.message]] : [],
      ),
    connect() {
      const { server } = memoryLink({ clock, remoteAddress: `192.0.2.1:${++port}` });
      hub.send({ type: 'connection.opened', connection: server });
    },
  };
}

describe('a connection that waits for a session', () => {
  it('is not read, and is no session, until there is capacity', () => {
    const { hub, clock, attached, connect } = startHub();
    connect();
    clock.increment(1_000);
    connect();
    expect([attached.length, hub.getSnapshot().sessions]).toEqual([1, 1]);
    attached[0]!.notify({ type: 'hello.accepted', name: 'desk', features: [] });
    clock.increment(25);
    expect([attached.length, hub.getSnapshot().sessions]).toEqual([2, 2]);
    expect(attached[1]!.phase).toBe('awaitingHello');
  });

  it('gets the place of one without HELLO after half the time for it', () => {
    const { clock, attached, closings, connect } = startHub();
    connect();
    clock.increment(1_000);
    connect();
    clock.increment(4_000);
    expect(attached).toHaveLength(2);
    const text = 'no HELLO within 5 s: another connection of its address waits';
    expect(closings()).toEqual([['policy', 502, text]]);
  });

  it('does not get the place of one whose token check is pending', () => {
    const authenticator = { authenticate: () => new Promise<never>(() => undefined), onRevoked: () => () => undefined };
    const { clock, attached, closings, connect } = startHub({ authenticator });
    connect();
    attached[0]!.notify({ type: 'hello.received', name: 'desk', features: [] });
    clock.increment(1_000);
    connect();
    clock.increment(7_000);
    expect(attached).toHaveLength(1);
    clock.increment(1_000);
    const waited = 'Too many sessions from one address without a HELLO: the limit is 1; it has waited for 8 s';
    expect(closings()).toEqual([['overloaded', 503, waited]]);
  });

  it('gets the message that the router shuts down', () => {
    const { hub, clock, closings, connect } = startHub();
    connect();
    clock.increment(1_000);
    connect();
    hub.send({ type: 'router.draining' });
    expect(closings()).toEqual([
      ['overloaded', 501, 'The router is shutting down'],
      ['goingAway', undefined, undefined],
    ]);
  });

  it('is destroyed when the hub is stopped', async () => {
    const { hub, clock, connect } = startHub();
    connect();
    clock.increment(1_000);
    const { client, server } = memoryLink({ clock, remoteAddress: '192.0.2.1:9' });
    hub.send({ type: 'connection.opened', connection: server });
    let ended = false;
    client.batches$.subscribe({ error: () => (ended = true), complete: () => (ended = true) });
    hub.stop();
    clock.increment(1);
    await turns();
    expect(ended).toBe(true);
  });
});
