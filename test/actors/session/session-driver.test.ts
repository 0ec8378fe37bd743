import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import { createActor, createMachine } from 'xstate';
import type { RouterActorEvent } from '../../../src/actors/router/router-actor-events.js';
import { SessionDriver } from '../../../src/actors/session/session-driver.js';
import { SessionDeadlines } from '../../../src/actors/session/session-deadlines.js';
import { SessionLog } from '../../../src/actors/session/session-log.js';
import { TokenSessions } from '../../../src/actors/session/token-sessions.js';
import type { Authenticator, Grant } from '../../../src/core/ports.js';
import { ClaspError, ErrorCode } from '../../../src/protocol/errors.js';
import { memoryLink } from '../../../src/transports/memory/index.js';
import { SteadyClock } from '../../support/steady-clock.js';
import { recordingLogger } from './recording-logger.js';
import { grant, unlimited } from './session-under-test.js';

/** An authenticator that answers when the test says so. */
class HeldAuthenticator implements Authenticator {
  readonly #answers: ((grant: Grant) => void)[] = [];
  watched = 0;
  #revoke: () => void = () => undefined;

  authenticate(): Promise<Grant> {
    return new Promise((resolve) => this.#answers.push(resolve));
  }

  onRevoked(_: Grant, revoked: () => void): () => void {
    this.watched++;
    this.#revoke = revoked;
    return () => {
      this.watched--;
    };
  }

  accept(): void {
    for (const answer of this.#answers.splice(0)) answer(grant);
  }

  revoke(): void {
    this.#revoke();
  }
}

function drive(tokens = new TokenSessions(0)) {
  const clock = new SteadyClock();
  const logger = recordingLogger();
  const authenticator = new HeldAuthenticator();
  const events: { readonly event: RouterActorEvent; readonly phase: string }[] = [];
  const established: string[] = [];
  const hub = createActor(createMachine({})).start();
  const drained = new Subject<void>();
  const { server } = memoryLink({ clock });
  Object.defineProperty(server, 'drained$', { value: drained }); // the memory link drains by itself
  const driver = new SessionDriver('s1', server, true, {
    parent: hub as never, // only the system of the parent is used
    tokens,
    deadlines: new SessionDeadlines(clock),
    log: new SessionLog(clock, logger),
    established: (_, name) => void established.push(name),
    input: {
      ...unlimited,
      router: { send: (event) => void events.push({ event, phase: driver.session.phase }) },
      attach: () => undefined,
      drained: () => undefined,
      sessionTimeoutMs: 0,
      helloTimeoutMs: 10_000,
      drainMs: 5_000,
      maxQueueBytes: 1_000,
      maxQueueMessages: 10,
      clock,
      logger,
      authenticator,
    },
  });
  driver.open(undefined);
  return { driver, authenticator, events, established, drained, tokens };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function helloWithToken({ session }: SessionDriver): void {
  session.pending = {
    hello: { type: 'hello', version: 1, name: 'desk', features: [], token: 'secret' },
    frames: [],
    receivedBytes: 0,
  };
  session.notify({ type: 'hello.received', name: 'desk', features: [] });
}

describe('a driver of a session', () => {
  it('passes the grant of a token to the router when the session is open, and once', async () => {
    const { driver, authenticator, events, established } = drive();
    helloWithToken(driver);
    expect(driver.session.phase).toBe('authenticating');
    authenticator.accept();
    await settled();
    const { session } = driver;
    expect(events).toEqual([
      { event: { type: 'session.opened', session }, phase: 'connecting' },
      { event: { type: 'session.authenticated', session, grant }, phase: 'active' },
    ]);
    expect(established).toEqual(['desk']);
  });

  it('counts a session for its token until it is released', async () => {
    const { driver, authenticator, tokens } = drive(new TokenSessions(1));
    helloWithToken(driver);
    authenticator.accept();
    await settled();
    expect(() => tokens.enter(grant.tokenId)).toThrow('Too many sessions with this token');
    driver.release();
    expect(() => tokens.enter(grant.tokenId)).not.toThrow();
  });

  it('does not count a session whose token is accepted after its end', async () => {
    const { driver, authenticator, tokens } = drive(new TokenSessions(1));
    helloWithToken(driver);
    driver.release();
    authenticator.accept();
    await settled();
    expect(() => tokens.enter(grant.tokenId)).not.toThrow();
  });

  it('takes every permission from a session whose token is revoked, and ends it', async () => {
    const { driver, authenticator, events } = drive();
    helloWithToken(driver);
    authenticator.accept();
    await settled();
    expect(authenticator.watched).toBe(1);
    authenticator.revoke();
    expect(driver.session.permissions.allows('read', '/a')).toBe(false);
    expect(driver.session.phase).toBe('draining');
    expect(events.at(-1)?.event).toMatchObject({ type: 'session.closing', error: { code: ErrorCode.TokenExpired } });
    expect(authenticator.watched).toBe(0);
  });

  it('sends the reason to a refused connection', () => {
    const { driver, events } = drive();
    driver.session.notify({ type: 'hello.refused', error: new ClaspError(ErrorCode.InvalidMessage, 'no HELLO') });
    expect(events.at(-1)?.event).toMatchObject({ type: 'session.closing', error: { message: 'no HELLO' } });
    expect(driver.wasEstablished).toBe(false);
  });

  it('reports drained output only while the session is congested, and never after its end', () => {
    const { driver, events, drained } = drive();
    const { session } = driver;
    session.notify({ type: 'hello.accepted', name: 'desk', features: [] });
    const before = events.length;
    drained.next();
    expect(events).toHaveLength(before);
    session.notify({ type: 'connection.congested', bufferedBytes: 1 });
    drained.next();
    expect(events.slice(before).map(({ event }) => event)).toEqual([{ type: 'session.drained', session }]);
    driver.release();
    drained.next();
    expect(events).toHaveLength(before + 1);
  });

  it('shows inspectors its session, and neither the connection nor the token', () => {
    const { driver } = drive();
    helloWithToken(driver);
    expect(JSON.stringify(driver.actor.getSnapshot().context.port)).toBe('{"session":"s1"}');
  });
});
