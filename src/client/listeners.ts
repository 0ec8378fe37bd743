/** Who wants to hear of something. */
export class Listeners<T> {
  readonly #listeners = new Set<{ readonly call: (value: T) => void }>();

  /** @returns takes it back */
  add(listener: (value: T) => void): () => void {
    const entry = { call: listener }; // the same function twice is two
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  /** Tells them all. @returns whether there was anybody */
  tell(value: T): boolean {
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

/** Throws where nobody can catch it: the fault is the program's, and must neither stop the client nor go unseen. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
