import { Observable, type Subscriber } from 'rxjs';

/**
 * Subject for exactly one subscriber, which receives every value. Values and the end are buffered until it subscribes.
 * A second subscription errors, because it would share the frames of a connection with the first.
 */
export class BufferedSubject<T> {
  readonly observable: Observable<T>;
  readonly #held: T[] = [];
  #taken = false;
  #end: { readonly error: Error | undefined } | undefined;
  /** Set after the buffered values are delivered, so that later values keep their order. */
  #subscriber: Subscriber<T> | undefined;

  /** @param onSubscribe runs once after the buffered values are delivered, unless the subject has ended */
  constructor(onSubscribe: () => void = () => undefined) {
    this.observable = new Observable((subscriber) => {
      if (this.#taken) {
        subscriber.error(new Error('subscribe only once: a subscriber exists'));
        return;
      }
      this.#taken = true;
      for (const value of this.#held) subscriber.next(value); // also visits values that are added meanwhile
      this.#held.length = 0;
      this.#subscriber = subscriber;
      if (this.#end === undefined) onSubscribe();
      else this.#finish(subscriber, this.#end.error);
    });
  }

  /** Whether {@link complete} or {@link error} was called. */
  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Has no effect after the end. */
  next(value: T): void {
    if (this.#end !== undefined) return;
    if (this.#subscriber === undefined) this.#held.push(value);
    else this.#subscriber.next(value);
  }

  complete(): void {
    this.#conclude(undefined);
  }

  error(error: Error): void {
    this.#conclude(error);
  }

  #conclude(error: Error | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    if (this.#subscriber !== undefined) this.#finish(this.#subscriber, error);
  }

  #finish(subscriber: Subscriber<T>, error: Error | undefined): void {
    if (error === undefined) subscriber.complete();
    else subscriber.error(error);
  }
}
