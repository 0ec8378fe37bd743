import { type Actor, createActor } from 'xstate';
import type { RouterActorEvent } from '../../../src/actors/router/router-actor-events.js';
import type { RouterSession } from '../../../src/core/session.js';
import type { SessionEvent } from '../../../src/core/session-events.js';
import { sessionHub } from '../../../src/actors/session/session-hub.js';
import type { SessionHubInput, SessionHubLogic } from '../../../src/actors/session/session-hub-types.js';
import { type MemoryClient, memoryLink } from '../../../src/transports/memory/index.js';
import { WallClock } from '../../support/steady-clock.js';
import { recordingLogger } from './recording-logger.js';
import { unlimited } from './session-under-test.js';

/** A hub whose router only records its events and closes the requested connections. */
export interface HubUnderTest {
  readonly hub: Actor<SessionHubLogic>;
  readonly clock: WallClock;
  readonly logger: ReturnType<typeof recordingLogger>;
  readonly routerEvents: RouterActorEvent[];
  readonly drainedCalls: () => number;
  /** Connects a peer. */
  connect(): Peer;
}

export interface Peer {
  readonly session: RouterSession;
  readonly client: MemoryClient;
  tell(event: SessionEvent): void;
  sayHello(): void;
}

export function startHub(options: Partial<SessionHubInput> = {}): HubUnderTest {
  const clock = new WallClock();
  const logger = recordingLogger();
  const routerEvents: RouterActorEvent[] = [];
  const attached: RouterSession[] = [];
  let ids = 0;
  let drainedCalls = 0;
  const router = {
    send(event: RouterActorEvent): void {
      routerEvents.push(event);
      if (event.type === 'session.closing') event.session.link.close(event.reason);
    },
  };
  const hub = createActor(sessionHub, {
    clock,
    input: {
      router,
      attach: (session) => void attached.push(session),
      drained: () => {
        drainedCalls++;
      },
      ...unlimited,
      sessionTimeoutMs: 300_000,
      helloTimeoutMs: 10_000,
      drainMs: 5_000,
      maxQueueBytes: 1_000_000,
      maxQueueMessages: 1_000,
      clock,
      logger,
      newId: () => `s${++ids}`,
      ...options,
    },
  });
  hub.start();
  return {
    hub,
    clock,
    logger,
    routerEvents,
    drainedCalls: () => drainedCalls,
    connect() {
      const { client, server } = memoryLink({ clock });
      hub.send({ type: 'connection.opened', connection: server });
      const session = attached.at(-1)!; // the hub attaches before anything else
      return {
        session,
        client,
        tell: session.notify,
        sayHello: () => session.notify({ type: 'hello.accepted', name: 'desk', features: ['param'] }),
      };
    },
  };
}
