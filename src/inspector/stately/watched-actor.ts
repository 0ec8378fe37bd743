import type { ActorRefLike } from 'xstate';
import type { WatchedActor } from './port.js';

/** An actor as XState's inspection hands it out. */
export function watchedActor(ref: ActorRefLike): WatchedActor {
  const actor = ref as InspectedActor; // XState inspects its own actors only
  return {
    sessionId: actor.sessionId,
    rootId: rootOf(actor).sessionId,
    parentId: actor._parent?.sessionId,
    id: actor.id,
    config: typeof actor.logic?.config === 'object' ? actor.logic.config : undefined,
    snapshot: () => actor.getSnapshot(),
  };
}

/** What an actor of XState's has beyond what the type in inspection events says. */
interface InspectedActor extends ActorRefLike {
  readonly id: string;
  readonly _parent?: InspectedActor;
  /** `config` on machines alone. */
  readonly logic?: { readonly config?: object };
  getSnapshot(): unknown;
}

function rootOf(actor: InspectedActor): InspectedActor {
  let root = actor;
  while (root._parent !== undefined) root = root._parent;
  return root;
}
