import type { Json } from '../feed.js';

/** An actor as whoever watches XState knows it. Everything but the snapshot stays as it is for the actor's whole life. */
export interface WatchedActor {
  /** XState's session id: `x:3`. Unique in the process. */
  readonly sessionId: string;
  /** Session id of the root of its system; of a root, its own. */
  readonly rootId: string;
  /** Session id of the actor that made it; undefined for a root. */
  readonly parentId: string | undefined;
  /** Its id below its parent: `router`. The same as `sessionId` where none was given. */
  readonly id: string;
  /** The config its machine was made from, `logic.config`; undefined for what is no machine. */
  readonly config: object | undefined;
  /** How it is now, as XState's `getSnapshot()` gives it. */
  snapshot(): unknown;
}

/**
 * What happens to actors, in order, as XState's inspection tells it. Called from inside transitions, often: a listener keeps
 * what it needs and returns.
 */
export interface ActorListener {
  /** There is another one; from now on `all()` has it. Said before anything else is said of it. */
  actorStarted(actor: WatchedActor): void;
  /** It is about to handle an event. `sourceId`: session id of the sender; undefined for events from outside of any actor. */
  eventSeen(actor: WatchedActor, event: WatchedEvent, sourceId: string | undefined): void;
  /** It has handled the event, and this is how it is now. The last one comes with `xstate.stop`, or says `done` or `error`. */
  snapshotTaken(actor: WatchedActor, event: WatchedEvent, snapshot: unknown): void;
  /** It has ended, after its last snapshot; `all()` has it no more. */
  actorStopped(actor: WatchedActor): void;
}

export interface WatchedEvent {
  readonly type: string;
}

/** All actors of a system that have not ended. */
export interface WatchedActors {
  /** Parents before their children. */
  all(): Iterable<WatchedActor>;
  /** @returns takes the listener back; from then on it is not called any more */
  subscribe(listener: ActorListener): () => void;
}

/**
 * Makes of anything what may be shown: JSON, bounded in depth and size, without secrets (known by the names of keys as well as by
 * what they look like). Never throws, whatever getters do. It is always given the object around a value, so that it sees the key.
 */
export type Sanitize = (value: unknown) => Json;
