import { type ActorRefFrom, assign, type DoneActorEvent, type ErrorActorEvent, sendTo, setup } from 'xstate';
import { judgeAfterInput } from '../../util/peer-deadline.js';
import type { Connection, Transport } from '../../transports/transport.js';
import type { FaultCounts } from '../listener/rejection-log.js';
import { listenerMachine } from '../listener/listener-machine.js';
import { namedTransport } from '../listener/named-transport.js';
import type { Logger } from '../../core/ports.js';
import { type RouterInput, routerLogic, type RouterRef } from '../router/router-logic.js';
import { sessionHub } from '../session/session-hub.js';
import { ConnectionOpened, type SessionHubInput, type SessionHubRef } from '../session/session-hub-types.js';
import { summarized } from '../summarized.js';

export type ListenerRef = ActorRefFrom<typeof listenerMachine>;

export interface RootInput {
  readonly router: RouterInput;
  readonly sessions: Omit<SessionHubInput, 'router' | 'attach' | 'drained' | 'systemIdPrefix'>;
  /** Joins the connections to the router actor: gives what begins to read one. */
  readonly readInto: (router: RouterRef) => SessionHubInput['attach'];
  /** Milliseconds after which a stop is no longer polite. */
  readonly drainMs: number;
  readonly logger: Logger;
  /** Counts those who did not get in by any of the doors. */
  readonly faultCounts: FaultCounts;
}

export type RootEvent =
  /** Open one more door. Its actor has the system id given here, and is not there when the router has stopped. */
  | { readonly type: 'listener.requested'; readonly id: string; readonly transport: Transport }
  /** Stop accepting, let everybody go, end. */
  | { readonly type: 'router.stopping' }
  | { readonly type: 'sessions.drained' }
  /** The sessions had their time to read their close messages. */
  | { readonly type: 'drain.overdue' };

/** How a router ended. `error`: a fault of its own, without which it would be running still. */
export interface RootEnd {
  readonly error: unknown;
}

export interface RootContext extends RootInput {
  /** Doors that are open, opening, closing or waiting to be opened again. */
  readonly listeners: readonly ListenerRef[];
  readonly error: unknown;
  /** See {@link rootMachineNamed}. */
  readonly systemIdPrefix: string;
}

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
              // The hub's system id; it is registered as long as the hub is not stopped.
              const sessions = self.system.get(`${context.systemIdPrefix}sessions`) as SessionHubRef | undefined;
              if (sessions !== undefined) sessions.send(new ConnectionOpened(connection));
              else connection.destroy(); // it came through while the router fell
            },
          },
        }),
      ],
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
 * The root machine with other system ids: a system in which two routers live has one of each only once.
 *
 * @param systemIdPrefix stands before `router`, `sessions`, `listener:1` and `session:<id>`
 */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- only setup() can say what type it is
export function rootMachineNamed(systemIdPrefix: string) {
  const machine = root.createMachine({
    id: 'root',
    context: ({ input }) => ({ ...input, listeners: [], error: undefined, systemIdPrefix }),
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
              leaving: { on: { 'sessions.drained': 'gone' } },
              gone: { type: 'final' },
            },
          },
        },
        onDone: 'stopped',
        on: { 'drain.overdue': 'stopped' },
        after: { drainLimit: { actions: 'judgeLater' } },
      },
      // What is still open then is cut off, with the actors that own it.
      stopped: { entry: 'logStopped', type: 'final' },
      failed: { entry: 'logFault', type: 'final' },
    },
    output: ({ context }) => ({ error: context.error }),
  });
  const getPersistedSnapshot = machine.getPersistedSnapshot.bind(machine);
  return Object.assign(machine, {
    // XState walks the whole context to persist it, into loggers and hooks. A router is made of its input and its state, never of these.
    getPersistedSnapshot: ((snapshot, options) =>
      getPersistedSnapshot(
        { ...snapshot, context: persistedContext(snapshot.context) },
        options,
      )) satisfies typeof getPersistedSnapshot,
  });
}

/** What of the context has a JSON form of its own. */
function persistedContext({ drainMs, faultCounts, systemIdPrefix, error, listeners }: RootContext): RootContext {
  return { drainMs, faultCounts, systemIdPrefix, error, listeners } as RootContext; // XState copies it into the persisted snapshot and reads nothing of it
}

/**
 * The whole router: the data plane as `router`, the hub of all sessions as `sessions`, the doors as `listener:1` and so
 * on. To be had on its own by `createRouter`, or as an actor inside another system.
 */
export const rootMachine = rootMachineNamed('');
