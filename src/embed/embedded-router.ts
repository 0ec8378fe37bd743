import { type Observable, Subject } from 'rxjs';
import { type ActorRefFrom, waitFor } from 'xstate';
import type { ListenerRef, rootMachine } from '../actors/root/root-machine.js';
import type { PersistedRouterSnapshot } from '../actors/router/router-logic.js';
import type { RouterState } from '../actors/router/router-state.js';
import type { Client, Signal } from '../client/index.js';
import { InProcess, type InProcessOptions, type SignalsOptions } from '../in-process.js';
import type { ResolvedRouterOptions } from '../options.js';
import type { SignalType } from '../protocol/enumerations.js';
import { type ListenAddress, type Transport, TransportError } from '../transports/transport.js';

/** What happens to a door that was opened. */
export type DoorHappening =
  | { readonly type: 'listening' }
  | { readonly type: 'broke'; readonly transport: string; readonly error: Error | undefined };

/** A router that lives in somebody else's actor system, for the program around it: what of `Router` does not start or stop it. */
export class EmbeddedRouter {
  /** The root of the router's actors. */
  readonly actor: ActorRefFrom<typeof rootMachine>;
  /** @internal */
  readonly doors$ = new Subject<DoorHappening>();
  readonly #options: ResolvedRouterOptions;
  readonly #inProcess: InProcess;
  /** Kept, because the root forgets it when it ends. */
  readonly #routerActor: ReturnType<ActorRefFrom<typeof rootMachine>['getSnapshot']>['children']['router'];
  #doors = 0;

  /** @internal */
  constructor(actor: ActorRefFrom<typeof rootMachine>, options: ResolvedRouterOptions) {
    this.actor = actor;
    this.#options = options;
    this.#routerActor = actor.getSnapshot().children.router;
    this.#inProcess = new InProcess(() => {
      const { status, children } = actor.getSnapshot();
      return status === 'active' ? children.sessions : undefined;
    }, options.clock);
  }

  /** See `Router.connect`. */
  connect(options?: InProcessOptions): Promise<Client> {
    return this.#inProcess.connect(options);
  }

  /** See `Router.signals$`. */
  signals$<T extends SignalType = SignalType>(pattern: string, options: SignalsOptions<T> = {}): Observable<Signal<T>> {
    return this.#inProcess.signals$(pattern, options);
  }

  /** Where peers can come in now. */
  get addresses(): readonly ListenAddress[] {
    const { status, context } = this.actor.getSnapshot();
    if (status !== 'active') return [];
    return context.listeners.flatMap((listener) => listener.getSnapshot().context.addresses);
  }

  /** Sessions there are now: those in the process and those that have not said HELLO yet included. */
  get sessionCount(): number {
    return this.actor.getSnapshot().children.sessions?.getSnapshot().sessions ?? 0;
  }

  /**
   * What is to be kept of it for another time, as the input `state`: params with values, revisions and times, and announced
   * signals. JSON through and through. Walks everything in one turn of the event loop. Also after it has stopped.
   */
  state(): RouterState {
    // What it gives is a snapshot of that kind, although XState's types do not say so.
    return (this.#routerActor!.getPersistedSnapshot() as PersistedRouterSnapshot).state; // it was invoked as the root was made
  }

  /** @internal @throws TransportError when the door does not open, or is one that a router with tokens may not have */
  async listen(transport: Transport): Promise<void> {
    const { securityMode, allowInsecureUdp } = this.#options;
    if (transport.isInsecure === true && securityMode === 'authenticated' && !allowInsecureUdp) {
      throw new TransportError(
        `this router asks for tokens, and by ${transport.name} they would cross the network in the clear; ` +
          'leave it off, or allow it with allowInsecureUdp',
      );
    }
    const id = `listener:${++this.#doors}`;
    this.actor.send({ type: 'listener.wanted', id, transport });
    const listener = this.actor.getSnapshot().context.listeners.find((candidate) => candidate.id === id);
    if (listener === undefined)
      throw new TransportError(`the router has stopped; it cannot listen on ${transport.name}`);
    this.#follow(listener);
    const snapshot = await waitFor(listener, (state) => state.matches('open') || state.status !== 'active', {
      timeout: Infinity,
    });
    if (snapshot.matches({ open: 'listening' })) return;
    throw snapshot.context.error ?? new TransportError('the router was stopped before it could listen');
  }

  /**
   * @internal Closes what is open although the root has thrown. XState stops the children of an actor that ends, but not of
   * one that throws.
   */
  salvage(): void {
    const { status, context, children } = this.actor.getSnapshot();
    if (status !== 'error') return;
    for (const listener of context.listeners) listener.send({ type: 'listener.closing' });
    children.sessions?.send({ type: 'router.draining' });
  }

  #follow(listener: ListenerRef): void {
    let wasOpen = false;
    listener.subscribe({
      next: (snapshot) => {
        const isOpen = snapshot.matches({ open: 'listening' });
        const { transport, error } = snapshot.context;
        if (isOpen && !wasOpen) this.doors$.next({ type: 'listening' });
        if (wasOpen && snapshot.matches('backingOff')) {
          this.doors$.next({ type: 'broke', transport: transport.name, error });
        }
        wasOpen = isOpen;
      },
      // The root has written it down. Unobserved, an actor that fails ends the process.
      error: () => undefined,
    });
  }
}
