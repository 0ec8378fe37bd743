import type { ClaspEvent } from './events.js';

/** Sends the events of a router in an actor system to its parent and to the listeners of `on()`. */
export class EventSink {
  readonly #parent: { send(event: ClaspEvent): void } | undefined;
  readonly #emit: (event: ClaspEvent) => void;
  #isClosed = false;

  /** @param emit calls the listeners, without a transition */
  constructor(parent: { send(event: ClaspEvent): void } | undefined, emit: (event: ClaspEvent) => void) {
    this.#parent = parent;
    this.#emit = emit;
  }

  readonly emit = (event: ClaspEvent): void => {
    if (this.#isClosed) return;
    this.#parent?.send(event);
    this.#emit(event);
  };

  /** Ends all events, because the actor has ended. */
  close(): void {
    this.#isClosed = true;
  }
}
