import type { Observable } from 'rxjs';
import { type ActorRefFrom, type AnyStateMachine } from 'xstate';
import { listenerMachine } from '../actors/listener/listener-machine.js';
import { rootMachine } from '../actors/root/root-machine.js';
import { sessionMachine } from '../actors/session/session-machine.js';
import { LiveSnapshot, type PersistedRouterSnapshot } from '../actors/router/router-snapshot.js';
import type { RouterState } from '../core/params/param-state.js';
import { type Authenticator, type Logger, unfailing } from '../core/ports.js';
import type { Clock } from '../util/clock.js';
import type { Client, Signal } from '../client/index.js';
import { checkFunction, checkOneOf } from '../util/arguments.js';
import { InProcess, type InProcessOptions, type LastingOptions, type SignalsOptions } from './local-session.js';
import { Listeners } from './listeners.js';
import { RouterLifecycle, type RouterPhase } from './router-lifecycle.js';
import { RouterRequests } from './router-requests.js';
import { type ResolvedRouterOptions, RouterOptionsError } from './options.js';
import type { PastWrite } from '../core/params/write-history.js';
import { parseAddress } from '../protocol/address.js';
import { ClaspError } from '../protocol/errors.js';
import type { SignalType } from '../protocol/enumerations.js';
import { routerEventTypes, type RouterEvent, RouterEvents } from './router-events.js';
import type { RouterStatistics } from './router-statistics.js';
import { RouterStoppedError, unlessStopped } from './router-stopped-error.js';
import type { ServiceRouter } from './service.js';
import { ServiceGroup } from './service-group.js';
import type { LocalEvents, LocalPeer, LocalRights } from '../transports/local/index.js';
import { type Transport } from '../transports/transport.js';
import type { ListenAddress } from '../net/listen-address.js';

/** A router with running actors, as returned by `createRouter()` and in the context of `claspMachine`. */
export class Router extends RouterRequests implements ServiceRouter {
  /** The events of the router, except messages. Completes when the router has stopped. */
  readonly events$: Observable<RouterEvent>;
  readonly #options: ResolvedRouterOptions;
  readonly #events: RouterEvents;
  readonly #inProcess: InProcess;
  readonly #services: ServiceGroup;
  readonly #logger: Logger;
  /** Stored here, because the root removes it when it ends. */
  readonly #routerActor: NonNullable<ReturnType<ActorRefFrom<typeof rootMachine>['getSnapshot']>['children']['router']>;
  readonly #listeners: Listeners;
  readonly #lifecycle: RouterLifecycle;

  /**
   * @internal
   * @param actor created, possibly not started yet
   * @throws RouterOptionsError if the options contradict each other
   */
  constructor(actor: ActorRefFrom<typeof rootMachine>, options: ResolvedRouterOptions) {
    super(actor);
    this.#options = options;
    this.#routerActor = actor.getSnapshot().children.router!; // the root invokes it on creation
    const { status, error } = this.#routerActor.getSnapshot();
    if (status === 'error') throw unfit(error);
    this.#events = new RouterEvents(actor);
    this.events$ = this.#events.events$;
    this.#inProcess = new InProcess(
      () => (this.isStopping ? undefined : actor.getSnapshot().children.sessions),
      options.clock,
    );
    this.events$.subscribe({
      complete: () => {
        this.#inProcess.stopped();
      },
    });
    this.#logger = unfailing(options.logger);
    const stopMs = options.drainTimeoutSeconds * 1_000;
    this.#services = new ServiceGroup(options.services, { clock: options.clock, logger: this.#logger, stopMs });
    this.#listeners = new Listeners(actor, {
      options,
      services: this.#services,
      logger: this.#logger,
      created: (listener) => {
        this.#events.follow(listener);
      },
    });
    this.#lifecycle = new RouterLifecycle(this, actor, this.#services, options.transports);
  }

  get name(): string {
    return this.#options.name;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  /** The logger of the options. It never throws. */
  get logger(): Logger {
    return this.#logger;
  }

  /** Validates tokens; undefined if the router requires none. */
  get authenticator(): Authenticator | undefined {
    return this.#options.authenticator;
  }

  /** The machines of the actors, with those of the services. */
  get machines(): readonly AnyStateMachine[] {
    return [rootMachine, listenerMachine, sessionMachine, ...this.#services.machines];
  }

  get phase(): RouterPhase {
    return this.#lifecycle.phase;
  }

  /**
   * Starts the services of the option `services`, then opens the transports of the option `transports`, each one after
   * the other. While it is in progress, it returns the same promise; afterwards it resolves with the current addresses.
   * After a failure it can be repeated: it continues with the transport that did not open, or starts all services
   * again. `claspMachine` calls it for its router.
   *
   * @returns the addresses for clients
   * @throws ServiceError for the first service that does not start; those before it are stopped. TransportError for the
   * first transport that does not open; those before it stay open, and the services run. RouterStoppedError after {@link
   * stop}, or if `stop` is called meanwhile
   */
  start(): Promise<readonly ListenAddress[]> {
    return this.#lifecycle.start();
  }

  /**
   * Closes all listeners and closes all sessions gracefully, after their queued data. Then stops the services, in reverse
   * order. Resolves when every port is free. After `drainTimeoutSeconds` the remaining sessions are disconnected; the
   * services together have as long. Can be repeated, in every phase.
   */
  stop(): Promise<void> {
    this.actor.send({ type: 'router.stopping' });
    return this.#lifecycle.ended;
  }

  /** @internal Resolves when the services have stopped. The router must have ended, or be about to. */
  stopServices(): Promise<void> {
    return this.#services.stop();
  }

  /** Whether the options contain services. */
  get hasServices(): boolean {
    return !this.#services.isEmpty;
  }

  /**
   * Opens a listener. All listeners share the params and sessions.
   *
   * @returns the address of the listener, with the real port also if 0 was requested
   * @throws TransportError if the listener does not open, or if its transport is not permitted with tokens. A listener
   * that fails later is reopened automatically. RouterStoppedError if the router is stopped before the listener is
   * open. ArgumentError if the argument is not a transport
   */
  listen(transport: Transport): Promise<readonly ListenAddress[]> {
    return unlessStopped(this.#listeners.open(transport));
  }

  /** The addresses of the open listeners. */
  get addresses(): readonly ListenAddress[] {
    return this.#listeners.addresses;
  }

  /** Number of sessions, including in-process sessions and those without HELLO. */
  get sessionCount(): number {
    return this.actor.getSnapshot().children.sessions?.getSnapshot().sessions ?? 0;
  }

  /** Whether the router accepts sessions: it is running, and every requested listener is open. */
  get isReady(): boolean {
    return !this.isStopping && this.#listeners.areOpen;
  }

  /** Whether the router is stopping or stopped: it opens no session and no transport. */
  get isStopping(): boolean {
    const snapshot = this.actor.getSnapshot();
    return snapshot.status !== 'active' || !snapshot.matches('running');
  }

  /**
   * Opens a session inside this process, with the functions of a client over a network and without encoding. Without a
   * token it has no scope limits, also on a router that requires tokens. It counts as one of `maxSessions`, and ends
   * with the router.
   *
   * @throws ClaspError if the router refuses the session, RouterStoppedError if it was stopped, ArgumentError for a
   * wrong option
   */
  connect(options?: InProcessOptions): Promise<Client> {
    return this.#inProcess.connect(options);
  }

  /**
   * Opens a session inside this process at the level of messages, for bridges. Its first message must be HELLO. Unlike
   * the session of {@link connect} it can send and receive attachments, and remove params.
   *
   * @param rights scopes of the session, and whether it gets a SNAPSHOT of all params
   * @throws RouterStoppedError if the router was stopped
   */
  openPeer(events: LocalEvents, rights: LocalRights = {}): LocalPeer {
    return this.#inProcess.openPeer(events, rights);
  }

  /** @internal Opens a session that is reopened when it is lost. */
  connectLasting(options: LastingOptions): Promise<Client> {
    return this.#inProcess.connectLasting(options);
  }

  /**
   * Returns the matching signals, existing params first, while the Observable has subscribers. It completes when the
   * router stops. Operators run in the process of the router: a slow operator delays all sessions.
   *
   * @param pattern an invalid pattern errors with ClaspError 202
   */
  signals$<T extends SignalType = SignalType>(pattern: string, options: SignalsOptions<T> = {}): Observable<Signal<T>> {
    return this.#inProcess.signals$(pattern, options);
  }

  /** Listens to one kind of {@link events$}. @returns a function that removes the listener */
  on<T extends RouterEvent['type']>(
    type: T,
    listener: (event: Extract<RouterEvent, { readonly type: T }>) => void,
  ): () => void {
    checkOneOf('the first argument of on', type, routerEventTypes);
    checkFunction('the listener of on', listener);
    return this.#events.on(type, listener);
  }

  /**
   * Returns current and total counts, for metrics. Walks all sessions.
   *
   * @throws RouterStoppedError if the router has stopped
   */
  statistics(): RouterStatistics {
    const { children, context } = this.actor.getSnapshot();
    const statistics = LiveSnapshot.router(children.router?.getSnapshot())?.statistics();
    if (statistics === undefined) throw new RouterStoppedError('the router was stopped; it has no statistics');
    const { authFailures = 0, releasedSessions = 0, displacedSessions = 0 } = children.sessions?.getSnapshot() ?? {};
    return {
      ...statistics,
      authFailures,
      releasedSessions,
      displacedSessions,
      rejectedConnections: context.faultCounts,
    };
  }

  /**
   * Returns the last writes of a param with their writers, oldest first: those that the option `writeHistory` keeps.
   *
   * @throws ClaspError 200 for an invalid address, RouterStoppedError if the router has stopped
   */
  history(address: string): readonly PastWrite[] {
    parseAddress(address);
    const writes = LiveSnapshot.router(this.actor.getSnapshot().children.router?.getSnapshot())?.history(address);
    if (writes === undefined) throw new RouterStoppedError('the router was stopped; it has no history');
    return writes;
  }

  /**
   * Returns the state for the option `state` of another router: params with values, revisions and times, and announced
   * signals. It is plain JSON. The call walks all data in one turn of the event loop. It also works after the router
   * has stopped.
   */
  state(): RouterState {
    // The result is a snapshot of that kind, although XState's types do not state it.
    return (this.#routerActor.getPersistedSnapshot() as PersistedRouterSnapshot).state;
  }

  /** The JSON form for inspectors and logs. */
  toJSON(): object {
    const { status, value } = this.actor.getSnapshot();
    return { status, state: value, sessions: this.sessionCount, addresses: this.addresses.map(({ url }) => url) };
  }
}

/**
 * Returns the error for options that contradict each other, such as more defined signals than the limit of announced
 * ones.
 */
function unfit(error: unknown): unknown {
  if (!(error instanceof ClaspError)) return error;
  return new RouterOptionsError(`the options are invalid: ${error.message}`);
}
