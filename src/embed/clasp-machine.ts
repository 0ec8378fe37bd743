import { type ActorRefFrom, type AnyActorRef, assign, fromPromise, sendTo, setup } from 'xstate';
import { namedTransport } from '../actors/listener/named-transport.js';
import { type RootEnd, type RootInput, type rootMachine, rootMachineNamed } from '../actors/root/root-machine.js';
import type { RouterState } from '../actors/router/router-state.js';
import { primitivesOf, summarized } from '../actors/summarized.js';
import type { OnOptions } from '../client/index.js';
import { type Clock, systemClock } from '../clock.js';
import { parseRouterOptions, type RouterOptions } from '../options.js';
import { rootInput } from '../root-input.js';
import { RunningRouter } from '../running-router.js';
import type { Transport } from '../transports/transport.js';
import { ActorSystemError } from './actor-system-error.js';
import type { ClaspCommand, ClaspEvent, ClaspRequest } from './events.js';
import { HostSession } from './host-session.js';
import { Outlet } from './outlet.js';
import type { LibraryErrorCode } from '../protocol/library-errors.js';

/** What the actor subscribes to before it opens a door. */
export interface ClaspSubscription extends OnOptions {
  readonly pattern: string;
  /** What `clasp.unsubscribe` names. @default the pattern */
  readonly id?: string | undefined;
}

/**
 * Options of a router, and what concerns the actor system around it. `inspect` is that system's; the clock is that system's
 * too, unless another one is given: one that tells the time, as SimulatedClock does.
 */
export interface ClaspInput extends Omit<RouterOptions, 'inspect'> {
  /** Whose signals go into the parent's mailbox. Each is an event, and so a transition, of the parent. @default none */
  readonly subscribe?: readonly (string | ClaspSubscription)[] | undefined;
  /** Who is told what happens. @default the actor that has invoked or spawned it */
  readonly parent?: { send(event: ClaspEvent): void } | undefined;
  /**
   * Stands before the system ids `router`, `sessions`, `listener:1` and `session:<id>`: needed where a system has two routers.
   * @default ''
   */
  readonly systemIdPrefix?: string | undefined;
}

export interface ClaspContext {
  /** Sessions, signals and state of the router, for whoever holds the actor. */
  readonly router: RunningRouter;
  /** Why it has failed. */
  readonly error: unknown;
  /** @internal */
  readonly host: HostSession;
  /** @internal */
  readonly transports: readonly Transport[];
  /** @internal */
  readonly subscriptions: readonly Extract<ClaspRequest, { readonly type: 'clasp.subscribe' }>[];
  /** @internal */
  readonly outlet: Outlet;
}

/** How it ended. Of a router that has failed there is no output: the actor has an error. */
export interface ClaspEnd {
  /** See {@link RunningRouter.state}. */
  readonly state: () => RouterState;
}

type RootEvent =
  | { readonly type: 'xstate.done.actor.root'; readonly output: RootEnd; readonly actorId: string }
  | { readonly type: 'xstate.error.actor.root'; readonly error: unknown; readonly actorId: string };

/** XState's types have no id for a logic that setup() gives no name, although there is one. This one's name is only known with the input. */
type SpawnRoot = (
  logic: typeof rootMachine,
  options: { readonly id: 'root'; readonly input: RootInput },
) => ActorRefFrom<typeof rootMachine>;

interface JoinInput {
  readonly context: ClaspContext;
  /** What the actor's own session calls itself. */
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
      tellOfSessions(context); // of the others, that is
    }),
    openDoors: fromPromise(
      async ({ input, signal }: { readonly input: ClaspContext; readonly signal: AbortSignal }) => {
        for (const transport of input.transports) {
          if (!signal.aborted) await input.router.listen(transport);
        }
      },
    ),
    keepSession: fromPromise(({ input }: { readonly input: ClaspContext }) => input.host.lost()),
    leave: fromPromise(({ input }: { readonly input: ClaspContext }) => input.host.leave()),
    giveUp: fromPromise<never, ClaspContext>(({ input }) => {
      throw input.error;
    }),
  },
  actions: {
    keepFault: assign({ error: (_, { error }: { readonly error: unknown }) => error }),
    tellOfDoors: ({ context: { outlet, router } }) => {
      const listening = (): void => {
        outlet.tell({ type: 'clasp.listening', addresses: router.addresses });
      };
      listening();
      router.on('listening', listening);
      router.on('door.broke', (happening) => {
        outlet.tell({ ...happening, type: 'clasp.door.broke' });
      });
    },
    stopRoot: sendTo(({ context }) => context.router.actor, { type: 'router.stopping' }),
    tellStopped: ({ context }) => {
      context.outlet.tell({ type: 'clasp.stopped' });
    },
    fallSilent: ({ context }) => {
      context.outlet.close();
    },
    // XState stops the children of an actor that ends, but not of one that throws.
    salvage: ({ context }) => {
      const { status, context: root, children } = context.router.actor.getSnapshot();
      if (status !== 'error') return;
      for (const listener of root.listeners) listener.send({ type: 'listener.closing' });
      children.sessions?.send({ type: 'router.draining' });
    },
  },
  guards: {
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
    const root = (spawn as unknown as SpawnRoot)(rootMachineNamed(systemIdPrefix), {
      id: 'root',
      input: rootInput(options),
    });
    const outlet = new Outlet(parent, emitters.get(self) ?? (() => undefined));
    return {
      router: new RunningRouter(root, options),
      host: new HostSession(outlet.tell),
      transports: options.transports.map(namedTransport),
      subscriptions: subscribe.map(subscription),
      outlet,
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
            onDone: 'doors',
            onError: { target: '#clasp.failed', actions: { type: 'keepFault', params: ({ event }) => event } },
          },
        },
        doors: {
          invoke: {
            src: 'openDoors',
            input: ({ context }) => context,
            onDone: '#clasp.running',
            onError: { target: '#clasp.failed', actions: { type: 'keepFault', params: ({ event }) => event } },
          },
        },
      },
    },
    running: {
      entry: 'tellOfDoors',
      invoke: {
        src: 'keepSession',
        input: ({ context }) => context,
        onError: { target: 'failed', actions: { type: 'keepFault', params: ({ event }) => event } },
      },
      on: { 'clasp.stop': 'stopping' },
    },
    stopping: {
      initial: 'leaving',
      states: {
        // What was sent before `clasp.stop` is done before the router lets go of this session as well.
        leaving: { invoke: { src: 'leave', input: ({ context }) => context, onDone: 'draining', onError: 'draining' } },
        draining: { entry: 'stopRoot' },
      },
    },
    stopped: { entry: ['tellStopped', 'fallSilent'], type: 'final' },
    failed: {
      entry: ['fallSilent', 'salvage'],
      // A rejection that nobody takes care of is the error of this actor, and stops its children; a throw in an action would not.
      invoke: { src: 'giveUp', input: ({ context }) => context },
    },
  },
  output: ({ context: { router } }) => ({ state: () => router.state() }),
});

/** What tells the listeners of each of these actors. A machine could only do it in a transition. */
const emitters = new WeakMap<AnyActorRef, (event: ClaspEvent) => void>();

/**
 * A router was restored with the actor around it, which it cannot be. To invoke it anew, with this state as `input.state`, is
 * the business of the parent.
 */
export class RestoreError extends Error {
  override readonly name = 'RestoreError';
  readonly code = 'CLASP_ERR_RESTORE' satisfies LibraryErrorCode;
  /** What the router knew. */
  readonly state: unknown;

  constructor(state: unknown) {
    super(
      'a router is not restored with the actor around it; give the state of this error to a new one, as input.state',
    );
    this.state = state;
  }
}

const unrestored = new WeakMap<object, RestoreError>();

const { getInitialSnapshot, transition } = {
  getInitialSnapshot: machine.getInitialSnapshot.bind(machine),
  transition: machine.transition.bind(machine),
};

/**
 * A router as an actor: `setup({ actors: { clasp: claspMachine } })`, then `invoke` or `spawn`. It takes {@link ClaspCommand}
 * and says {@link ClaspEvent}. Inside are the router's own actors, with the system ids `router`, `sessions`, `listener:1` and
 * `session:<id>`.
 *
 * It fails, which its parent takes care of with `onError`, when an option is wrong (RouterOptionsError), when a door that is
 * in `transports` does not open (TransportError), and when the router meets a fault of its own.
 */
export const claspMachine: typeof machine = Object.assign(machine, {
  getInitialSnapshot(scope, input) {
    emitters.set(scope.self, scope.emit);
    summarizeInput(scope.self);
    return getInitialSnapshot(scope, input);
  },

  transition(snapshot, event, scope) {
    if (snapshot.status === 'active' && isRequest(event)) {
      // What comes by the thousand a second is no business of a machine: its state is the same whatever is set.
      snapshot.context.host.take(event);
      return snapshot;
    }
    if (event.type === XSTATE_STOP) snapshot.context.outlet.close();
    return transition(snapshot, event, scope);
  },

  /** What a router is made of, such as doors and keys, is in no snapshot: it fails as it starts, with what is needed for a new one. */
  restoreSnapshot(snapshot) {
    const error = new RestoreError('state' in snapshot ? snapshot.state : undefined);
    // Nobody gets to see this context: the actor has an error before anything else can happen.
    const restored = machine.resolveState({ value: 'failed', context: { error } as ClaspContext });
    unrestored.set(restored, error);
    return restored;
  },

  start(snapshot) {
    const error = unrestored.get(snapshot);
    if (error !== undefined) throw error;
  },

  getPersistedSnapshot: ({ value, context }) => ({
    status: 'active',
    output: undefined,
    error: undefined,
    value,
    state: context.router.state(),
  }),
} satisfies Partial<typeof machine>);

/** A router in an actor system: what `spawn(claspMachine)` gives. */
export type ClaspRef = ActorRefFrom<typeof claspMachine>;

/** XState shows the input to inspectors when the actor starts. It can hold keys, a logger and the state of an earlier router. */
function summarizeInput(actor: AnyActorRef): void {
  const { options } = actor as AnyActorRef & { readonly options: { input?: ClaspInput | undefined } }; // each actor has some
  if (options.input === undefined) return;
  const { transports = [], subscribe } = options.input;
  options.input = summarized(options.input, (input) => ({
    ...primitivesOf(input),
    subscribe,
    transports: transports.map(({ name }) => name),
  }));
}

/** What XState says last to an actor; its types leave it out. */
const XSTATE_STOP = 'xstate.stop' as string;

const requests: ReadonlySet<string> = new Set<ClaspRequest['type']>([
  'clasp.set',
  'clasp.emit',
  'clasp.publish',
  'clasp.bundle',
  'clasp.subscribe',
  'clasp.unsubscribe',
  'clasp.listen',
]);

function isRequest(event: { readonly type: string }): event is ClaspRequest {
  return requests.has(event.type);
}

function tellOfSessions({ router, host, outlet }: ClaspContext): void {
  router.on('session.opened', (happening) => {
    outlet.tell({ ...happening, type: 'clasp.session.opened' });
  });
  router.on('session.closed', ({ id, name, end: { kind, text } }) => {
    if (id !== host.id) outlet.tell({ type: 'clasp.session.closed', id, name, reason: kind, text });
  });
}

function subscription(wanted: string | ClaspSubscription): Extract<ClaspRequest, { readonly type: 'clasp.subscribe' }> {
  if (typeof wanted === 'string') return { type: 'clasp.subscribe', pattern: wanted };
  const { pattern, id, ...options } = wanted;
  return { type: 'clasp.subscribe', pattern, id, options };
}

/** The clock of the actor's system, where it tells the time; XState's own one has timers only. */
function clockOf(actor: object): Clock {
  const clock: unknown = Reflect.get(actor, 'clock');
  return isClock(clock) ? clock : systemClock;
}

function isClock(value: unknown): value is Clock {
  return typeof value === 'object' && value !== null && 'now' in value && typeof value.now === 'function';
}
