import type { Observable } from 'rxjs';
import { type ActorRefFrom, waitFor } from 'xstate';
import type { FaultCounts } from '../actors/listener/rejection-log.js';
import { namedTransport } from '../actors/listener/named-transport.js';
import type { rootMachine } from '../actors/root/root-machine.js';
import type { PersistedRouterSnapshot } from '../actors/router/router-snapshot.js';
import type { RouterState } from '../core/params/param-state.js';
import type { Statistics } from '../core/system/statistics.js';
import type { Client, Signal } from '../client/index.js';
import { check, checkFunction, checkOneOf } from '../util/arguments.js';
import { InProcess, type InProcessOptions, type LastingOptions, type SignalsOptions } from './local-session.js';
import { type ResolvedRouterOptions, RouterOptionsError } from './options.js';
import { ClaspError } from '../protocol/errors.js';
import type { SignalType } from '../protocol/enumerations.js';
import { routerEventTypes, type RouterEvent, RouterEvents } from './router-events.js';
import { RouterStoppedError, unlessStopped } from './router-stopped-error.js';
import { checkedTransport } from '../transports/checked-transport.js';
import { isTransport, type Transport } from '../transports/transport.js';
import type { ListenAddress } from '../net/listen-address.js';
import { TransportError } from '../net/transport-error.js';

/** The figures of a router, since it began unless said otherwise. */
export interface RouterStatistics extends Statistics {
  /** HELLOs refused for their token, or for the lack of one. */
  readonly authFailures: number;
  /** Sessions released because they did not answer a probe and others waited for their places. */
  readonly releasedSessions: number;
  /** Sessions displaced by new connections: the router was full, and they had neither a subscription nor a write. */
  readonly displacedSessions: number;
  /** Peers that did not get in by a door. */
  readonly rejectedConnections: Readonly<FaultCounts>;
}

/**
 * A router whose actors run, for the program around it: all of a router but its start and its end, which are the business of
 * `createRouter()` or of the actor system that it is a part of.
 */
export class RunningRouter {
  /** The root of the router's actors: to watch, or to send `router.stopping`. */
  readonly actor: ActorRefFrom<typeof rootMachine>;
  /** What happens to the router apart from messages; completes when it has stopped. */
  readonly events$: Observable<RouterEvent>;
  readonly #options: ResolvedRouterOptions;
  readonly #events: RouterEvents;
  readonly #inProcess: InProcess;
  /** Kept, because the root forgets it when it ends. */
  readonly #routerActor: NonNullable<ReturnType<ActorRefFrom<typeof rootMachine>['getSnapshot']>['children']['router']>;
  #listeners = 0;

  /**
   * @internal
   * @param actor made and perhaps not yet started
   * @throws RouterOptionsError when the router cannot begin with what it was given
   */
  constructor(actor: ActorRefFrom<typeof rootMachine>, options: ResolvedRouterOptions) {
    this.actor = actor;
    this.#options = options;
    this.#routerActor = actor.getSnapshot().children.router!; // it was invoked as the root was made
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
  }

  /**
   * Opens a door. Any number of them lead to the same params and the same sessions.
   *
   * @returns where peers can come in, with the real port also where 0 was asked for
   * @throws TransportError when the door does not open, or is one that a router with tokens may not have; one that was open
   * and breaks is opened again by itself. RouterStoppedError when the router was stopped, or is before it could listen. ArgumentError for
   * what is not a transport
   */
  listen(transport: Transport): Promise<readonly ListenAddress[]> {
    return unlessStopped(this.#listen(transport));
  }

  async #listen(transport: Transport): Promise<readonly ListenAddress[]> {
    check(isTransport(transport), 'the argument of listen', 'be a transport, such as webSocket()', transport);
    const { securityMode, allowInsecureUdp } = this.#options;
    if (transport.isInsecure === true && securityMode === 'authenticated' && !allowInsecureUdp) {
      throw new TransportError(
        `this router asks for tokens, and by ${transport.name} they would cross the network in the clear; ` +
          'leave it off, or allow it with allowInsecureUdp (--allow-insecure-udp)',
      );
    }
    const id = `listener:${++this.#listeners}`;
    this.actor.send({ type: 'listener.requested', id, transport: namedTransport(checkedTransport(transport)) });
    const listener = this.actor.getSnapshot().context.listeners.find((candidate) => candidate.id === id);
    if (listener === undefined) {
      throw new RouterStoppedError(`the router was stopped; it cannot listen on ${transport.name}`);
    }
    this.#events.follow(listener);
    const snapshot = await waitFor(listener, (state) => state.matches('open') || state.status !== 'active', {
      timeout: Infinity,
    }).catch(() => undefined); // the drain time was over before the transport had answered
    if (snapshot?.matches({ open: 'listening' }) === true) return snapshot.context.addresses;
    throw (
      snapshot?.context.error ??
      new RouterStoppedError(`the router was stopped before it could listen on ${transport.name}`)
    );
  }

  /** Where peers can come in now. */
  get addresses(): readonly ListenAddress[] {
    const { status, context } = this.actor.getSnapshot();
    // An actor that was cut off still remembers the door it had.
    if (status !== 'active') return [];
    return context.listeners.flatMap((listener) => listener.getSnapshot().context.addresses);
  }

  /** Sessions there are now: those in the process and those that have not said HELLO yet included. */
  get sessionCount(): number {
    return this.actor.getSnapshot().children.sessions?.getSnapshot().sessions ?? 0;
  }

  /** Whether it takes sessions: it is running, and every door that was asked for is open. */
  get isReady(): boolean {
    if (this.isStopping) return false;
    return this.actor
      .getSnapshot()
      .context.listeners.every((listener) => listener.getSnapshot().matches({ open: 'listening' }));
  }

  /** Whether it was stopped, or stops: it opens no session any more, and no transport. */
  get isStopping(): boolean {
    const snapshot = this.actor.getSnapshot();
    return snapshot.status !== 'active' || !snapshot.matches('running');
  }

  /**
   * A session inside this process, with all that a client over a network can do and nothing encoded on the way. It may do
   * everything, also on a router that asks for tokens, unless it brings one. It counts as one of `maxSessions`, and ends with
   * the router.
   *
   * @throws ClaspError where the router refuses it, RouterStoppedError where it was stopped, ArgumentError for a wrong option
   */
  connect(options?: InProcessOptions): Promise<Client> {
    return this.#inProcess.connect(options);
  }

  /** @internal A session that is opened again when it is lost. */
  connectLasting(options: LastingOptions): Promise<Client> {
    return this.#inProcess.connectLasting(options);
  }

  /**
   * The signals that match, params there are already first, for as long as somebody is subscribed; it completes when the router
   * stops. Whatever operators stand behind it run in the router's process: one that takes long holds everybody up.
   *
   * @param pattern errors with ClaspError 202 where it is none
   */
  signals$<T extends SignalType = SignalType>(pattern: string, options: SignalsOptions<T> = {}): Observable<Signal<T>> {
    return this.#inProcess.signals$(pattern, options);
  }

  /** One kind of {@link events$}. @returns takes the listener back */
  on<T extends RouterEvent['type']>(
    type: T,
    listener: (happening: Extract<RouterEvent, { readonly type: T }>) => void,
  ): () => void {
    checkOneOf('the first argument of on', type, routerEventTypes);
    checkFunction('the listener of on', listener);
    return this.#events.on(type, listener);
  }

  /**
   * What there is and what has happened, counted: for metrics. Costs a walk over all sessions.
   *
   * @throws RouterStoppedError when the router has stopped
   */
  statistics(): RouterStatistics {
    const { children, context } = this.actor.getSnapshot();
    const answers: Statistics[] = [];
    children.router?.send({ type: 'statistics.requested', answer: (answer) => void answers.push(answer) });
    const [statistics] = answers; // the actor answers before send returns
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
   * What is to be kept of it for another time, as the option `state`: params with values, revisions and times, and announced
   * signals. JSON through and through. Walks everything in one turn of the event loop. Also after the router has stopped.
   */
  state(): RouterState {
    // What it gives is a snapshot of that kind, although XState's types do not say so.
    return (this.#routerActor.getPersistedSnapshot() as PersistedRouterSnapshot).state;
  }

  /** What inspectors and logs see of it. */
  toJSON(): object {
    const { status, value } = this.actor.getSnapshot();
    return { status, state: value, sessions: this.sessionCount, addresses: this.addresses.map(({ url }) => url) };
  }

  /** The answers of `isVisible` have changed: whoever hears of what is looked up anew. What was hidden is not sent by itself. */
  refreshVisibility(): void {
    this.actor.getSnapshot().children.router?.send({ type: 'visibility.changed' });
  }
}

/** Each option may be fine, and two of them together not: more signals defined than may be announced. */
function unfit(error: unknown): unknown {
  if (!(error instanceof ClaspError)) return error;
  return new RouterOptionsError(`the router cannot begin with these options: ${error.message}`);
}
