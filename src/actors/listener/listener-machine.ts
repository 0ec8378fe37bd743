import { assign, fromPromise, sendTo, setup } from 'xstate';
import type { Clock } from '../../util/clock.js';
import type { Connection, Listener, Transport } from '../../transports/transport.js';
import type { ListenAddress } from '../../transports/transport.js';
import type { Logger } from '../../core/ports.js';
import { acceptor, type AcceptorEvent } from './acceptor.js';
import type { FaultCounts } from './rejection-log.js';

export interface ListenerInput {
  readonly transport: Transport;
  readonly accept: (connection: Connection) => void;
  readonly logger: Logger;
  /** Clock that throttles log lines of the listener. @default the system's */
  readonly clock?: Clock | undefined;
  /** Counts rejected connections. */
  readonly faultCounts?: FaultCounts | undefined;
}

export type ListenerEvent =
  /** Stops accepting and frees the port. Existing connections stay. */
  { readonly type: 'listener.closing' } | AcceptorEvent;

/** How a listener ended. `error`: why it never opened, normally a TransportError. */
export interface ListenerEnd {
  readonly error: Error | undefined;
}

export interface ListenerContext extends ListenerInput {
  readonly listener: Listener | undefined;
  /** Current listen addresses; empty unless the listener is open. */
  readonly addresses: readonly ListenAddress[];
  /** Whether the listener has been open before. If so, opening is retried without limit. */
  readonly hasListened: boolean;
  /** Failures since it was last open: the first one, and each failed retry. */
  readonly faults: number;
  /** Whether it was closed while it was still opening. */
  readonly unwanted: boolean;
  readonly error: Error | undefined;
}

const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 30_000;

/**
 * One listener of the router. If it fails to open at first, the machine ends with the error. If an open listener fails,
 * the machine opens it again after 1 s, 2 s, 4 s and so on, at most 30 s.
 */
export const listenerMachine = setup({
  types: {
    context: {} as ListenerContext,
    events: {} as ListenerEvent,
    input: {} as ListenerInput,
    output: {} as ListenerEnd,
  },
  actors: {
    acceptor,
    bind: fromPromise<Listener, { readonly transport: Transport }>(async ({ input, signal }) => {
      const listener = await input.transport.listen();
      if (signal.aborted) await listener.close(); // stopped in the meantime: nothing else would close it
      return listener;
    }),
  },
  actions: {
    keepListener: assign((_, { listener }: { readonly listener: Listener }) => ({
      listener,
      addresses: listener.addresses,
      hasListened: true,
      faults: 0,
    })),
    forgetListener: assign({ listener: undefined, addresses: [] }),
    countFault: assign({
      faults: ({ context }) => context.faults + 1,
      error: (_, { error }: { readonly error: unknown }) => (error instanceof Error ? error : new Error(String(error))),
    }),
    keepUnwanted: assign({ unwanted: true }),
    stopListening: sendTo('acceptor', { type: 'listener.stopping' }),
    logListening: ({ context }) => {
      for (const { transport, url } of context.addresses)
        context.logger.info({ transport, url }, `listening on ${url}`);
    },
    logFault: ({ context }) => {
      const fields = { err: context.error, transport: context.transport.name };
      context.logger.warn(fields, `a listener broke; trying again in ${backoffMs(context.faults) / 1_000} s`);
    },
  },
  guards: {
    isUnwanted: ({ context }) => context.unwanted,
    hasListened: ({ context }) => context.hasListened,
  },
  delays: {
    backoff: ({ context }) => backoffMs(context.faults),
  },
}).createMachine({
  id: 'listener',
  context: ({ input }) => ({
    ...input,
    listener: undefined,
    addresses: [],
    hasListened: false,
    faults: 0,
    unwanted: false,
    error: undefined,
  }),
  initial: 'binding',
  states: {
    binding: {
      // The machine waits for the transport's result. Otherwise an open listener without an owner would remain.
      on: { 'listener.closing': { actions: 'keepUnwanted' } },
      invoke: {
        src: 'bind',
        input: ({ context }) => ({ transport: context.transport }),
        onDone: [
          {
            guard: 'isUnwanted',
            target: 'open.closing',
            actions: { type: 'keepListener', params: ({ event }) => ({ listener: event.output }) },
          },
          { target: 'open', actions: { type: 'keepListener', params: ({ event }) => ({ listener: event.output }) } },
        ],
        onError: [
          { guard: 'isUnwanted', target: 'closed' },
          { guard: 'hasListened', target: 'backingOff', actions: { type: 'countFault', params: ({ event }) => event } },
          { target: 'failed', actions: { type: 'countFault', params: ({ event }) => event } },
        ],
      },
    },
    open: {
      invoke: {
        src: 'acceptor',
        id: 'acceptor',
        // every transition into this state runs keepListener
        input: ({ context: { listener, accept, logger, clock, faultCounts } }) => ({
          listener: listener!,
          accept,
          logger,
          clock,
          faultCounts,
        }),
      },
      exit: 'forgetListener',
      on: { 'listener.stopped': 'closed' },
      initial: 'listening',
      states: {
        listening: {
          entry: 'logListening',
          on: {
            'listener.closing': 'closing',
            'listener.failed': {
              target: '#listener.backingOff',
              actions: { type: 'countFault', params: ({ event }) => event },
            },
          },
        },
        closing: {
          entry: 'stopListening',
          on: { 'listener.failed': '#listener.closed' },
        },
      },
    },
    backingOff: {
      entry: 'logFault',
      on: { 'listener.closing': 'closed' },
      after: { backoff: 'binding' },
    },
    closed: { type: 'final' },
    failed: { type: 'final' },
  },
  output: ({ context }) => ({ error: context.hasListened ? undefined : context.error }),
});

function backoffMs(faults: number): number {
  return Math.min(FIRST_BACKOFF_MS * 2 ** (faults - 1), LONGEST_BACKOFF_MS);
}
