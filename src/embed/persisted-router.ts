import type { Snapshot } from 'xstate';
import { primitivesOf } from '../actors/summarized.js';
import type { RouterState } from '../core/params/param-state.js';
import { isObject } from '../util/arguments.js';
import type { LibraryErrorCode } from '../util/library-errors.js';

/**
 * A running router was restored with its parent, which is not possible. The parent must invoke a new one, with this
 * state as `input.state`.
 */
export class RestoreError extends Error {
  override readonly name = 'RestoreError';
  readonly code = 'CLASP_ERR_RESTORE' satisfies LibraryErrorCode;
  /** The state of the router. */
  readonly state: unknown;

  constructor(state: unknown) {
    super(
      'a router is not restored with the actor around it; give the state of this error to a new one, as input.state',
    );
    this.state = state;
  }
}

/** The parts of a snapshot that are relevant to persistence. The context is empty if the input was wrong. */
interface LiveSnapshot {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly error: unknown;
  readonly output: { readonly state: () => RouterState } | undefined;
  readonly value?: unknown;
  readonly context?: { readonly router?: { state(): RouterState } };
}

/** The JSON form of a snapshot of the actor. */
export type PersistedClasp = Snapshot<unknown> & {
  readonly value: unknown;
  readonly state: RouterState | undefined;
};

/**
 * Persists an actor that is done as done, and a failed one with its error. An actor that was stopped with its parent
 * runs again when the parent does, so it is persisted as active.
 */
export function persisted({ status, error, output, value, context }: LiveSnapshot): PersistedClasp {
  const state = output === undefined ? context?.router?.state() : output.state();
  switch (status) {
    case 'done':
      return { status, output: undefined, error: undefined, value, state };
    case 'error':
      return { status, output: undefined, error: plainError(error), value, state };
    case 'active':
    case 'stopped':
      return { status: 'active', output: undefined, error: undefined, value, state };
  }
}

/** Reads a persisted snapshot: the end of the actor, or the error that it throws on start. */
export type Restored =
  | { readonly status: 'done'; readonly output: { readonly state: () => RouterState } }
  | { readonly status: 'error'; readonly error: unknown }
  | { readonly status: 'active'; readonly error: RestoreError };

export function restored(snapshot: Snapshot<unknown>): Restored {
  const state = 'state' in snapshot ? snapshot.state : undefined;
  switch (snapshot.status) {
    case 'done':
      // The result of `state()`; the router that restores it validates it.
      return { status: 'done', output: { state: () => state as RouterState } };
    case 'error':
      return { status: 'error', error: snapshot.error };
    case 'active':
    case 'stopped':
      return { status: 'active', error: new RestoreError(state) };
  }
}

function plainError(error: unknown): unknown {
  if (!(error instanceof Error)) return isObject(error) ? primitivesOf(error) : error;
  return { ...primitivesOf(error), name: error.name, message: error.message };
}
