import type { ActorRefFrom, AnyActorLogic, AnyActorRef } from 'xstate';
import type { rootMachine } from '../actors/root/root-machine.js';
import type { RestoredState } from '../core/params/param-state.js';

/** The requests of services and programs that the actors of a router handle, each with one actor event. */
export abstract class RouterRequests {
  /** The root actor of the router: to observe, or to send `router.stopping`. */
  readonly actor: ActorRefFrom<typeof rootMachine>;

  constructor(actor: ActorRefFrom<typeof rootMachine>) {
    this.actor = actor;
  }

  /**
   * Sends the acknowledgments that wait for a cut of a store, and for all earlier ones: see {@link ServiceRouter}. Has
   * no effect after the router has stopped.
   */
  settleCut(cut: number, failure?: string): void {
    this.#routerActor?.send({ type: 'cut.settled', cut, failure });
  }

  /** Adds the params and signals of a store: see {@link ServiceRouter}. */
  restore(state: RestoredState): number {
    let refused = 0;
    this.#routerActor?.send({
      type: 'state.restored',
      state,
      answer: (count) => {
        refused = count;
      },
    });
    return refused;
  }

  /** Starts an actor of a service: see {@link ServiceRouter}. */
  addActor(id: string, logic: AnyActorLogic, input: unknown): AnyActorRef | undefined {
    const find = (): AnyActorRef | undefined =>
      this.actor.getSnapshot().context.serviceActors.find((actor) => actor.id === id);
    if (find() === undefined) this.actor.send({ type: 'actor.requested', id, logic, input });
    return find();
  }

  /** Ends the calls of the `recorder` of the services. */
  stopRecording(): void {
    this.#routerActor?.send({ type: 'recorder.changed', recorder: undefined });
  }

  /** Clears the cached results of `isVisible`. Previously hidden params are not sent automatically. */
  refreshVisibility(): void {
    this.#routerActor?.send({ type: 'visibility.changed' });
  }

  get #routerActor(): ReturnType<ActorRefFrom<typeof rootMachine>['getSnapshot']>['children']['router'] {
    return this.actor.getSnapshot().children.router;
  }
}
