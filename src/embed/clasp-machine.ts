import { type ActorRefFrom, type AnyActorRef, assign, fromPromise, sendTo, setup } from 'xstate';
import { namedTransport } from '../actors/listener/named-transport.js';
import { type RootEnd, type RootInput, type rootMachine, rootMachineNamed } from '../actors/root/root-machine.js';
import type { RouterState } from '../core/params/param-state.js';
import { primitivesOf, summarized } from '../actors/summarized.js';
import { type Clock, systemClock } from '../util/clock.js';
import { parseRouterOptions } from '../router/options.js';
import { rootInput } from '../router/composition.js';
import { RunningRouter } from '../router/running-router.js';
import type { Transport } from '../transports/transport.js';
import { ActorSystemError } from './actor-system-error.js';
import { checkClaspInput, type ClaspInput, subscribeRequest, type SubscribeRequest } from './clasp-input.js';
import { type ClaspCommand, type ClaspEvent, type ClaspRequest, refusal } from './events.js';
import { HostSession } from './host-session.js';
import { EventSink } from './event-sink.js';
import { persisted, restored, type RestoreError } from './persisted-router.js';
import { isRequest, typeMistake } from './requests.js';

export interface ClaspContext {
  /** Sessions, signals and state of the router. */
  readonly router: RunningRouter;
  /** The reason of a failure. */
  readonly error: unknown;
  /** @internal */
  readonly host: HostSession;
  /** @internal */
  readonly transports: readonly Transport[];
  /** @internal */
  readonly subscriptions: readonly SubscribeRequest[];
  /** @internal */
  readonly sink: EventSink;
}

/** The output of a stopped router. A failed router has no output: the actor has an error. */
export interface ClaspEnd {
  /** See {@link RunningRouter.state}. */
  readonly state: () => RouterState;
}

type RootEvent =
  | { readonly type: 'xstate.done.actor.root'; readonly output: RootEnd; readonly actorId: string }
  | { readonly type: 'xstate.error.actor.root'; readonly error: unknown; readonly actorId: string };

/**
 * Spawns the root. XState's types permit no id for a logic without a name in setup(). This name depends on the input.
 */
type SpawnRoot = (
  logic: typeof rootMachine,
  options: { readonly id: 'root'; readonly input: RootInput },
) => ActorRefFrom<typeof rootMachine>;

interface JoinInput {
  readonly context: ClaspContext;
  /** Name of the session of the actor. */
  readonly name: string;
}

const machine = setup({
  types: {
    context: {} as ClaspContext,
    events: {} as ClaspCommand | RootEvent,
    input: undefined as ClaspInput | undefined,
    output: {} as ClaspEnd,
    emitted: {} as ClaspEvent,
  },
  actors: {
    join: fromPromise(async ({ input: { context, name } }: { readonly input: JoinInput }) => {
      await context.host.join(context.router, name, context.subscriptions);
      tellOfSessions(context); // except its own
    }),
    openListeners: fromPromise(
      async ({ input, signal }: { readonly input: ClaspContext; readonly signal: AbortSignal }) => {
        await input.router.startServices();
        for (const transport of input.transports) {
          if (!signal.aborted) await input.router.listen(transport);
        }
      },
    ),
    stopServices: fromPromise(({ input }: { readonly input: ClaspContext }) => input.router.stopServices()),
    leave: fromPromise(({ input }: { readonly input: ClaspContext }) => input.host.leave()),
    giveUp: fromPromise<never, ClaspContext>(({ input }) => {
      throw input.error;
    }),
  },
  actions: {
    keepFault: assign({ error: (_, { error }: { readonly error: unknown }) => error }),
    reportListeners: ({ context: { sink, router } }) => {
      const listening = (): void => {
        sink.tell({ type: 'clasp.listening', addresses: router.addresses });
      };
      listening();
      router.on('listening', listening);
      router.on('listener.failed', (routerEvent) => {
        sink.tell({ ...routerEvent, type: 'clasp.listener.failed' });
      });
    },
    stopRoot: sendTo(({ context }) => context.router.actor, { type: 'router.stopping' }),
    tellStopped: ({ context }) => {
      context.sink.tell({ type: 'clasp.stopped' });
    },
    fallSilent: ({ context }) => {
      context.sink.close();
    },
    // XState stops the children of an actor that ends, but not those of an actor that throws.
    salvage: ({ context }) => {
      const { status, context: root, children } = context.router.actor.getSnapshot();
      if (status !== 'error') return;
      for (const listener of root.listeners) listener.send({ type: 'listener.closing' });
      children.sessions?.send({ type: 'router.draining' });
    },
  },
  guards: {
    hasServices: ({ context }) => context.router.hasServices,
    isFault: (_, { output }: { readonly output: RootEnd }) => output.error !== undefined,
  },
}).createMachine({
  id: 'clasp',
  context: ({ input = {}, spawn, self }) => {
    const { subscribe = [], parent = self._parent, systemIdPrefix = '', ...given } = input;
    const options = parseRouterOptions({ ...given, clock: given.clock ?? clockOf(self) });
    if (self.system.get(`${systemIdPrefix}router`) !== undefined) {
      throw new ActorSystemError(
        `this actor system already has an actor with the system id "${systemIdPrefix}router"; ` +
          'give each of its routers a systemIdPrefix of its own',
      );
    }
    const startInput = rootInput(options);
    const root = (spawn as unknown as SpawnRoot)(rootMachineNamed(systemIdPrefix), { id: 'root', input: startInput });
    const sink = new EventSink(parent, emitters.get(self) ?? (() => undefined));
    return {
      router: new RunningRouter(root, options),
      host: new HostSession(sink.tell, startInput.logger),
      transports: options.transports.map(namedTransport),
      subscriptions: subscribe.map(subscribeRequest),
      sink,
      error: undefined,
    };
  },
  on: {
    'xstate.done.actor.root': [
      {
        guard: { type: 'isFault', params: ({ event }) => event },
        target: '.failed',
        actions: { type: 'keepFault', params: ({ event }) => event.output },
      },
      { guard: 'hasServices', target: '.ending' },
      { target: '.stopped' },
    ],
    'xstate.error.actor.root': { target: '.failed', actions: { type: 'keepFault', params: ({ event }) => event } },
  },
  initial: 'opening',
  states: {
    opening: {
      on: { 'clasp.stop': 'stopping' },
      initial: 'joining',
      states: {
        joining: {
          invoke: {
            src: 'join',
            input: ({ context, self }) => ({ context, name: self.id }),
            onDone: 'listeners',
            onError: { target: '#clasp.failed', actions: { type: 'keepFault', params: ({ event }) => event } },
          },
        },
        listeners: {
          invoke: {
            src: 'openListeners',
            input: ({ context }) => context,
            onDone: '#clasp.running',
            onError: { target: '#clasp.failed', actions: { type: 'keepFault', params: ({ event }) => event } },
          },
        },
      },
    },
    running: {
      entry: 'reportListeners',
      on: { 'clasp.stop': 'stopping' },
    },
    stopping: {
      initial: 'leaving',
      states: {
        // Requests sent before `clasp.stop` are handled before the router closes this session.
        leaving: { invoke: { src: 'leave', input: ({ context }) => context, onDone: 'draining', onError: 'draining' } },
        draining: { entry: 'stopRoot' },
      },
    },
    // All sessions have ended.
    ending: {
      invoke: { src: 'stopServices', input: ({ context }) => context, onDone: 'stopped', onError: 'stopped' },
    },
    stopped: { entry: ['tellStopped', 'fallSilent'], type: 'final' },
    failed: {
      entry: ['fallSilent', 'salvage'],
      // An unhandled rejection is the error of this actor, and stops its children. An exception in an action would not.
      invoke: { src: 'giveUp', input: ({ context }) => context },
    },
  },
  output: ({ context: { router } }) => ({ state: () => router.state() }),
});

/** The emit function of each of these actors. A machine can emit only in a transition. */
const emitters = new WeakMap<AnyActorRef, (event: ClaspEvent) => void>();

/** The errors of actors that were persisted while they ran. They throw them on start. */
const unrestored = new WeakMap<object, RestoreError>();

const { getInitialSnapshot, transition } = {
  getInitialSnapshot: machine.getInitialSnapshot.bind(machine),
  transition: machine.transition.bind(machine),
};

/**
 * A router as an actor: `setup({ actors: { clasp: claspMachine } })`, then `invoke` or `spawn`. It accepts {@link
 * ClaspCommand} and sends {@link ClaspEvent}. Its children are the actors of the router, with the system ids `router`,
 * `sessions`, `listener:1` and `session:<id>`.
 *
 * It fails, which its parent handles with `onError`, if an option is wrong (RouterOptionsError), if a service does
 * not start (ServiceError), if a listener of `transports` does not open (TransportError), or on an internal error of the
 * router.
 */
export const claspMachine: typeof machine = Object.assign(machine, {
  getInitialSnapshot(scope, input) {
    emitters.set(scope.self, scope.emit);
    if (input !== undefined) checkClaspInput(input);
    summarizeInput(scope.self);
    return getInitialSnapshot(scope, input);
  },

  transition(snapshot, event, scope) {
    if (snapshot.status === 'active' && isRequest(event)) {
      // Frequent requests cause no transition: they do not change the state of the machine.
      snapshot.context.host.take(event);
      return snapshot;
    }
    const mistake = snapshot.status === 'active' ? typeMistake(event) : undefined;
    if (mistake !== undefined) {
      // The sender intended a request; only its type is validated here.
      snapshot.context.sink.tell(refusal(event as unknown as ClaspRequest, mistake));
      return snapshot;
    }
    if (event.type === XSTATE_STOP) snapshot.context.sink.close();
    return transition(snapshot, event, scope);
  },

  /**
   * No snapshot contains the parts of a router, such as transports and keys. A router that ran fails on start, with the
   * state for a new one. A router that was done or had failed is restored as such.
   */
  restoreSnapshot(snapshot) {
    const end = restored(snapshot);
    // This context is never used: the actor has already ended.
    const context = {} as ClaspContext;
    if (end.status === 'done') return machine.resolveState({ value: 'stopped', context, output: end.output });
    const { status, error } = end;
    const failed = machine.resolveState({ value: 'failed', context, status, error });
    if (status === 'active') unrestored.set(failed, error);
    return failed;
  },

  start(snapshot) {
    const error = unrestored.get(snapshot);
    if (error !== undefined) throw error;
  },

  getPersistedSnapshot: persisted,
} satisfies Partial<typeof machine>);

/** A router in an actor system, as returned by `spawn(claspMachine)`. */
export type ClaspRef = ActorRefFrom<typeof claspMachine>;

/**
 * Summarizes the input, which XState passes to inspectors. It can contain keys, a logger and the state of an earlier
 * router.
 */
function summarizeInput(actor: AnyActorRef): void {
  // Each actor has options.
  const { options } = actor as AnyActorRef & { readonly options: { input?: ClaspInput | undefined } };
  if (options.input === undefined) return;
  const { transports = [], services = [], subscribe } = options.input;
  options.input = summarized(options.input, (input) => ({
    ...primitivesOf(input),
    subscribe,
    transports: transports.map(({ name }) => name),
    services: services.map(({ name }) => name),
  }));
}

/** The last event of an actor; XState's types omit it. */
const XSTATE_STOP = 'xstate.stop' as string;

function tellOfSessions({ router, host, sink }: ClaspContext): void {
  router.on('session.opened', (routerEvent) => {
    if (host.isOpening(routerEvent)) return;
    sink.tell({ ...routerEvent, type: 'clasp.session.opened' });
  });
  router.on('session.closed', ({ id, name, end: { kind, text } }) => {
    if (!host.isClosing(id)) sink.tell({ type: 'clasp.session.closed', id, name, reason: kind, text });
  });
}

/** Returns the clock of the actor's system, if it has the time; the default clock of XState has only timers. */
function clockOf(actor: object): Clock {
  const clock: unknown = Reflect.get(actor, 'clock');
  return isClock(clock) ? clock : systemClock;
}

function isClock(value: unknown): value is Clock {
  return typeof value === 'object' && value !== null && 'now' in value && typeof value.now === 'function';
}
