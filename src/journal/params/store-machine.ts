import { assign, fromPromise, setup } from 'xstate';

/** The part of a store that its machine drives. */
export interface RecoverableStore {
  /** Writes a new generation from memory. Rejects with what the disk says. */
  recover(): Promise<void>;
}

export interface StoreMachineInput {
  readonly store: RecoverableStore;
}

export interface StoreMachineContext extends StoreMachineInput {
  /** Failed attempts to recover since the store was last ready. */
  readonly attempts: number;
  /** Why it is not ready. */
  readonly reason: string | undefined;
}

export type StoreMachineEvent =
  | { readonly type: 'store.opened' }
  /** The disk has failed. The store writes nothing until it has recovered. */
  | { readonly type: 'store.failed'; readonly reason: string }
  | { readonly type: 'store.closed' };

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/**
 * The states of a params store. After a failure of the disk, the store recovers after 1 s, 2 s, 4 s and so on, at most
 * 60 s: it writes a new generation with a whole base from memory.
 */
export const storeMachine = setup({
  types: {
    context: {} as StoreMachineContext,
    events: {} as StoreMachineEvent,
    input: {} as StoreMachineInput,
  },
  actors: {
    recover: fromPromise<unknown, RecoverableStore>(({ input }) => input.recover()),
  },
  actions: {
    keepReason: assign({ reason: (_, { reason }: { readonly reason: string }) => reason }),
    countAttempt: assign({
      attempts: ({ context }) => context.attempts + 1,
      reason: (_, { error }: { readonly error: unknown }) => (error instanceof Error ? error.message : String(error)),
    }),
    forgetFailure: assign({ attempts: 0, reason: undefined }),
  },
  delays: {
    retry: ({ context }) => Math.min(FIRST_RETRY_MS * 2 ** context.attempts, LONGEST_RETRY_MS),
  },
}).createMachine({
  id: 'store',
  context: ({ input }) => ({ ...input, attempts: 0, reason: undefined }),
  initial: 'opening',
  on: { 'store.closed': '.closed' },
  states: {
    opening: {
      on: {
        'store.opened': 'ready',
        'store.failed': { target: 'retrying', actions: { type: 'keepReason', params: ({ event }) => event } },
      },
    },
    ready: {
      entry: 'forgetFailure',
      on: { 'store.failed': { target: 'retrying', actions: { type: 'keepReason', params: ({ event }) => event } } },
    },
    retrying: {
      initial: 'waiting',
      states: {
        waiting: { after: { retry: 'recovering' } },
        recovering: {
          on: { 'store.failed': { target: 'waiting', actions: { type: 'keepReason', params: ({ event }) => event } } },
          invoke: {
            src: 'recover',
            input: ({ context }) => context.store,
            onDone: '#store.ready',
            onError: { target: 'waiting', actions: { type: 'countAttempt', params: ({ event }) => event } },
          },
        },
      },
    },
    closed: { type: 'final' },
  },
});
