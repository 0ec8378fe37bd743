/** A set of listeners for one kind of event. */
export class Listeners<T> {
  readonly #listeners = new Set<{ readonly call: (value: T) => void }>();

  /** @returns a function that removes the listener */
  add(listener: (value: T) => void): () => void {
    const entry = { call: listener }; // a function that is added twice is two listeners
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  /** Calls all listeners. @returns whether there was one */
  notify(value: T): boolean {
    const listeners = [...this.#listeners];
    for (const { call } of listeners) {
      try {
        call(value);
      } catch (error) {
        throwLater(error);
      }
    }
    return listeners.length > 0;
  }
}

/** Throws uncaught: the fault is in the program, and must neither stop the client nor stay hidden. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
