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
  /** Begins to read a connection, and tells its session when that ends. Called once for each connection. */
  readonly attach: (session: RouterSession, connection: Connection) => void;
  /** Called once: the hub was told to drain, and the last session is gone. */
  readonly drained: () => void;
  /** Sessions of one token at once; 0 = unlimited. */
  readonly maxSessionsPerToken: number;
  /** Milliseconds of silence in both directions that end a session; 0 = never. */
  readonly sessionTimeoutMs: number;
  /** Milliseconds a peer may take to say HELLO. */
  readonly helloTimeoutMs: number;
  /** Milliseconds a peer may take to read its goodbye. */
  readonly drainMs: number;
  /** What may wait for one congested session. */
  readonly maxQueueBytes: number;
  readonly maxQueueMessages: number;
  /** Looks at the tokens of HELLOs, on a router that asks for them. */
  readonly authenticator?: Authenticator | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Makes session ids, each of them once. @default crypto.randomUUID */
  readonly newId?: (() => string) | undefined;
  /** Stands before `session:<id>` in the system id of each session. @default '' */
  readonly systemIdPrefix?: string | undefined;
}

export type SessionHubEvent =
  | { readonly type: 'connection.opened'; readonly connection: Connection }
  /** Say goodbye to everybody, and let nobody in any more. */
  | { readonly type: 'router.draining' }
  /** Time to look at the connections that wait for a limit. */
  | { readonly type: 'admission.due' }
  /** Time to look for sessions that have gone silent. */
  | { readonly type: 'idle.sweepDue' }
  /** Somebody wants to see all sessions, and has when this has been handled. */
  | { readonly type: 'sessions.requested'; readonly answer: (sessions: readonly SessionView[]) => void };

/** `connection.opened` with a compact JSON form: a connection reaches its socket, and the socket everything. */
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

/** What those hear who listen to the hub with `on()`. */
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
      /** Whether it was in, that is, whether `session.established` was said of it. */
      readonly wasEstablished: boolean;
      readonly end: SessionEnd;
    };

/** What an observer sees of the hub. The sessions themselves are actors of the system: `session:<id>`. */
export type SessionHubSnapshot = Snapshot<undefined> & {
  /** Admitted and not gone yet, those without a HELLO included. */
  readonly sessions: number;
  readonly draining: boolean;
  /** HELLOs refused for their token, or for the lack of one, since the hub began. */
  readonly authFailures: number;
  /** Sessions released since the hub began, because they did not answer a probe and others waited for their places. */
  readonly releasedSessions: number;
  /** Sessions displaced since the hub began, because the router was full and they had neither a subscription nor a write. */
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
