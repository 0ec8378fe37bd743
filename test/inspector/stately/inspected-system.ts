import type { InspectionEvent } from 'xstate';
import type { Json } from '../../../src/inspector/feed.js';
import {
  type ActorListener,
  type WatchedActor,
  watchedActor,
  type WatchedActors,
} from '../../../src/inspector/stately/index.js';

/** Minimal implementation of the stream's port over XState's inspection. */
export class InspectedSystem implements WatchedActors {
  readonly #actors = new Map<string, WatchedActor>();
  readonly #listeners = new Set<ActorListener>();

  get listenerCount(): number {
    return this.#listeners.size;
  }

  all(): Iterable<WatchedActor> {
    return this.#actors.values();
  }

  subscribe(listener: ActorListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** For the option `inspect` of an actor. */
  readonly inspect = (event: InspectionEvent): void => {
    if (event.type === '@xstate.actor') {
      const actor = watchedActor(event.actorRef);
      this.#actors.set(actor.sessionId, actor);
      this.#tell((listener) => {
        listener.actorStarted(actor);
      });
      return;
    }
    const actor = this.#actors.get(sessionIdOf(event));
    if (actor === undefined) return; // it has ended
    if (event.type === '@xstate.event') {
      const sourceId = event.sourceRef && watchedActor(event.sourceRef).sessionId;
      this.#tell((listener) => {
        listener.eventSeen(actor, event.event, sourceId);
      });
    } else if (event.type === '@xstate.snapshot') {
      this.#tell((listener) => {
        listener.snapshotTaken(actor, event.event, event.snapshot);
      });
      // An actor that is stopped from outside can stay `active` to the last.
      if (event.snapshot.status === 'active' && event.event.type !== 'xstate.stop') return;
      this.#actors.delete(actor.sessionId);
      this.#tell((listener) => {
        listener.actorStopped(actor);
      });
    }
  };

  #tell(say: (listener: ActorListener) => void): void {
    for (const listener of this.#listeners) say(listener);
  }
}

function sessionIdOf({ actorRef }: InspectionEvent): string {
  return watchedActor(actorRef).sessionId;
}

/** Stand-in: JSON, functions by name, no member called `token`. */
export function sanitize(value: unknown): Json {
  const path: unknown[] = [];
  const text = JSON.stringify(value, function (this: unknown, key, member: unknown) {
    while (path.length > 0 && path.at(-1) !== this) path.pop();
    if (path.includes(member) || path.length > 8) return '[…]';
    path.push(member);
    if (key === 'token') return '[hidden]';
    return typeof member === 'function' ? { type: member.name } : member;
  });
  return JSON.parse(text) as Json; // parsed JSON is JSON
}

/** A message of the stream: always an object. */
export type Message = Readonly<Record<string, Json>>;

export function messagesOf(batches: readonly (readonly Json[])[]): readonly Message[] {
  return batches.flat() as readonly Message[]; // StatelyMessages creates objects only
}

/** Parses the definition in an `@xstate.actor` message. */
export function definitionOf({ definition }: Message): unknown {
  if (typeof definition !== 'string') throw new TypeError('there is no definition in this message');
  return JSON.parse(definition);
}
