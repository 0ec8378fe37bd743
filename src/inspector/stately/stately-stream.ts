import { type Clock, setBackgroundTimer } from '../../util/clock.js';
import { ClockWatch } from '../../util/clock-watch.js';
import type { Json } from '../feed.js';
import { StatelyMessages } from './messages.js';
import type { ActorListener, Sanitize, WatchedActor, WatchedActors, WatchedEvent } from './port.js';
import { type HeldActor, isThinned, Thinning } from './thinning.js';

export interface StatelyStreamOptions {
  readonly sanitize: Sanitize;
  readonly clock: Clock;
  /** Milliseconds from the first event to the batch that contains it. @default 50 */
  readonly batchMs?: number | undefined;
  /** Interval, in milliseconds, over which events of every event loop turn are summed up. @default 250 */
  readonly thinMs?: number | undefined;
  /**
   * Maximum events per batch; the rest is dropped. Actors and their latest snapshots are always included. @default
   * 1_000
   */
  readonly maxEventsPerBatch?: number | undefined;
}

/** Actor events in the protocol of the Stately inspector. */
export interface StatelyStream {
  /**
   * Returns `@xstate.actor` for every present actor, parents first. An inspector needs these before any other
   * message.
   */
  replay(): readonly Json[];
  /**
   * The same, lazily: creating those of a thousand sessions takes tens of milliseconds. Messages created in a later
   * turn can be newer than updates sent before them. The last update of each actor is correct nevertheless.
   */
  replayEach(): Iterable<Json>;
  /**
   * Subscribes to batches of further events, in order. If called in the same turn as {@link replay}, nothing is
   * missing and nothing occurs twice. A batch contains only the last snapshot of each actor. Actors are observed only
   * while there is a subscriber.
   *
   * @returns a function that removes the listener
   */
  subscribe(listener: (events: readonly Json[]) => void): () => void;
}

export function createStatelyStream(actors: WatchedActors, options: StatelyStreamOptions): StatelyStream {
  return new Stream(actors, options);
}

/**
 * A message that is created when the batch is sent. Earlier creation would be wasted for all snapshots but the last.
 */
type Pending = (messages: StatelyMessages) => Json;

class Stream implements StatelyStream, ActorListener {
  readonly #actors: WatchedActors;
  readonly #messages: StatelyMessages;
  readonly #clock: Clock;
  readonly #batchMs: number;
  readonly #thinMs: number;
  readonly #maxEvents: number;
  readonly #listeners = new Set<(events: readonly Json[]) => void>();
  readonly #thinning = new Thinning();
  /** In order; undefined in place of a superseded snapshot. */
  #pending: (Pending | undefined)[] = [];
  /** Index in `#pending` of each actor's snapshot, by session id. */
  readonly #snapshots = new Map<string, number>();
  #events = 0;
  #batchTimer: unknown;
  #thinTimer: unknown;
  #unwatch: (() => void) | undefined;

  constructor(actors: WatchedActors, options: StatelyStreamOptions) {
    const { sanitize, clock, batchMs = 50, thinMs = 250, maxEventsPerBatch = 1_000 } = options;
    this.#actors = actors;
    this.#messages = new StatelyMessages(sanitize);
    this.#clock = clock;
    this.#batchMs = batchMs;
    this.#thinMs = thinMs;
    this.#maxEvents = maxEventsPerBatch;
  }

  replay(): readonly Json[] {
    return [...this.replayEach()];
  }

  replayEach(): Iterable<Json> {
    return this.#each([...this.#actors.all()]);
  }

  *#each(actors: readonly WatchedActor[]): Generator<Json> {
    for (const actor of actors) yield this.#messages.actor(actor, ClockWatch.of(this.#clock).protocolNow());
  }

  subscribe(listener: (events: readonly Json[]) => void): () => void {
    // The replay of a new subscriber contains everything so far.
    this.#releaseAll();
    this.#flush();
    const own = (events: readonly Json[]): void => {
      listener(events);
    };
    this.#listeners.add(own);
    this.#unwatch ??= this.#actors.subscribe(this);
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.#rest();
    };
  }

  actorStarted(actor: WatchedActor): void {
    const atMs = ClockWatch.of(this.#clock).protocolNow();
    this.#push((messages) => messages.actor(actor, atMs));
  }

  eventSeen(actor: WatchedActor, event: WatchedEvent, sourceId: string | undefined): void {
    if (isThinned(event)) {
      this.#thinning.countEvent(actor, event, sourceId);
      this.#thinTimer ??= setBackgroundTimer(this.#clock, this.#thinDue, this.#thinMs);
      return;
    }
    this.#pushEvent(actor, event, sourceId);
  }

  snapshotTaken(actor: WatchedActor, event: WatchedEvent, snapshot: unknown): void {
    if (isThinned(event)) {
      this.#thinning.keepSnapshot(actor, event, snapshot);
      this.#thinTimer ??= setBackgroundTimer(this.#clock, this.#thinDue, this.#thinMs);
      return;
    }
    this.#thinning.forgetSnapshot(actor.sessionId);
    this.#pushSnapshot(actor, event, snapshot);
  }

  actorStopped(actor: WatchedActor): void {
    // This is the last event of the actor.
    const held = this.#thinning.take(actor.sessionId);
    if (held !== undefined) this.#release(held);
  }

  #pushEvent(actor: WatchedActor, event: WatchedEvent, sourceId: string | undefined): void {
    if (this.#events >= this.#maxEvents) return;
    this.#events++;
    const atMs = ClockWatch.of(this.#clock).protocolNow();
    this.#push((messages) => messages.event(actor, event, sourceId, atMs));
  }

  #pushSnapshot(actor: WatchedActor, event: WatchedEvent, snapshot: unknown): void {
    const atMs = ClockWatch.of(this.#clock).protocolNow();
    const earlier = this.#snapshots.get(actor.sessionId);
    if (earlier !== undefined) this.#pending[earlier] = undefined;
    this.#snapshots.set(actor.sessionId, this.#pending.length);
    this.#push((messages) => messages.snapshot(actor, event, snapshot, atMs));
  }

  #push(pending: Pending): void {
    this.#pending.push(pending);
    this.#batchTimer ??= setBackgroundTimer(this.#clock, this.#flush, this.#batchMs);
  }

  readonly #flush = (): void => {
    this.#clock.clearTimeout(this.#batchTimer);
    this.#batchTimer = undefined;
    const pending = this.#pending;
    this.#pending = [];
    this.#snapshots.clear();
    this.#events = 0;
    const events = pending.flatMap((make) => (make === undefined ? [] : [make(this.#messages)]));
    if (events.length === 0) return;
    for (const listener of [...this.#listeners]) {
      if (this.#listeners.has(listener)) listener(events); // an earlier listener can have removed it
    }
  };

  readonly #thinDue = (): void => {
    this.#thinTimer = undefined;
    this.#releaseAll();
    // Flushes all pending messages: a pending snapshot can be an older one of the same actor.
    this.#flush();
  };

  #releaseAll(): void {
    for (const held of this.#thinning.takeAll()) this.#release(held);
  }

  #release({ actor, events, snapshot }: HeldActor): void {
    for (const { event, sourceId } of events) this.#pushEvent(actor, event, sourceId);
    if (snapshot !== undefined) this.#pushSnapshot(actor, snapshot.event, snapshot.snapshot);
  }

  #rest(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#clock.clearTimeout(this.#batchTimer);
    this.#clock.clearTimeout(this.#thinTimer);
    this.#batchTimer = undefined;
    this.#thinTimer = undefined;
    this.#pending = [];
    this.#snapshots.clear();
    this.#events = 0;
    this.#thinning.clear();
  }
}
