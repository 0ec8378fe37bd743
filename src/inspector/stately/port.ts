import type { Json } from '../feed.js';

/** An actor as XState's inspection reports it. Everything except the snapshot is constant for the actor's lifetime. */
export interface WatchedActor {
  /** XState's session id: `x:3`. Unique within the process. */
  readonly sessionId: string;
  /** Session id of the root of its system; a root's own id. */
  readonly rootId: string;
  /** Session id of the parent actor; undefined for a root. */
  readonly parentId: string | undefined;
  /** Id below its parent: `router`. Equal to `sessionId` if none was given. */
  readonly id: string;
  /** Config of its machine, `logic.config`; undefined for an actor that is not a machine. */
  readonly config: object | undefined;
  /** Returns the present snapshot, as XState's `getSnapshot()`. */
  snapshot(): unknown;
}

/**
 * Receives actor events in order, as XState's inspection reports them. Called from within transitions, and often: a
 * listener copies what it needs and returns.
 */
export interface ActorListener {
  /** An actor started; `all()` contains it now. First call for this actor. */
  actorStarted(actor: WatchedActor): void;
  /**
   * The actor is about to handle an event. `sourceId`: session id of the sender; undefined for events from outside of
   * all actors.
   */
  eventSeen(actor: WatchedActor, event: WatchedEvent, sourceId: string | undefined): void;
  /**
   * The actor has handled the event; `snapshot` is its new state. The last one has the event `xstate.stop` or the
   * status `done` or `error`.
   */
  snapshotTaken(actor: WatchedActor, event: WatchedEvent, snapshot: unknown): void;
  /** The actor has ended, after its last snapshot; `all()` no longer contains it. */
  actorStopped(actor: WatchedActor): void;
}

export interface WatchedEvent {
  readonly type: string;
}

/** All running actors of a system. */
export interface WatchedActors {
  /** Parents before their children. */
  all(): Iterable<WatchedActor>;
  /** @returns a function that removes the listener; it is not called afterwards */
  subscribe(listener: ActorListener): () => void;
}

/**
 * Converts any value to JSON that can be shown: bounded in depth and size, without secrets, which are recognized by
 * key names and by form. Never throws, even if a getter does. Callers pass the object around a value, so that the
 * function sees the key.
 */
export type Sanitize = (value: unknown) => Json;
