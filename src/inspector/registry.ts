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

/** An actor, and what has happened to it. */
export interface KnownActor {
  readonly ref: AnyActorRef;
  readonly watched: WatchedActor;
  /** Name of its chart; undefined for what is no machine. */
  readonly machine: string | undefined;
  state: string;
  /** When it came into this state, as far as that was seen. */
  sinceMs: number;
  /** The last ones, the newest last. */
  readonly transitions: Transition[];
}

/** Transitions remembered of each actor. */
const KEPT_TRANSITIONS = 50;
/** The same for sessions, of which there may be thousands. */
const KEPT_OF_SESSIONS = 20;

/** What the registry asks of XState's actor system. */
interface InspectableSystem {
  inspect(observer: (event: InspectionEvent) => void): { unsubscribe(): void };
}

/**
 * All actors of a router and what has happened to them lately, so that a page opened late sees it. It hears one event a tick from the
 * data plane, whatever that holds, and does next to nothing with it.
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
   * Watches the system of an actor from now on.
   *
   * @param root its root, with all that is below it already
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

  /** All that are no sessions, and no actors of one: those come and go by the thousand. */
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
    const ref = event.actorRef as AnyActorRef; // XState inspects its own actors only
    switch (event.type) {
      case '@xstate.actor':
        this.#add(ref);
        return;
      case '@xstate.event':
        this.#tellEvent(ref, event.event, event.sourceRef?.sessionId);
        return;
      case '@xstate.snapshot':
        this.#taken(ref, event.event, event.snapshot);
        return;
      default: // microsteps and actions are of no interest
    }
  }

  #tellEvent(ref: AnyActorRef, event: WatchedEvent, sourceId: string | undefined): void {
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
    // One that is stopped from outside says goodbye while it is still active.
    if (event.type === 'xstate.stop' || snapshotOf(snapshot).status !== 'active') this.#remove(known);
  }

  #note(known: KnownActor, event: WatchedEvent, snapshot: unknown): void {
    const to = stateText(snapshot);
    const atMs = this.#clock.now();
    const { transitions } = known;
    // XState tells of an actor before it has a state: its first one is where it begins.
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

/** What an event said beside its type. */
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
    // Of what is no machine no transitions are noted.
    state: machine === undefined ? stateText(snapshot) : state,
  };
}

/** Asked when it is shown: XState tells of an actor before it has given it its system id. */
function nameOf(ref: AnyActorRef, machine: string | undefined): string {
  const { systemId } = ref as AnyActorRef & { readonly systemId?: string };
  // A root has no name but the one of what it is.
  return systemId ?? (ref.id === ref.sessionId ? (machine ?? ref.id) : ref.id);
}
