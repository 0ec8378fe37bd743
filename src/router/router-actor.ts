import type { ActorLogic } from 'xstate';
import { routerLogic as inner } from '../actors/router/router-logic.js';
import type { RouterSnapshot } from '../actors/router/router-snapshot.js';
import type { RouterActorEvent } from '../actors/router/router-actor-events.js';
import { readState, RouterStateError } from '../core/params/param-state.js';
import { parseRouterOptions, type RouterOptions } from './options.js';
import { rootInput } from './root-input.js';

/**
 * The router actor on its own: all params and the pattern index, without sessions or doors. `createRouter` has it as the actor `router`;
 * by itself it serves to look into a persisted snapshot, or to put one together:
 *
 * `createActor(routerLogic, { snapshot: actor.getPersistedSnapshot() })` knows the params with their revisions and what was announced.
 */
export const routerLogic: ActorLogic<RouterSnapshot, RouterActorEvent, RouterOptions | undefined> = {
  ...inner,

  getInitialSnapshot: (scope, options) =>
    inner.getInitialSnapshot(scope, rootInput(parseRouterOptions(options)).router),

  /** @throws RouterStateError for a snapshot that is none of a router */
  restoreSnapshot(snapshot, scope) {
    if (!('state' in snapshot)) {
      throw new RouterStateError('this is no persisted snapshot of a router: it has no state');
    }
    // Every actor is made with options; only XState's type of the one in the scope does not say so.
    const { input } = (scope.self as typeof scope.self & { readonly options: { readonly input?: RouterOptions } })
      .options;
    const { router } = rootInput(parseRouterOptions(input));
    return inner.getInitialSnapshot(scope, { ...router, state: readState(snapshot.state) });
  },
};
