import { countFrames } from '../../protocol/inbound.js';
import type { WatchedActor, WatchedEvent } from './port.js';

/**
 * Events that occur at every turn of the event loop, or because of the inspector itself. They are shown as counts a
 * few times per second; the traffic view shows their content.
 */
const throttledTypes: ReadonlySet<string> = new Set([
  'inbound.batch',
  'clock.due',
  'tasks.continue',
  'params.requested',
  'sessions.requested',
]);

export function isThinned(event: WatchedEvent): boolean {
  return throttledTypes.has(event.type);
}

/** Many events of one type to one actor, combined into one event. */
export interface ThinnedEvent extends WatchedEvent {
  /** Number of combined events. */
  readonly times: number;
  /** Totals of their contents, for `inbound.batch`. */
  readonly batches?: number;
  readonly frames?: number;
}

export interface HeldActor {
  readonly actor: WatchedActor;
  readonly events: readonly { readonly event: ThinnedEvent; readonly sourceId: string | undefined }[];
  /** Snapshot after the last of these events, unless a later event changed the actor. */
  readonly snapshot: { readonly event: ThinnedEvent; readonly snapshot: unknown } | undefined;
}

/** Counts frequent events until they are taken. It keeps no reference to them. */
export class Thinning {
  readonly #held = new Map<string, Held>();

  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  countEvent(actor: WatchedActor, event: WatchedEvent, sourceId: string | undefined): void {
    const { counts } = this.#of(actor);
    let count = counts.get(event.type);
    if (count === undefined) counts.set(event.type, (count = { times: 0, batches: 0, frames: 0, sourceId }));
    count.times++;
    if (event.type === 'inbound.batch') addFrames(count, event);
    count.sourceId = sourceId;
  }

  keepSnapshot(actor: WatchedActor, event: WatchedEvent, snapshot: unknown): void {
    this.#of(actor).snapshot = { type: event.type, snapshot };
  }

  /** There is a later snapshot. */
  forgetSnapshot(sessionId: string): void {
    const held = this.#held.get(sessionId);
    if (held !== undefined) held.snapshot = undefined;
  }

  takeAll(): readonly HeldActor[] {
    const taken = [...this.#held.values()].map(released);
    this.#held.clear();
    return taken;
  }

  /** Removes and returns the counts of one actor. */
  take(sessionId: string): HeldActor | undefined {
    const held = this.#held.get(sessionId);
    this.#held.delete(sessionId);
    return held && released(held);
  }

  clear(): void {
    this.#held.clear();
  }

  #of(actor: WatchedActor): Held {
    let held = this.#held.get(actor.sessionId);
    if (held === undefined) {
      this.#held.set(actor.sessionId, (held = { actor, counts: new Map(), snapshot: undefined }));
    }
    return held;
  }
}

interface Count {
  times: number;
  batches: number;
  frames: number;
  sourceId: string | undefined;
}

interface Held {
  readonly actor: WatchedActor;
  readonly counts: Map<string, Count>;
  snapshot: { readonly type: string; readonly snapshot: unknown } | undefined;
}

function released({ actor, counts, snapshot }: Held): HeldActor {
  return {
    actor,
    events: [...counts].map(([type, count]) => ({ event: summary(type, count), sourceId: count.sourceId })),
    snapshot: snapshot && { event: summary(snapshot.type, counts.get(snapshot.type)), snapshot: snapshot.snapshot },
  };
}

function summary(type: string, count: Count | undefined): ThinnedEvent {
  const { times = 1, batches = 0, frames = 0 } = count ?? {};
  return { type, times, ...(type === 'inbound.batch' && { batches, frames }) };
}

/**
 * An actor of the host application can have events with the same name and another shape: they are counted without
 * contents.
 */
function addFrames(count: Count, event: WatchedEvent): void {
  const { batches } = event as WatchedEvent & { readonly batches?: unknown }; // undefined if absent
  if (!Array.isArray(batches)) return;
  count.batches += batches.length;
  for (const batch of batches as readonly ({ readonly frames?: unknown } | null | undefined)[]) {
    if (Array.isArray(batch?.frames)) count.frames += countFrames(batch.frames);
  }
}
