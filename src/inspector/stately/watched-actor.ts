import type { ActorRefLike } from 'xstate';
import type { WatchedActor } from './port.js';

/** Converts an actor from XState's inspection. */
export function watchedActor(ref: ActorRefLike): WatchedActor {
  const actor = ref as InspectedActor; // XState inspects only its own actors
  return {
    sessionId: actor.sessionId,
    rootId: rootOf(actor).sessionId,
    parentId: actor._parent?.sessionId,
    id: actor.id,
    config: typeof actor.logic?.config === 'object' ? actor.logic.config : undefined,
    snapshot: () => actor.getSnapshot(),
  };
}

/** Members of XState actors that the type in inspection events lacks. */
interface InspectedActor extends ActorRefLike {
  readonly id: string;
  readonly _parent?: InspectedActor;
  /** `config` exists on machines only. */
  readonly logic?: { readonly config?: object };
  getSnapshot(): unknown;
}

function rootOf(actor: InspectedActor): InspectedActor {
  let root = actor;
  while (root._parent !== undefined) root = root._parent;
  return root;
}
