import { filter, type Observable, Subject } from 'rxjs';
import type { ActorRefFrom } from 'xstate';
import type { ListenerRef, rootMachine } from '../actors/root/root-machine.js';
import type { SessionEnd } from '../core/session-events.js';
import type { ListenAddress } from '../net/listen-address.js';

/** The events of a router, except messages. */
export type RouterEvent =
  /** A listener is open, for the first time or again after a failure. */
  | { readonly type: 'listening'; readonly addresses: readonly ListenAddress[] }
  /** An open listener has failed. It is reopened automatically. */
  | { readonly type: 'listener.failed'; readonly transport: string; readonly error: Error | undefined }
  | {
      readonly type: 'session.opened';
      readonly id: string;
      readonly name: string;
      readonly transport: string;
      readonly remoteAddress: string;
    }
  /** Only sessions that were opened are reported. The log has the rejected ones. */
  | { readonly type: 'session.closed'; readonly id: string; readonly name: string; readonly end: SessionEnd }
  /** The last event. `error`: the internal error that stopped the router, if any. */
  | { readonly type: 'stopped'; readonly error: unknown };

export const routerEventTypes = [
  'listening',
  'listener.failed',
  'session.opened',
  'session.closed',
  'stopped',
] as const satisfies readonly RouterEvent['type'][];

/** Emits the events of a router. */
export class RouterEvents {
  readonly #subject = new Subject<RouterEvent>();
  readonly events$: Observable<RouterEvent> = this.#subject.asObservable();

  /** @param actor the started root */
  constructor(actor: ActorRefFrom<typeof rootMachine>) {
    const { sessions } = actor.getSnapshot().children;
    sessions?.on('session.established', ({ id, name, transport, remoteAddress }) => {
      this.#subject.next({ type: 'session.opened', id, name, transport, remoteAddress });
    });
    sessions?.on('session.ended', ({ id, name, wasEstablished, end }) => {
      if (wasEstablished) this.#subject.next({ type: 'session.closed', id, name, end });
    });
    const stopped = (error: unknown): void => {
      this.#subject.next({ type: 'stopped', error });
      this.#subject.complete();
    };
    actor.subscribe({
      complete: () => {
        stopped(actor.getSnapshot().output?.error);
      },
      error: stopped,
    });
  }

  /** Observes one listener. */
  follow(listener: ListenerRef): void {
    let wasOpen = false;
    listener.subscribe({
      next: (snapshot) => {
        const isOpen = snapshot.matches({ open: 'listening' });
        const { addresses, transport, error } = snapshot.context;
        if (isOpen && !wasOpen) this.#subject.next({ type: 'listening', addresses });
        if (wasOpen && snapshot.matches('backingOff')) {
          this.#subject.next({ type: 'listener.failed', transport: transport.name, error });
        }
        wasOpen = isOpen;
      },
      // The root handles the error. Without an observer here, it would end the process.
      error: () => undefined,
    });
  }

  on<T extends RouterEvent['type']>(
    type: T,
    listener: (event: Extract<RouterEvent, { readonly type: T }>) => void,
  ): () => void {
    const isOfType = (event: RouterEvent): event is Extract<RouterEvent, { readonly type: T }> => event.type === type;
    const subscription = this.events$.pipe(filter(isOfType)).subscribe(listener);
    return () => {
      subscription.unsubscribe();
    };
  }
}
