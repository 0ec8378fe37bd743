import type { Observable } from 'rxjs';
import type { AnyActorLogic, AnyActorRef, AnyStateMachine } from 'xstate';
import type { Client, Signal } from '../client/index.js';
import type { Observers } from '../core/observers.js';
import type { Authenticator, Logger } from '../core/ports.js';
import type { RestoredState, RouterState } from '../core/params/param-state.js';
import type { PastWrite } from '../core/params/write-history.js';
import type { HttpRoute } from '../http/route.js';
import type { ListenAddress } from '../net/listen-address.js';
import type { SignalType } from '../protocol/enumerations.js';
import type { LocalEvents, LocalPeer, LocalRights } from '../transports/local/index.js';
import type { Transport } from '../transports/transport.js';
import type { Clock } from '../util/clock.js';
import type { LibraryErrorCode } from '../util/library-errors.js';
import type { InProcessOptions, SignalsOptions } from './local-session.js';
import type { RouterEvent } from './router-events.js';
import type { RouterStatistics } from './router-statistics.js';

/**
 * A feature with a lifetime: a page, metrics, a bridge, discovery. The option `services` contains the services of a
 * router, which starts and stops them.
 *
 * Services start one after the other, in the order of the option, before the router opens its transports. When the
 * router begins to stop, `signal` is aborted. After all sessions have ended, `stop` is called for each started service,
 * in reverse order.
 */
export interface Service {
  /** Name in errors and logs; unique per router. */
  readonly name: string;
  /**
   * Routes for every transport with an HTTP port, after the routes of the transport. They can be called before `start`
   * and after `stop`.
   */
  readonly routes?: readonly HttpRoute[] | undefined;
  /** The machines of the actors that it adds with `addActor`, for a page that draws them. */
  readonly machines?: readonly AnyStateMachine[] | undefined;
  /**
   * What the router calls while it handles messages, for stores and recordings. Read once, when the router is created.
   * The calls begin before `start`, with the first in-process session, and end after `stop`.
   */
  readonly observers?: Observers | undefined;
  /**
   * Starts the service. The router does not open its transports before the promise is resolved. If it rejects, the
   * router calls `stop` of the services that were started before, and its own `start` rejects with a ServiceError.
   *
   * @param router the router, which accepts in-process sessions
   * @param signal aborted when the router begins to stop, and when another service does not start. Work that needs
   *   sessions, such as closing those of the service, belongs here
   */
  start(router: ServiceRouter, signal: AbortSignal): Promise<void> | void;
  /**
   * Releases everything: ports, files, timers. The router waits at most `drainTimeoutSeconds` for all its services
   * together. Called once per resolved `start`; afterwards the service can be started again.
   */
  stop?(): Promise<void> | void;
}

/** The router of a service. */
export interface ServiceRouter {
  /** The option `name`. */
  readonly name: string;
  /** The root actor. */
  readonly actor: AnyActorRef;
  /** The machines of its actors, for a page that draws them. */
  readonly machines: readonly AnyStateMachine[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Validates tokens; undefined if the router requires none. */
  readonly authenticator: Authenticator | undefined;
  readonly events$: Observable<RouterEvent>;
  readonly addresses: readonly ListenAddress[];
  readonly sessionCount: number;
  readonly isReady: boolean;
  readonly isStopping: boolean;
  listen(transport: Transport): Promise<readonly ListenAddress[]>;
  connect(options?: InProcessOptions): Promise<Client>;
  /**
   * Opens a session at the level of messages, which can carry attachments and remove params. Its first message must be
   * HELLO.
   */
  openPeer(events: LocalEvents, rights?: LocalRights): LocalPeer;
  signals$<T extends SignalType = SignalType>(pattern: string, options?: SignalsOptions<T>): Observable<Signal<T>>;
  on<T extends RouterEvent['type']>(
    type: T,
    listener: (event: Extract<RouterEvent, { readonly type: T }>) => void,
  ): () => void;
  statistics(): RouterStatistics;
  history(address: string): readonly PastWrite[];
  state(): RouterState;
  /**
   * Sends the acknowledgments that wait for a cut, and for all earlier ones, in this turn of the event loop. For the
   * service with a `replyHold`.
   *
   * @param failure why the cut was not stored: those writers get ERROR 500 with this text instead. @default it is stored
   */
  settleCut(cut: number, failure?: string): void;
  /**
   * Adds the params and announced signals of an earlier router, for a store that starts. Existing params and the limits of
   * the option `params` are respected if `state.isLimited` is true. Has no effect after the router has stopped.
   *
   * @returns the number of params that the limits did not admit
   */
  restore(state: RestoredState): number;
  /**
   * Starts an actor below the root actor, so that inspectors show it. It ends with the root actor.
   *
   * @param id unique in the router
   * @returns the actor; the existing one if the ID is in use, as after a service was started again; undefined if the router is not running
   */
  addActor(id: string, logic: AnyActorLogic, input: unknown): AnyActorRef | undefined;
  /** Ends the calls of the `recorder` of the services. Has no effect without one. */
  stopRecording(): void;
}

/** Whether a value has the shape of a service. */
export function isService(value: unknown): value is Service {
  if (typeof value !== 'object' || value === null) return false;
  // Invariant: absent fields are undefined.
  const { name, routes, start, stop } = value as Readonly<Record<keyof Service, unknown>>;
  return (
    typeof name === 'string' &&
    name !== '' &&
    (routes === undefined || Array.isArray(routes)) &&
    typeof start === 'function' &&
    (stop === undefined || typeof stop === 'function')
  );
}

/** A service did not start. The message names it and states the reason. The cause is what its `start` threw. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code = 'CLASP_ERR_SERVICE' satisfies LibraryErrorCode;

  toJSON(): object {
    const { name, code, message } = this;
    return { name, code, message };
  }
}
