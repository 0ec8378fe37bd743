import {
  type ActorRefFrom,
  type AnyActorLogic,
  type AnyActorRef,
  assign,
  type DoneActorEvent,
  type ErrorActorEvent,
  sendTo,
  setup,
} from 'xstate';
import { judgeAfterInput } from '../../util/peer-deadline.js';
import type { Connection, Transport } from '../../transports/transport.js';
import type { FaultCounts } from '../listener/rejection-log.js';
import { listenerMachine } from '../listener/listener-machine.js';
import { namedTransport } from '../listener/named-transport.js';
import type { Logger } from '../../core/ports.js';
import type { RouterInput } from '../router/router-input.js';
import { routerLogic, type RouterRef } from '../router/router-logic.js';
import { sessionHub } from '../session/session-hub.js';
import { ConnectionOpened, type SessionHubInput, type SessionHubRef } from '../session/session-hub-types.js';
import { summarized } from '../summarized.js';

export type ListenerRef = ActorRefFrom<typeof listenerMachine>;

export interface RootInput {
  readonly router: RouterInput;
  readonly sessions: Omit<SessionHubInput, 'router' | 'attach' | 'drained' | 'systemIdPrefix'>;
  /** Connects inbound connections to the router actor: returns the function that starts to read one. */
  readonly readInto: (router: RouterRef) => SessionHubInput['attach'];
  /** Milliseconds after which a graceful stop is forced. */
  readonly drainMs: number;
  readonly logger: Logger;
  /** Counts rejected connections of all listeners. */
  readonly faultCounts: FaultCounts;
}

export type RootEvent =
  /** Opens another listener. Its actor has this system ID, and does not exist after the router has stopped. */
  | { readonly type: 'listener.requested'; readonly id: string; readonly transport: Transport }
  /** Starts an actor of a service. */
  | { readonly type: 'actor.requested'; readonly id: string; readonly logic: AnyActorLogic; readonly input: unknown }
  /** Stops accepting, closes all sessions gracefully, and ends. */
  | { readonly type: 'router.stopping' }
  | { readonly type: 'sessions.drained' }
  /** The deadline for the sessions to read their close messages has passed. */
  | { readonly type: 'drain.overdue' };

/** How a router ended. `error`: an internal error that ended it. */
export interface RootEnd {
  readonly error: unknown;
}

export interface RootContext extends RootInput {
  /** Listeners that are open, opening, closing or waiting for a retry. */
  readonly listeners: readonly ListenerRef[];
  /** Actors of services. */
  readonly serviceActors: readonly AnyActorRef[];
  readonly error: unknown;
  /** See {@link rootMachineNamed}. */
  readonly systemIdPrefix: string;
}

type SpawnAny = (logic: AnyActorLogic, options: { id: string; systemId: string; input: unknown }) => AnyActorRef;
type ChildEvent = DoneActorEvent | ErrorActorEvent;

const root = setup({
  types: {
    context: {} as RootContext,
    events: {} as RootEvent | ChildEvent,
    input: {} as RootInput,
    output: {} as RootEnd,
    children: {} as { router: 'router'; sessions: 'sessions' },
  },
  actors: { router: routerLogic, sessions: sessionHub, listener: listenerMachine },
  actions: {
    addListener: assign({
      listeners: (
        { context, spawn, self },
        { id, transport }: { readonly id: string; readonly transport: Transport },
      ) => [
        ...context.listeners,
        spawn('listener', {
          id,
          systemId: context.systemIdPrefix + id,
          input: {
            transport: namedTransport(transport),
            logger: context.logger,
            clock: context.sessions.clock,
            faultCounts: context.faultCounts,
            accept: (connection: Connection) => {
              // The hub's system ID is registered until the hub is stopped.
              const sessions = self.system.get(`${context.systemIdPrefix}sessions`) as SessionHubRef | undefined;
              if (sessions !== undefined) sessions.send(new ConnectionOpened(connection));
              else connection.destroy(); // accepted while the router was failing
            },
          },
        }),
      ],
    }),
    addServiceActor: assign({
      serviceActors: (
        { context, spawn },
        { id, logic, input }: { readonly id: string; readonly logic: AnyActorLogic; readonly input: unknown },
      ) => {
        const spawnAny = spawn as unknown as SpawnAny; // the declared children do not include those of services
        return [...context.serviceActors, spawnAny(logic, { id, systemId: context.systemIdPrefix + id, input })];
      },
    }),
    forgetListener: assign({
      listeners: ({ context }, { actorId }: { readonly actorId: string }) =>
        context.listeners.filter(({ id }) => id !== actorId),
    }),
    logListenerFault: ({ context }, { error }: { readonly error: unknown }) => {
      context.logger.error({ err: error }, 'internal error in a listener');
    },
    closeListeners: ({ context }) => {
      for (const listener of context.listeners) listener.send({ type: 'listener.closing' });
    },
    drainSessions: sendTo('sessions', { type: 'router.draining' }),
    judgeLater: ({ context, self }) => {
      judgeAfterInput(context.sessions.clock, () => {
        if (self.getSnapshot().status === 'active') self.send({ type: 'drain.overdue' });
      });
    },
    logStopping: ({ context }) => {
      context.logger.info({}, 'router stopping');
    },
    logStopped: ({ context }) => {
      context.logger.info({}, 'router stopped');
    },
    keepFault: assign({ error: (_, { error }: { readonly error: unknown }) => error }),
    logFault: ({ context }) => {
      context.logger.error({ err: context.error }, 'internal error: the router has stopped');
    },
  },
  guards: {
    hasNoListeners: ({ context }) => context.listeners.length === 0,
  },
  delays: {
    drainLimit: ({ context }) => context.drainMs,
  },
});

/**
 * Returns the root machine with other system IDs, because system IDs must be unique in a system with two routers.
 *
 * @param systemIdPrefix prefix of `router`, `sessions`, `listener:1` and `session:<id>`
 */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- only setup() can infer the type
export function rootMachineNamed(systemIdPrefix: string) {
  const machine = root.createMachine({
    id: 'root',
    context: ({ input }) => ({ ...input, listeners: [], serviceActors: [], error: undefined, systemIdPrefix }),
    invoke: [
      {
        id: 'router',
        systemId: `${systemIdPrefix}router`,
        src: 'router',
        input: ({ context }) => context.router,
        onError: { target: '.failed', actions: { type: 'keepFault', params: ({ event }) => event } },
      },
      {
        id: 'sessions',
        systemId: `${systemIdPrefix}sessions`,
        src: 'sessions',
        input: ({ context, self }) => {
          const router = self.system.get(`${systemIdPrefix}router`) as RouterRef; // invoked just above
          return summarized({
            ...context.sessions,
            systemIdPrefix,
            router,
            attach: context.readInto(router),
            drained: () => {
              self.send({ type: 'sessions.drained' });
            },
          });
        },
        onError: { target: '.failed', actions: { type: 'keepFault', params: ({ event }) => event } },
      },
    ],
    on: {
      'xstate.done.actor.*': { actions: { type: 'forgetListener', params: ({ event }) => event } },
      'xstate.error.actor.*': {
        actions: [
          { type: 'logListenerFault', params: ({ event }) => event },
          { type: 'forgetListener', params: ({ event }) => event },
        ],
      },
    },
    initial: 'running',
    states: {
      running: {
        on: {
          'listener.requested': { actions: { type: 'addListener', params: ({ event }) => event } },
          'actor.requested': { actions: { type: 'addServiceActor', params: ({ event }) => event } },
          'router.stopping': 'draining',
        },
      },
      draining: {
        entry: ['logStopping', 'closeListeners', 'drainSessions'],
        type: 'parallel',
        states: {
          doors: {
            initial: 'closing',
            states: {
              closing: { always: { guard: 'hasNoListeners', target: 'closed' } },
              closed: { type: 'final' },
            },
          },
          sessions: {
            initial: 'leaving',
            states: {
              leaving: { on: { 'sessions.drained': 'ended' } },
              ended: { type: 'final' },
            },
          },
        },
        onDone: 'stopped',
        on: { 'drain.overdue': 'stopped' },
        after: { drainLimit: { actions: 'judgeLater' } },
      },
      // Connections that are still open are destroyed, with the actors that own them.
      stopped: { entry: 'logStopped', type: 'final' },
      failed: { entry: 'logFault', type: 'final' },
    },
    output: ({ context }) => ({ error: context.error }),
  });
  const getPersistedSnapshot = machine.getPersistedSnapshot.bind(machine);
  return Object.assign(machine, {
    // XState walks the whole context to persist it, into loggers and hooks. A router is created from its input and its
    // state, never from these. The actors of services are started by their services.
    getPersistedSnapshot: ((snapshot, options) => {
      const { children, context } = snapshot;
      const services = new Set(context.serviceActors.map(({ id }) => id));
      const own = Object.fromEntries(Object.entries(children).filter(([id]) => !services.has(id)));
      return getPersistedSnapshot(
        { ...snapshot, context: persistedContext(context), children: own as typeof children }, // a part of them
        options,
      );
    }) satisfies typeof getPersistedSnapshot,
  });
}

/** Fields of the context with their own JSON form. */
function persistedContext({ drainMs, faultCounts, systemIdPrefix, error, listeners }: RootContext): RootContext {
  return {
    drainMs,
    faultCounts,
    systemIdPrefix,
    error,
    listeners,
    serviceActors: [] as const,
  } as unknown as RootContext; // only copied by XState
}

/**
 * The whole router: the data plane as `router`, the session hub as `sessions`, the listeners as `listener:1` and so on.
 * `createRouter` runs it; it can also be an actor of another system.
 */
export const rootMachine = rootMachineNamed('');
