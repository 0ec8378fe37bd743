import type { AnyActorRef, InspectionEvent } from 'xstate';
import type { Clock } from '../util/clock.js';
import type { ActorRow, Json, Transition } from './feed.js';
import { snapshotOf, stateText } from './machine-state.js';
import { sanitize } from './sanitize.js';
import {
  type ActorListener,
  type WatchedActor,
  watchedActor,
  type WatchedActors,
  type WatchedEvent,
} from './stately/index.js';

/** An actor and its recent history. */
export interface KnownActor {
  readonly ref: AnyActorRef;
  readonly watched: WatchedActor;
  /** Name of its chart; undefined for an actor that is not a machine. */
  readonly machine: string | undefined;
  state: string;
  /** Time at which it entered this state, if observed. */
  sinceMs: number;
  /** Most recent transitions, oldest first. */
  readonly transitions: Transition[];
}

/** Maximum transitions kept per actor. */
const KEPT_TRANSITIONS = 50;
/** The same limit for sessions, of which there can be thousands. */
const KEPT_OF_SESSIONS = 20;

/** The part of XState's actor system that the registry uses. */
interface InspectableSystem {
  inspect(observer: (event: InspectionEvent) => void): { unsubscribe(): void };
}

/**
 * All actors of a router and their recent transitions, so that a page that opens later can show them. The data plane
 * causes one event per tick, whatever its size, and the registry does almost nothing with it.
 */
export class Registry implements WatchedActors {
  readonly #clock: Clock;
  readonly #actors = new Map<string, KnownActor>();
  readonly #listeners = new Set<ActorListener>();
  #subscription: { unsubscribe(): void } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Observes the actor system.
   *
   * @param root root actor, with all its present descendants
   * @param others actors that XState does not list below their parents: the sessions
   */
  watch(root: AnyActorRef, others: readonly AnyActorRef[]): void {
    this.#subscription = (root.system as unknown as InspectableSystem).inspect((event) => {
      this.#take(event);
    });
    this.#addWithChildren(root);
    for (const other of others) this.#addWithChildren(other);
  }

  stop(): void {
    this.#subscription?.unsubscribe();
    this.#actors.clear();
    this.#listeners.clear();
  }

  *all(): IterableIterator<WatchedActor> {
    for (const { watched } of this.#actors.values()) yield watched;
  }

  /** All actors except sessions and their children, of which there can be thousands. */
  rows(): readonly ActorRow[] {
    const isOfSession = ({ machine, watched }: KnownActor): boolean =>
      machine === 'session' || this.#actors.get(watched.parentId ?? '')?.machine === 'session';
    return [...this.#actors.values()].filter((known) => !isOfSession(known)).map(rowOf);
  }

  find(sessionId: string): KnownActor | undefined {
    return this.#actors.get(sessionId);
  }

  subscribe(listener: ActorListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #take(event: InspectionEvent): void {
    const ref = event.actorRef as AnyActorRef; // XState inspects only its own actors
    switch (event.type) {
      case '@xstate.actor':
        this.#add(ref);
        return;
      case '@xstate.event':
        this.#reportEvent(ref, event.event, event.sourceRef?.sessionId);
        return;
      case '@xstate.snapshot':
        this.#taken(ref, event.event, event.snapshot);
        return;
      default: // microsteps and actions are not used
    }
  }

  #reportEvent(ref: AnyActorRef, event: WatchedEvent, sourceId: string | undefined): void {
    if (this.#listeners.size === 0) return;
    const known = this.#actors.get(ref.sessionId);
    if (known === undefined) return;
    for (const listener of this.#listeners) listener.eventSeen(known.watched, event, sourceId);
  }

  #taken(ref: AnyActorRef, event: WatchedEvent, snapshot: unknown): void {
    const known = this.#actors.get(ref.sessionId);
    if (known === undefined) return;
    if (known.machine !== undefined) this.#note(known, event, snapshot);
    for (const listener of this.#listeners) listener.snapshotTaken(known.watched, event, snapshot);
    // An actor that is stopped from outside sends its last snapshot while it is still active.
    if (event.type === 'xstate.stop' || snapshotOf(snapshot).status !== 'active') this.#remove(known);
  }

  #note(known: KnownActor, event: WatchedEvent, snapshot: unknown): void {
    const to = stateText(snapshot);
    const atMs = this.#clock.now();
    const { transitions } = known;
    // XState reports an actor before it has a state. The first state is its initial state.
    const from = event.type === 'xstate.init' ? to : known.state;
    transitions.push({ atMs, event: event.type, detail: detailOf(event), from, to });
    if (transitions.length > (known.machine === 'session' ? KEPT_OF_SESSIONS : KEPT_TRANSITIONS)) transitions.shift();
    if (to === known.state) return;
    known.state = to;
    known.sinceMs = atMs;
  }

  #remove(known: KnownActor): void {
    this.#actors.delete(known.watched.sessionId);
    for (const listener of this.#listeners) listener.actorStopped(known.watched);
  }

  #addWithChildren(ref: AnyActorRef): void {
    this.#add(ref);
    const { children } = snapshotOf(ref.getSnapshot()) as { readonly children?: Readonly<Record<string, AnyActorRef>> };
    for (const child of Object.values(children ?? {})) this.#addWithChildren(child);
  }

  #add(ref: AnyActorRef): void {
    if (this.#actors.has(ref.sessionId)) return;
    const watched = watchedActor(ref);
    const { id: machine } = (watched.config ?? {}) as { readonly id?: string };
    const known: KnownActor = {
      ref,
      watched,
      machine,
      state: stateText(ref.getSnapshot()),
      sinceMs: this.#clock.now(),
      transitions: [],
    };
    this.#actors.set(ref.sessionId, known);
    for (const listener of this.#listeners) listener.actorStarted(watched);
  }
}

/** Returns the data of an event, without its type. */
function detailOf(event: WatchedEvent): Json {
  return sanitize({ ...event, type: undefined });
}

export function rowOf({ ref, watched, machine, state }: KnownActor): ActorRow {
  const snapshot: unknown = ref.getSnapshot();
  return {
    actor: watched.sessionId,
    parent: watched.parentId,
    name: nameOf(ref, machine),
    machine,
    status: snapshotOf(snapshot).status ?? 'unknown',
    // Transitions are recorded for machines only.
    state: machine === undefined ? stateText(snapshot) : state,
  };
}

/** Read when shown, because XState reports an actor before its system id is set. */
function nameOf(ref: AnyActorRef, machine: string | undefined): string {
  const { systemId } = ref as AnyActorRef & { readonly systemId?: string };
  // A root without an id has the name of its machine.
  return systemId ?? (ref.id === ref.sessionId ? (machine ?? ref.id) : ref.id);
}
