import type { ClaspEvent } from './events.js';

/** Where the events of a router in an actor system go: to the parent's mailbox, and to whoever listens with `on()`. */
export class EventSink {
  readonly #parent: { send(event: ClaspEvent): void } | undefined;
  readonly #emit: (event: ClaspEvent) => void;
  #isClosed = false;

  /** @param emit tells the listeners; no transition is needed for that */
  constructor(parent: { send(event: ClaspEvent): void } | undefined, emit: (event: ClaspEvent) => void) {
    this.#parent = parent;
    this.#emit = emit;
  }

  readonly tell = (event: ClaspEvent): void => {
    if (this.#isClosed) return;
    this.#parent?.send(event);
    this.#emit(event);
  };

  /** The actor has come to its end: it says nothing any more. */
  close(): void {
    this.#isClosed = true;
  }
}
