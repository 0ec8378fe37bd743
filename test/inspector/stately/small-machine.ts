import { fromPromise, fromTransition, setup } from 'xstate';

export interface SmallContext {
  readonly name: string;
  readonly count: number;
  readonly nested: { readonly list: readonly (number | null)[] };
}

export type SmallEvent =
  | { readonly type: 'go'; readonly by: number; readonly token?: string }
  | { readonly type: 'back' }
  | { readonly type: 'end' };

/**
 * Contains one of everything that a definition or a snapshot can show: nested states, timers, guards, children, tags,
 * an output.
 */
export const smallMachine = setup({
  types: {
    context: {} as SmallContext,
    events: {} as SmallEvent,
    input: {} as { readonly name: string },
    output: {} as { readonly total: number },
  },
  actors: {
    tally: fromTransition((total: number, event: { type: 'add'; by: number }) => total + event.by, 0),
    never: fromPromise<string>(() => new Promise(() => undefined)),
  },
  actions: { note: (_, { word }: { readonly word: string }) => word },
  guards: { isFew: ({ context }) => context.count < 3 },
  delays: { patience: 1_000 },
}).createMachine({
  id: 'small',
  context: ({ input }) => ({ name: input.name, count: 0, nested: { list: [1, null, 2.5] } }),
  initial: 'idle',
  invoke: { src: 'tally', id: 'tally' },
  states: {
    idle: {
      tags: ['resting'],
      entry: { type: 'note', params: { word: 'idle' } },
      on: { go: { target: 'busy', guard: 'isFew' }, end: 'done' },
    },
    busy: {
      invoke: { src: 'never', id: 'never' },
      initial: 'first',
      after: { patience: 'idle' },
      on: { back: 'idle' },
      states: { first: { on: { go: 'second' } }, second: {} },
    },
    done: { type: 'final' },
  },
  output: ({ context }) => ({ total: context.count }),
});
