import { Observable } from 'rxjs';
import type { Client, OnOptions, Signal } from '../client/index.js';
import type { SignalType } from '../protocol/enumerations.js';

/**
 * What a client hears, as an Observable: subscribed for as long as somebody is.
 *
 * @param pattern errors with ClaspError 202 where it is none
 * @param isEnd whether it completes when the client has closed for this reason, and does not error with it; without a reason
 * it always completes, for the program wanted it so
 */
export function signalsOf<T extends SignalType>(
  client: Client,
  pattern: string,
  options: OnOptions<T>,
  isEnd: (reason: Error) => boolean = () => false,
): Observable<Signal<T>> {
  return new Observable((subscriber) => {
    const tell = (signal: Signal<T>): void => {
      subscriber.next(signal);
    };
    const unsubscribe = client.on<T>(pattern, tell, options);
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
