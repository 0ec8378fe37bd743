import { Observable } from 'rxjs';
import { fromEventObservable, type ObservableActorLogic, type Observer, type Subscribable, toObserver } from 'xstate';
import { check, checkNames, checkText, hasMethods, isObject } from '../util/arguments.js';
import type { Client, OnOptions, Signal } from '../client/index.js';
import { onOptions } from '../client/subscription.js';
import type { SignalType } from '../protocol/enumerations.js';
import { Router } from '../router/router.js';
import { signalsOf } from '../router/signals-of.js';
import { ActorSystemError } from './actor-system-error.js';
import { type ClaspParamEvent, type ClaspSignalEvent, eventOf } from './events.js';

/** The source of the signals. */
export interface FromClaspInput {
  /** A router of `createRouter`, a router in an actor system, or a client, also of a remote router. */
  readonly router: SignalSource;
}

export type SignalSource =
  Client | { signals$<T extends SignalType>(pattern: string, options?: OnOptions<T>): Observable<Signal<T>> };

export interface FromClaspOptions<T extends SignalType = SignalType> extends OnOptions<T> {
  /** Without input, the router is the actor with this system id, a `claspMachine`. @default 'clasp' */
  readonly systemId?: string | undefined;
}

const fromClaspOptions = ['systemId', ...onOptions];

/** The events for signals of these types. */
export type ClaspSignalEventOf<T extends SignalType> =
  | ('param' extends T ? ClaspParamEvent : Extract<T, 'param'> extends never ? never : ClaspParamEvent)
  | (Exclude<T, 'param'> extends never ? never : ClaspSignalEvent<Exclude<T, 'param'>>);

/**
 * Signals as an invoked actor. While the invoking state is active, each matching signal is an event `clasp.param` or
 * `clasp.signal` of the machine. The actor is done when the router has stopped or the session is closed.
 *
 * @param pattern an invalid pattern fails with ClaspError 202
 * @throws ArgumentError for invalid options; the actor fails with one for an invalid input
 */
export function fromClasp<const T extends SignalType = SignalType>(
  pattern: string,
  given: FromClaspOptions<T> = {},
): ObservableActorLogic<ClaspSignalEventOf<T>, FromClaspInput | undefined> {
  checkNames('fromClasp', given, fromClaspOptions);
  const { systemId = 'clasp', ...options } = given;
  checkText('systemId', systemId);
  return fromEventObservable<ClaspSignalEventOf<T>, FromClaspInput | undefined>(({ input, system }) => {
    const events$ = new Observable<ClaspSignalEventOf<T>>((subscriber) => {
      const source = sourceOf(input) ?? routerOf(system.get(systemId), systemId);
      const signals = 'signals$' in source ? source.signals$<T>(pattern, options) : signalsOf(source, pattern, options);
      return signals.subscribe({
        // Signals of these types become events of these types; TypeScript does not follow the condition.
        next: (signal) => {
          subscriber.next(eventOf(signal, pattern) as ClaspSignalEventOf<T>);
        },
        error: (error) => {
          subscriber.error(error);
        },
        complete: () => {
          subscriber.complete();
        },
      });
    });
    return withPlainSubscription(events$);
  });
}

/**
 * XState stores the subscription in the snapshot of the actor. An RxJS subscription is circular, so the snapshot would
 * have no JSON form.
 */
function withPlainSubscription<T>(events$: Observable<T>): Subscribable<T> {
  return {
    subscribe(next: Observer<T> | ((value: T) => void), error?: (error: unknown) => void, complete?: () => void) {
      const subscription = events$.subscribe(toObserver(next, error, complete));
      return {
        unsubscribe() {
          subscription.unsubscribe();
        },
      };
    },
  };
}

/** @throws ArgumentError if it is not a router or a client */
function sourceOf(input: FromClaspInput | undefined): SignalSource | undefined {
  if (input === undefined) return undefined;
  check(isObject(input), 'the input of fromClasp', 'be an object with a router', input);
  const { router } = input as Partial<FromClaspInput>; // an untyped program can omit it
  if (router === undefined) return undefined;
  const isSource = hasMethods(router, ['signals$']) || hasMethods(router, ['on', 'onState']);
  check(isSource, 'the router of fromClasp', 'be a router or a client', router);
  return router;
}

/** @throws ActorSystemError if the system has no such router */
function routerOf(actor: unknown, systemId: string): Router {
  const snapshot: unknown = isActor(actor) ? actor.getSnapshot() : undefined;
  if (isSnapshot(snapshot) && snapshot.context.router instanceof Router) return snapshot.context.router;
  throw new ActorSystemError(
    `no router has the system id "${systemId}": invoke claspMachine with systemId: '${systemId}' first, or give the router as input`,
  );
}

function isActor(value: unknown): value is { getSnapshot(): unknown } {
  return (
    typeof value === 'object' && value !== null && 'getSnapshot' in value && typeof value.getSnapshot === 'function'
  );
}

function isSnapshot(value: unknown): value is { readonly context: { readonly router?: unknown } } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'context' in value &&
    typeof value.context === 'object' &&
    value.context !== null
  );
}
