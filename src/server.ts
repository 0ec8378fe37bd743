import type { Observable } from 'rxjs';
import { type Actor, createActor, waitFor } from 'xstate';
import { type ListenerRef, rootMachine } from './actors/root/root-machine.js';
import { rootInput } from './root-input.js';
import type { FaultCounts } from './actors/listener/fault-log.js';
import type { PersistedRouterSnapshot } from './actors/router/router-logic.js';
import type { RouterState } from './actors/router/router-state.js';
import type { Statistics } from './actors/router/statistics.js';
import { parseRouterOptions, type RouterOptions } from './options.js';
import type { Client, Signal } from './client/index.js';
import { InProcess, type InProcessOptions, type SignalsOptions } from './in-process.js';
import type { SignalType } from './protocol/enumerations.js';
import { type RouterHappening, RouterHappenings } from './router-happenings.js';
import { type ListenAddress, type Transport, TransportError } from './transports/transport.js';

/** The figures of a router, since it began unless said otherwise. */
export interface RouterStatistics extends Statistics {
  /** HELLOs refused for their token, or for the lack of one. */
  readonly authFailures: number;
  /** Peers that did not get in by a door. */
  readonly doorFaults: Readonly<FaultCounts>;
}

/** A running router. */
export interface Router {
  /**
   * Opens the doors given by the option `transports`, one after the other. Called again, it gives the same answer.
   *
   * @returns where peers can come in
   * @throws TransportError about the first that does not open; those before it stay open until {@link stop}
   */
  start(): Promise<readonly ListenAddress[]>;
  /**
   * Opens a door. Any number of them lead to the same params and the same sessions.
   *
   * @returns where peers can come in, with the real port also where 0 was asked for
   * @throws TransportError when the door does not open, or is one that a router with tokens may not have; one that was open and breaks is opened again by itself
   */
  listen(transport: Transport): Promise<readonly ListenAddress[]>;
  /** Where peers can come in now. */
  readonly addresses: readonly ListenAddress[];
  /** Sessions there are now, those that have not said HELLO yet included. */
  readonly sessionCount: number;
  /**
   * Stops accepting, sends everybody what is queued and a goodbye, and resolves when all are gone and every port is free:
   * at the latest after `drainTimeoutSeconds`, when those who would not go are cut off. May be called again.
   */
  stop(): Promise<void>;
  /**
   * A session inside this process, with all that a client over a network can do and nothing encoded on the way. It may do everything,
   * also on a router that asks for tokens, unless it brings one. It counts as one of `maxSessions`, and ends with the router.
   *
   * @throws ClaspError where the router refuses it, ClientError where it has stopped
   */
  connect(options?: InProcessOptions): Promise<Client>;
  /**
   * The signals that match, params there are already first, for as long as somebody is subscribed; it completes when the router
   * stops. Whatever operators stand behind it run in the router's process: one that takes long holds everybody up.
   *
   * @param pattern errors with ClaspError 202 where it is none
   */
  signals$<T extends SignalType = SignalType>(pattern: string, options?: SignalsOptions<T>): Observable<Signal<T>>;
  /** What happens to the router apart from messages; completes when it has stopped. */
  readonly events$: Observable<RouterHappening>;
  /** The same for one kind of it. @returns takes the listener back */
  on<T extends RouterHappening['type']>(
    type: T,
    listener: (happening: Extract<RouterHappening, { readonly type: T }>) => void,
  ): () => void;
  /** Whether it takes sessions: it is running, and every door that was asked for is open. */
  readonly isReady: boolean;
  /** What there is and what has happened, counted: for metrics. Costs a walk over all sessions. */
  statistics(): RouterStatistics;
  /**
   * What is to be kept of it for another time, as the option `state`: params with values, revisions and times, and announced signals.
   * JSON through and through. Walks everything in one turn of the event loop. Also after the router has stopped.
   */
  state(): RouterState;
  /** The answers of `isVisible` have changed: whoever hears of what is looked up anew. What was hidden is not sent by itself. */
  refreshVisibility(): void;
  /** The root of the router's actors: to watch, or to send `router.stopping`. */
  readonly actor: Actor<typeof rootMachine>;
}

/**
 * Starts a router. It has no open door yet, and keeps no process alive until it has one.
 *
 * @throws RouterOptionsError when an option is unknown or out of range
 */
export function createRouter(options: RouterOptions = {}): Router {
  const resolved = parseRouterOptions(options);
  const { clock, logger, inspect } = resolved;
  const actor = createActor(rootMachine, { input: rootInput(resolved), clock, ...(inspect && { inspect }) });
  // Unobserved, an actor that fails ends the process.
  actor.subscribe({
    error: (error) => {
      logger.error({ err: error }, 'internal error: the router has stopped');
    },
  });
  actor.start();

  const routerActor = actor.getSnapshot().children.router!; // it was invoked as the root started
  const happenings = new RouterHappenings(actor);
  const inProcess = new InProcess(() => {
    const { status, children } = actor.getSnapshot();
    return status === 'active' ? children.sessions : undefined;
  }, clock);
  let doors = 0;
  let started: Promise<readonly ListenAddress[]> | undefined;
  const ended = new Promise<void>((resolve) => {
    const finish = (): void => {
      resolve();
    };
    actor.subscribe({ complete: finish, error: finish });
  });

  const router: Router = {
    actor,
    start() {
      return (started ??= openAll(router, resolved.transports));
    },
    connect: (options) => inProcess.connect(options),
    signals$: (pattern, options = {}) => inProcess.signals$(pattern, options),
    events$: happenings.events$,
    on: (type, listener) => happenings.on(type, listener),
    async listen(transport) {
      if (transport.isInsecure === true && resolved.securityMode === 'authenticated' && !resolved.allowInsecureUdp) {
        throw new TransportError(
          `this router asks for tokens, and by ${transport.name} they would cross the network in the clear; ` +
            'leave it off, or allow it with allowInsecureUdp (--allow-insecure-udp)',
        );
      }
      const id = `listener:${++doors}`;
      actor.send({ type: 'listener.wanted', id, transport });
      const listener = actor.getSnapshot().context.listeners.find((candidate) => candidate.id === id);
      if (listener === undefined)
        throw new TransportError(`the router has stopped; it cannot listen on ${transport.name}`);
      happenings.follow(listener);
      return opened(listener);
    },
    get addresses() {
      const { status, context } = actor.getSnapshot();
      // An actor that was cut off still remembers the door it had.
      if (status !== 'active') return [];
      return context.listeners.flatMap((listener) => listener.getSnapshot().context.addresses);
    },
    get sessionCount() {
      return actor.getSnapshot().children.sessions?.getSnapshot().sessions ?? 0;
    },
    get isReady() {
      const snapshot = actor.getSnapshot();
      if (!snapshot.matches('running')) return false;
      return snapshot.context.listeners.every((listener) => listener.getSnapshot().matches({ open: 'listening' }));
    },
    statistics() {
      const { children, context } = actor.getSnapshot();
      const answers: Statistics[] = [];
      children.router?.send({ type: 'statistics.wanted', answer: (answer) => void answers.push(answer) });
      const [statistics] = answers; // the actor answers before send returns
      if (statistics === undefined) throw new Error('the router has stopped; it has no figures any more');
      const authFailures = children.sessions?.getSnapshot().authFailures ?? 0;
      return { ...statistics, authFailures, doorFaults: context.faultCounts };
    },
    state() {
      // What it gives is a snapshot of that kind, although XState's types do not say so.
      return (routerActor.getPersistedSnapshot() as PersistedRouterSnapshot).state;
    },
    refreshVisibility() {
      actor.getSnapshot().children.router?.send({ type: 'visibility.changed' });
    },
    stop() {
      actor.send({ type: 'router.stopping' });
      return ended;
    },
  };
  return router;
}

async function openAll(router: Router, transports: readonly Transport[]): Promise<readonly ListenAddress[]> {
  for (const transport of transports) await router.listen(transport);
  return router.addresses;
}

async function opened(listener: ListenerRef): Promise<readonly ListenAddress[]> {
  const snapshot = await waitFor(listener, (state) => state.matches('open') || state.status !== 'active', {
    timeout: Infinity,
  });
  if (snapshot.matches({ open: 'listening' })) return snapshot.context.addresses;
  throw snapshot.context.error ?? new TransportError('the router was stopped before it could listen');
}
