import { type ActorRefFrom, type AnyActorRef, assign, fromPromise, sendTo, setup } from 'xstate';
import { type RootEnd, type RootInput, type rootMachine, rootMachineNamed } from '../actors/root/root-machine.js';
import type { RouterState } from '../core/params/param-state.js';
import { type Clock, systemClock } from '../util/clock.js';
import { parseRouterOptions } from '../router/options.js';
import { rootInput } from '../router/composition.js';
import { Router } from '../router/router.js';
import { ActorSystemError } from './actor-system-error.js';
import { type ClaspInput, subscribeRequest, type SubscribeRequest } from './clasp-input.js';
import type { ClaspCommand, ClaspEvent } from './events.js';
import { HostSession } from './host-session.js';
import { EventSink } from './event-sink.js';

export interface ClaspContext {
  /** Sessions, signals and state of the router. */
  readonly router: Router;
  /** The reason of a failure. */
  readonly error: unknown;
  /** @internal */
  readonly host: HostSession;
  /** @internal */
  readonly subscriptions: readonly SubscribeRequest[];
  /** @internal */
  readonly sink: EventSink;
}

/** The output of a stopped router. A failed router has no output: the actor has an error. */
export interface ClaspEnd {
  /** See {@link Router.state}. */
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

/** The states of an embedded router. {@link claspMachine} adds the requests of the host. */
export const lifecycleMachine = setup({
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
      reportSessions(context); // except its own
    }),
    openListeners: fromPromise(({ input }: { readonly input: ClaspContext }) => input.router.start()),
    stopServices: fromPromise(({ input }: { readonly input: ClaspContext }) => input.router.stopServices()),
    leave: fromPromise(({ input }: { readonly input: ClaspContext }) => input.host.leave()),
    fail: fromPromise<never, ClaspContext>(({ input }) => {
      throw input.error;
    }),
  },
  actions: {
    keepFault: assign({ error: (_, { error }: { readonly error: unknown }) => error }),
    reportListeners: ({ context: { sink, router } }) => {
      const listening = (): void => {
        sink.emit({ type: 'clasp.listening', addresses: router.addresses });
      };
      listening();
      router.on('listening', listening);
      router.on('listener.failed', (routerEvent) => {
        sink.emit({ ...routerEvent, type: 'clasp.listener.failed' });
      });
    },
    stopRoot: sendTo(({ context }) => context.router.actor, { type: 'router.stopping' }),
    reportStopped: ({ context }) => {
      context.sink.emit({ type: 'clasp.stopped' });
    },
    closeSink: ({ context }) => {
      context.sink.close();
    },
    // XState stops the children of an actor that ends, but not those of an actor that throws.
    closeChildren: ({ context }) => {
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
      router: new Router(root, options),
      host: new HostSession(sink.emit, startInput.logger),
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
    stopped: { entry: ['reportStopped', 'closeSink'], type: 'final' },
    failed: {
      entry: ['closeSink', 'closeChildren'],
      // An unhandled rejection is the error of this actor, and stops its children. An exception in an action would not.
      invoke: { src: 'fail', input: ({ context }) => context },
    },
  },
  output: ({ context: { router } }) => ({ state: () => router.state() }),
});

/** The emit function of each of these actors. A machine can emit only in a transition. */
export const emitters = new WeakMap<AnyActorRef, (event: ClaspEvent) => void>();

function reportSessions({ router, host, sink }: ClaspContext): void {
  router.on('session.opened', (routerEvent) => {
    if (host.isOpening(routerEvent)) return;
    sink.emit({ ...routerEvent, type: 'clasp.session.opened' });
  });
  router.on('session.closed', ({ id, name, end: { kind, text } }) => {
    if (!host.isClosing(id)) sink.emit({ type: 'clasp.session.closed', id, name, reason: kind, text });
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
