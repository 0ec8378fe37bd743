import { type ActorRefFrom, type AnyActorRef, StateMachine } from 'xstate';
import { primitivesOf, summarized } from '../actors/summarized.js';
import { checkClaspInput, type ClaspInput } from './clasp-input.js';
import { type ClaspContext, emitters, lifecycleMachine } from './clasp-lifecycle.js';
import { type ClaspRequest, refusal } from './events.js';
import { persisted, restored, type RestoreError } from './persisted-router.js';
import { isRequest, typeMistake } from './requests.js';

type Lifecycle = typeof lifecycleMachine;

/**
 * The constructor of XState's machines, with the type parameters that `setup` inferred for the lifecycle. Every machine
 * can be built from the configuration and the implementations of another.
 */
const LifecycleMachine = StateMachine as unknown as new (
  config: Lifecycle['config'],
  implementations: Lifecycle['implementations'],
) => Lifecycle;

/** The errors of actors that were persisted while they ran. They throw them on start. */
const unrestored = new WeakMap<object, RestoreError>();

/** The lifecycle of a router, as a logic that also handles the requests of the host. */
class ClaspMachine extends LifecycleMachine {
  override getInitialSnapshot(...[scope, input]: Parameters<Lifecycle['getInitialSnapshot']>): ClaspSnapshot {
    emitters.set(scope.self, scope.emit);
    if (input !== undefined) checkClaspInput(input);
    summarizeInput(scope.self);
    return super.getInitialSnapshot(scope, input);
  }

  override transition(...[snapshot, event, scope]: Parameters<Lifecycle['transition']>): ClaspSnapshot {
    if (snapshot.status === 'active' && isRequest(event)) {
      // Frequent requests cause no transition: they do not change the state of the machine.
      snapshot.context.host.take(event);
      return snapshot;
    }
    const mistake = snapshot.status === 'active' ? typeMistake(event) : undefined;
    if (mistake !== undefined) {
      // The sender intended a request; only its type is validated here.
      snapshot.context.sink.emit(refusal(event as unknown as ClaspRequest, mistake));
      return snapshot;
    }
    if (event.type === XSTATE_STOP) snapshot.context.sink.close();
    return super.transition(snapshot, event, scope);
  }

  /**
   * No snapshot contains the parts of a router, such as transports and keys. A router that ran fails on start, with the
   * state for a new one. A router that was done or had failed is restored as such.
   */
  override restoreSnapshot(snapshot: Parameters<Lifecycle['restoreSnapshot']>[0]): ClaspSnapshot {
    const end = restored(snapshot);
    // This context is never used: the actor has already ended.
    const context = {} as ClaspContext;
    if (end.status === 'done') return this.resolveState({ value: 'stopped', context, output: end.output });
    const { status, error } = end;
    const failed = this.resolveState({ value: 'failed', context, status, error });
    if (status === 'active') unrestored.set(failed, error);
    return failed;
  }

  override start(snapshot: ClaspSnapshot): void {
    const error = unrestored.get(snapshot);
    if (error !== undefined) throw error;
  }

  override getPersistedSnapshot(snapshot: ClaspSnapshot): ReturnType<typeof persisted> {
    return persisted(snapshot);
  }

  /** Keeps the requests: XState's method returns a machine without them. */
  override provide(...implementations: Parameters<Lifecycle['provide']>): Lifecycle {
    const { config, implementations: merged } = super.provide(...implementations);
    return new ClaspMachine(config, merged);
  }
}

type ClaspSnapshot = ReturnType<Lifecycle['transition']>;

/**
 * A router as an actor: `setup({ actors: { clasp: claspMachine } })`, then `invoke` or `spawn`. It accepts {@link
 * ClaspCommand} and sends {@link ClaspEvent}. Its children are the actors of the router, with the system ids `router`,
 * `sessions`, `listener:1` and `session:<id>`.
 *
 * It fails, which its parent handles with `onError`, if an option is wrong (RouterOptionsError), if a service does
 * not start (ServiceError), if a listener of `transports` does not open (TransportError), or on an internal error of the
 * router.
 */
export const claspMachine: Lifecycle = new ClaspMachine(lifecycleMachine.config, lifecycleMachine.implementations);

/** A router in an actor system, as returned by `spawn(claspMachine)`. */
export type ClaspRef = ActorRefFrom<typeof claspMachine>;

/**
 * Summarizes the input, which XState passes to inspectors. It can contain keys, a logger and the state of an earlier
 * router.
 */
function summarizeInput(actor: AnyActorRef): void {
  // Each actor has options.
  const { options } = actor as AnyActorRef & { readonly options: { input?: ClaspInput | undefined } };
  if (options.input === undefined) return;
  const { transports = [], services = [], subscribe } = options.input;
  options.input = summarized(options.input, (input) => ({
    ...primitivesOf(input),
    subscribe,
    transports: transports.map(({ name }) => name),
    services: services.map(({ name }) => name),
  }));
}

/** The last event of an actor; XState's types omit it. */
const XSTATE_STOP = 'xstate.stop' as string;
