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
  /** Times what the door writes into the log. @default the system's */
  readonly clock?: Clock | undefined;
  /** Counts those who did not get in. */
  readonly faultCounts?: FaultCounts | undefined;
}

export type ListenerEvent =
  /** Stop accepting and free the port. Peers that are in stay in. */
  { readonly type: 'listener.closing' } | AcceptorEvent;

/** How a listener ended. `error`: why it never opened, normally a TransportError. */
export interface ListenerEnd {
  readonly error: Error | undefined;
}

export interface ListenerContext extends ListenerInput {
  readonly listener: Listener | undefined;
  /** Where peers can come in now; empty unless the door is open. */
  readonly addresses: readonly ListenAddress[];
  /** Whether the door has been open before. If so it is opened again however often that fails. */
  readonly hasListened: boolean;
  /** What went wrong since it was last open: the door broke, then could not be opened again, and again. */
  readonly faults: number;
  /** Whether it was told to close while it was still opening. */
  readonly unwanted: boolean;
  readonly error: Error | undefined;
}

const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 30_000;

/**
 * One door of the router. Whoever asks for it hears at once when it does not open; a door that was open and breaks is
 * opened again, after 1 s, 2 s, 4 s and so on, at most 30 s.
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
      if (signal.aborted) await listener.close(); // stopped meanwhile: nobody else would ever close it
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
      // Leaving before the transport has answered would leave a door open that nobody knows of.
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
        // keepListener has run on every way into this state
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
