import { filter, type Observable, Subject } from 'rxjs';
import type { ActorRefFrom } from 'xstate';
import type { ListenerRef, rootMachine } from '../actors/root/root-machine.js';
import type { SessionEnd } from '../core/session-events.js';
import type { ListenAddress } from '../net/listen-address.js';

/** What happens to a router, apart from messages. */
export type RouterEvent =
  /** A door is open, for the first time or again after it broke. */
  | { readonly type: 'listening'; readonly addresses: readonly ListenAddress[] }
  /** A door that was open has broken; it is opened again by itself. */
  | { readonly type: 'listener.failed'; readonly transport: string; readonly error: Error | undefined }
  | {
      readonly type: 'session.opened';
      readonly id: string;
      readonly name: string;
      readonly transport: string;
      readonly remoteAddress: string;
    }
  /** Whoever was not let in never opened: the log tells of those. */
  | { readonly type: 'session.closed'; readonly id: string; readonly name: string; readonly end: SessionEnd }
  /** The last one. `error`: a fault of its own, if it was one that stopped the router. */
  | { readonly type: 'stopped'; readonly error: unknown };

export const routerEventTypes = [
  'listening',
  'listener.failed',
  'session.opened',
  'session.closed',
  'stopped',
] as const satisfies readonly RouterEvent['type'][];

/** Tells what happens to a router. */
export class RouterEvents {
  readonly #subject = new Subject<RouterEvent>();
  readonly events$: Observable<RouterEvent> = this.#subject.asObservable();

  /** @param actor the root, started */
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

  /** Follows one door. */
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
      // The root hears of it; unobserved here, it would end the process.
      error: () => undefined,
    });
  }

  on<T extends RouterEvent['type']>(
    type: T,
    listener: (happening: Extract<RouterEvent, { readonly type: T }>) => void,
  ): () => void {
    const isOfType = (happening: RouterEvent): happening is Extract<RouterEvent, { readonly type: T }> =>
      happening.type === type;
    const subscription = this.events$.pipe(filter(isOfType)).subscribe(listener);
    return () => {
      subscription.unsubscribe();
    };
  }
}
