import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { createActor } from 'xstate';
import type { Authenticator, Grant } from '../../../src/core/ports.js';
import { unrestricted } from '../../../src/core/sessions/permissions.js';
import type { RouterActorEvent } from '../../../src/actors/router/router-actor-events.js';
import type { RouterSession } from '../../../src/core/session.js';
import { sessionHub } from '../../../src/actors/session/session-hub.js';
import { ClaspError, ErrorCode } from '../../../src/protocol/errors.js';
import { memoryLink } from '../../../src/transports/memory/index.js';
import { recordingLogger } from './recording-logger.js';
import { grant, unlimited } from './session-under-test.js';
import { SteadyClock, WallClock } from '../../support/steady-clock.js';

const TOKEN = 'cpsk_0123456789abcdef0123456789abcdef';
const DAY_MS = 86_400_000;

/** An authenticator that records tokens, and answers and revokes as the test requires. */
class Doorman implements Authenticator {
  readonly asked: string[] = [];
  readonly watched = new Map<Grant, () => void>();
  readonly #answer: () => Promise<Grant>;

  constructor(answer: () => Promise<Grant>) {
    this.#answer = answer;
  }

  authenticate(token: string): Promise<Grant> {
    this.asked.push(token);
    return this.#answer();
  }

  onRevoked(held: Grant, listener: () => void): () => void {
    this.watched.set(held, listener);
    return () => void this.watched.delete(held);
  }
}

/** A hub with one peer that has sent HELLO with a token. */
async function helloWith(authenticator: Authenticator | undefined): Promise<{
  session: RouterSession;
  clock: WallClock;
  routerEvents: RouterActorEvent[];
  logger: ReturnType<typeof recordingLogger>;
}> {
  const clock = new WallClock();
  const logger = recordingLogger();
  const routerEvents: RouterActorEvent[] = [];
  const attached: RouterSession[] = [];
  const hub = createActor(sessionHub, {
    clock,
    input: {
      router: { send: (event) => void routerEvents.push(event) },
      attach: (session) => void attached.push(session),
      drained: () => undefined,
      ...unlimited,
      sessionTimeoutMs: 0,
      helloTimeoutMs: 10_000,
      drainMs: 5_000,
      maxQueueBytes: 1_000_000,
      maxQueueMessages: 1_000,
      authenticator,
      clock,
      logger,
    },
  }).start();
  hub.send({ type: 'connection.opened', connection: memoryLink({ clock }).server });
  const session = attached[0]!; // the hub attaches before it returns
  session.pending = {
    hello: { type: 'hello', version: 1, name: 'desk', features: [], token: TOKEN },
    frames: [],
    receivedBytes: 0,
  };
  session.notify({ type: 'hello.received', name: 'desk', features: [] });
  await new Promise((resolve) => setImmediate(resolve));
  return { session, clock, routerEvents, logger };
}

const ends = (events: readonly RouterActorEvent[]): unknown[] =>
  events.filter(({ type }) => type === 'session.closing').map((event) => 'error' in event && event.error);

const early = { code: ErrorCode.Unauthorized, message: 'Invalid token: it is not valid yet' };

describe('a HELLO with a token', () => {
  it('is accepted with the permissions that the authenticator returns', async () => {
    const doorman = new Doorman(() => Promise.resolve(grant));
    const { session, routerEvents, logger } = await helloWith(doorman);
    expect(doorman.asked).toEqual([TOKEN]);
    expect(session.phase).toBe('active');
    expect(routerEvents.at(-1)).toEqual({ type: 'session.authenticated', session, grant });
    expect(logger.lines.at(-1)).toMatchObject({ fields: { subject: 'desk', tokenId: 'token-1' } });
  });

  it('is refused with the error of the authenticator', async () => {
    const error = new ClaspError(ErrorCode.TokenExpired, 'Token has expired');
    const { session, routerEvents } = await helloWith(new Doorman(() => Promise.reject(error)));
    expect(session.phase).toBe('draining');
    expect(ends(routerEvents)).toEqual([error]);
  });

  it.each([
    ['is not valid yet', { notBeforeSeconds: 60 }, early],
    ['has expired', { expiresAtSeconds: -60 }, { code: ErrorCode.TokenExpired, message: 'Token has expired' }],
  ])('is refused if the token that the authenticator accepts %s', async (_, limits, error) => {
    const { session, routerEvents } = await helloWith(new Doorman(() => Promise.resolve({ ...grant, ...limits })));
    expect(session.phase).toBe('draining');
    expect(ends(routerEvents)).toMatchObject([error]);
    expect(routerEvents.map(({ type }) => type)).not.toContain('session.authenticated');
  });

  it('is refused on a router without an authenticator', async () => {
    const { routerEvents } = await helloWith(undefined);
    expect(ends(routerEvents)).toMatchObject([{ code: ErrorCode.InternalError, message: 'Server misconfiguration' }]);
  });

  it('is refused without a reason if the authenticator fails, whose error text stays hidden', async () => {
    const broken = new Doorman(() => Promise.reject(new TypeError(`cannot read ${TOKEN}`)));
    const { routerEvents, logger } = await helloWith(broken);
    expect(ends(routerEvents)).toMatchObject([{ code: ErrorCode.InternalError, message: 'Internal error' }]);
    const line = { level: 'error', message: 'internal error while checking a token', fields: { fault: 'TypeError' } };
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ ...line, fields: expect.objectContaining(line.fields) }),
    );
    expect(JSON.stringify(logger.lines)).not.toContain(TOKEN);
  });

  it('is not readable from its session during the check', async () => {
    const { session } = await helloWith(new Doorman(() => new Promise(() => undefined)));
    expect(session.pending?.hello.token).toBe(TOKEN);
    expect(inspect(session, { depth: Infinity, showHidden: true })).not.toContain(TOKEN);
  });

  it('leaves no trace of the token in inspector data', async () => {
    const seen: string[] = [];
    const clock = new SteadyClock();
    const hub = createActor(sessionHub, {
      clock,
      inspect: (event) => {
        seen.push(JSON.stringify('event' in event ? event.event : event.type));
        if ('snapshot' in event) seen.push(JSON.stringify(event.snapshot));
      },
      input: {
        router: { send: () => undefined },
        attach: (session) => {
          session.pending = {
            hello: { type: 'hello', version: 1, name: 'desk', features: [], token: TOKEN },
            frames: [],
            receivedBytes: 0,
          };
          session.notify({ type: 'hello.received', name: 'desk', features: [] });
        },
        drained: () => undefined,
        ...unlimited,
        sessionTimeoutMs: 0,
        helloTimeoutMs: 10_000,
        drainMs: 5_000,
        maxQueueBytes: 1_000_000,
        maxQueueMessages: 1_000,
        authenticator: new Doorman(() => Promise.resolve(grant)),
        clock,
        logger: recordingLogger(),
      },
    }).start();
    hub.send({ type: 'connection.opened', connection: memoryLink({ clock }).server });
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen.join('\n')).toContain('hello.received');
    expect(seen.join('\n')).not.toContain(TOKEN);
  });
});

describe('a session whose token becomes invalid', () => {
  it('ends when the token is revoked, and has no permissions from then on', async () => {
    const doorman = new Doorman(() => Promise.resolve(grant));
    const { session, routerEvents } = await helloWith(doorman);
    session.permissions = unrestricted;
    doorman.watched.get(grant)?.();
    expect(ends(routerEvents)).toMatchObject([{ code: ErrorCode.TokenExpired, message: 'Token was revoked' }]);
    expect(session.permissions.allows('read', '/a')).toBe(false);
    expect(doorman.watched.size).toBe(0);
  });

  it('ends at the second its token expires, however far in the future', async () => {
    const expiresAtSeconds = (40 * DAY_MS) / 1_000;
    const { session, clock, routerEvents } = await helloWith(
      new Doorman(() => Promise.resolve({ ...grant, expiresAtSeconds })),
    );
    clock.stall(30 * DAY_MS); // beyond the maximum delay of a timer
    clock.stall(10 * DAY_MS - 1);
    expect(session.phase).toBe('active');
    clock.increment(1);
    expect(ends(routerEvents)).toMatchObject([{ code: ErrorCode.TokenExpired, message: 'Token has expired' }]);
  });

  it('ends within a second of a jump of the wall clock beyond its expiry', async () => {
    const { session, clock, routerEvents } = await helloWith(
      new Doorman(() => Promise.resolve({ ...grant, expiresAtSeconds: 3_600 })),
    );
    clock.aheadMs = 3_600_000;
    clock.increment(1_000);
    expect(session.phase).toBe('draining');
    expect(ends(routerEvents)).toMatchObject([{ code: ErrorCode.TokenExpired, message: 'Token has expired' }]);
    expect(session.permissions).not.toBe(unrestricted);
  });

  it('ends within a second of a jump of the wall clock to before its validity', async () => {
    const { clock, routerEvents } = await helloWith(
      new Doorman(() => Promise.resolve({ ...grant, notBeforeSeconds: -60, expiresAtSeconds: undefined })),
    );
    clock.aheadMs = -59_000;
    clock.increment(1_000);
    expect(ends(routerEvents)).toEqual([]);
    clock.aheadMs = -120_000;
    clock.increment(1_000);
    expect(ends(routerEvents)).toMatchObject([early]);
  });

  it('ends later if the wall clock was set back', async () => {
    const { session, clock } = await helloWith(
      new Doorman(() => Promise.resolve({ ...grant, expiresAtSeconds: 3_600 })),
    );
    clock.aheadMs = -1_800_000;
    clock.increment(3_600_000);
    expect(session.phase).toBe('active');
    clock.increment(1_800_000);
    expect(session.phase).toBe('draining');
  });

  it('is no longer watched after it has ended', async () => {
    const doorman = new Doorman(() => Promise.resolve(grant));
    const { session } = await helloWith(doorman);
    expect(doorman.watched.size).toBe(1);
    session.notify({ type: 'connection.closed' });
    expect(doorman.watched.size).toBe(0);
  });
});
