import { Observable } from 'rxjs';
import type { Client, OnOptions, Signal } from '../client/index.js';
import type { SignalType } from '../protocol/enumerations.js';

/**
 * Returns the signals of a client as an Observable. The client is subscribed while the Observable has subscribers.
 *
 * @param pattern an invalid pattern errors with ClaspError 202
 * @param isEnd whether the Observable completes, instead of erroring, when the client closed for this reason. Without a
 * reason it always completes, because the program closed the client
 */
export function signalsOf<T extends SignalType>(
  client: Client,
  pattern: string,
  options: OnOptions<T>,
  isEnd: (reason: Error) => boolean = () => false,
): Observable<Signal<T>> {
  return new Observable((subscriber) => {
    const deliver = (signal: Signal<T>): void => {
      subscriber.next(signal);
    };
    const unsubscribe = client.on<T>(pattern, deliver, options);
    unsubscribe.ready.catch((error: unknown) => {
      subscriber.error(error);
    });
    const forget = client.onState(({ state, reason }) => {
      if (state !== 'closed') return;
      if (reason === undefined || isEnd(reason)) subscriber.complete();
      else subscriber.error(reason);
    });
    return () => {
      forget();
      unsubscribe();
    };
  });
}
