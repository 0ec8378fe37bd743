import type { ActorLogic } from 'xstate';
import { routerLogic as inner } from '../actors/router/router-logic.js';
import type { RouterSnapshot } from '../actors/router/router-snapshot.js';
import type { RouterActorEvent } from '../actors/router/router-actor-events.js';
import { readState, RouterStateError } from '../core/params/param-state.js';
import { parseRouterOptions } from './options.js';
import type { RouterOptions } from './router-options.js';
import { rootInput } from './composition.js';

/**
 * The router actor alone: all params and the pattern index, without sessions or listeners. In `createRouter` it is the
 * actor `router`. Alone it can read or create a persisted snapshot:
 *
 * `createActor(routerLogic, { snapshot: actor.getPersistedSnapshot() })` has the params with their revisions and the
 * announced signals.
 */
export const routerLogic: ActorLogic<RouterSnapshot, RouterActorEvent, RouterOptions | undefined> = {
  ...inner,

  getInitialSnapshot: (scope, options) =>
    inner.getInitialSnapshot(scope, rootInput(parseRouterOptions(options)).router),

  /** @throws RouterStateError if the snapshot is not one of a router */
  restoreSnapshot(snapshot, scope) {
    if (!('state' in snapshot)) {
      throw new RouterStateError('this is not a persisted snapshot of a router: it has no state');
    }
    // Every actor has options; only XState's type of the actor in the scope omits them.
    const { input } = (scope.self as typeof scope.self & { readonly options: { readonly input?: RouterOptions } })
      .options;
    const { router } = rootInput(parseRouterOptions(input));
    return inner.getInitialSnapshot(scope, { ...router, state: readState(snapshot.state) });
  },
};
