import type { ActorLogic, ActorRefFromLogic, ActorScope, AnyActorRef, Snapshot } from 'xstate';
import type { Clock } from '../../util/clock.js';
import type { Connection } from '../../transports/transport.js';
import type { Authenticator, Logger } from '../../core/ports.js';
import type { RouterActorEvent } from '../router/router-actor-events.js';
import type { RouterSession } from '../../core/session.js';
import type { SessionEnd } from '../../core/session-events.js';
import type { SessionView } from './session-view.js';
import type { SessionLimitOptions } from './session-limits.js';

export interface SessionHubInput extends SessionLimitOptions {
  /** The router actor. */
  readonly router: { send(event: RouterActorEvent): void };
  /** Starts to read a connection, and notifies its session of the end. Called once per connection. */
  readonly attach: (session: RouterSession, connection: Connection) => void;
  /** Called once, when the hub is draining and the last session has ended. */
  readonly drained: () => void;
  /** Maximum concurrent sessions per token; 0 = unlimited. */
  readonly maxSessionsPerToken: number;
  /** Milliseconds without input and output that end a session; 0 = never. */
  readonly sessionTimeoutMs: number;
  /** Milliseconds within which a peer must send HELLO. */
  readonly helloTimeoutMs: number;
  /** Milliseconds within which a peer must read its close message. */
  readonly drainMs: number;
  /** Limit of the send queue of one congested session. */
  readonly maxQueueBytes: number;
  readonly maxQueueMessages: number;
  /** Checks the token of HELLO, on a router with authentication. */
  readonly authenticator?: Authenticator | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Creates unique session IDs. @default crypto.randomUUID */
  readonly newId?: (() => string) | undefined;
  /** Prefix of `session:<id>` in the system ID of each session. @default '' */
  readonly systemIdPrefix?: string | undefined;
}

export type SessionHubEvent =
  | { readonly type: 'connection.opened'; readonly connection: Connection }
  /** Closes all sessions gracefully, and admits no more. */
  | { readonly type: 'router.draining' }
  /** Check the connections that wait for a limit. */
  | { readonly type: 'admission.due' }
  /** Check for idle sessions. */
  | { readonly type: 'idle.sweepDue' }
  /** Requests a view of all sessions. `answer` is called while this event is handled. */
  | { readonly type: 'sessions.requested'; readonly answer: (sessions: readonly SessionView[]) => void };

/**
 * `connection.opened` with a compact JSON form, because a connection references its socket and everything behind it.
 */
export class ConnectionOpened {
  readonly type = 'connection.opened';
  readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  toJSON(): object {
    const { transport, remoteAddress } = this.connection;
    return { type: this.type, connection: { transport, remoteAddress } };
  }
}

/** Events that listeners of the hub receive with `on()`. */
export type SessionHubEmitted =
  | {
      readonly type: 'session.established';
      readonly id: string;
      readonly name: string;
      readonly transport: string;
      readonly remoteAddress: string;
    }
  | {
      readonly type: 'session.ended';
      readonly id: string;
      readonly name: string;
      /** Whether `session.established` was emitted for it. */
      readonly wasEstablished: boolean;
      readonly end: SessionEnd;
    };

/** The hub as observers see it. The sessions themselves are actors of the system: `session:<id>`. */
export type SessionHubSnapshot = Snapshot<undefined> & {
  /** Sessions that were admitted and have not ended, including those without a HELLO. */
  readonly sessions: number;
  readonly draining: boolean;
  /** HELLOs refused because of their token, or without one, since the hub started. */
  readonly authFailures: number;
  /** Sessions released since the hub started, because they did not answer a probe and other connections waited. */
  readonly releasedSessions: number;
  /**
   * Sessions displaced since the hub started, because the router was full and they had neither a subscription nor a
   * write.
   */
  readonly displacedSessions: number;
};

export type SessionHubLogic = ActorLogic<
  SessionHubSnapshot,
  SessionHubEvent,
  SessionHubInput,
  AnyActorRef['system'],
  SessionHubEmitted
>;
export type SessionHubRef = ActorRefFromLogic<SessionHubLogic>;
export type SessionHubScope = ActorScope<SessionHubSnapshot, SessionHubEvent, AnyActorRef['system'], SessionHubEmitted>;
