import type { DeferBatch, InboundBatch } from '../actors/router/router-actor-events.js';
import type { RouterSession } from '../core/session.js';
import type { SessionEvent } from '../core/session-events.js';

/** What comes from a session, its end behind its last batch: a SET that came in the same read as the close still counts. */
export type Inbound = InboundBatch | Departure;

/** The end of a session's connection. */
export interface Departure {
  readonly session: RouterSession;
  readonly end: SessionEvent;
}

export function isBatch(arrival: Inbound): arrival is InboundBatch {
  return 'frames' in arrival;
}

export interface TurnQueueOptions {
  /** Handles batches, in order; calls `defer` for those that are to wait. */
  readonly handle: (batches: readonly InboundBatch[], defer: DeferBatch) => void;
  /** Everything in front of the end of a session has been handled. */
  readonly depart: (departure: Departure) => void;
  /** Stops and resumes reading from the peer of a session. */
  readonly hold: (session: RouterSession, isHeld: boolean) => void;
  /** Plans the next turn of the event loop. @default setImmediate */
  readonly schedule?: ((turn: () => void) => void) | undefined;
}

/** What still waits of one session. */
interface Waiting {
  readonly arrivals: Inbound[];
  /** Whether some of it was handled in this turn. */
  hasProgressed: boolean;
}

/**
 * Keeps what a session sent and the router had no time for in this turn of the event loop, so that a session whose messages cost much
 * delays itself and not the others: what arrives is handled first, then a slice of each waiting session, the one that has waited
 * longest first. The order within a session stays. Nothing is read from a session that waits, so at most one read of each waits.
 */
export class TurnQueue {
  readonly #options: TurnQueueOptions;
  readonly #schedule: (turn: () => void) => void;
  #waiting = new Map<RouterSession, Waiting>();
  /** Sessions from which nothing is read. */
  readonly #held = new Set<RouterSession>();
  #isPlanned = false;

  constructor(options: TurnQueueOptions) {
    this.#options = options;
    this.#schedule = options.schedule ?? ((turn) => void setImmediate(turn));
  }

  /** Sessions of which something waits. */
  get size(): number {
    return this.#waiting.size;
  }

  /** What all sessions sent in one turn. */
  push(arrivals: readonly Inbound[]): void {
    if (this.#waiting.size === 0) return this.#handle(arrivals);
    const fresh: Inbound[] = [];
    for (const arrival of arrivals) {
      const waiting = this.#waiting.get(arrival.session);
      if (waiting === undefined) fresh.push(arrival);
      else waiting.arrivals.push(arrival);
    }
    this.#handle(fresh);
  }

  /** Hands batches on, then the ends of the sessions of which nothing waits. */
  #handle(arrivals: readonly Inbound[]): void {
    const batches = arrivals.filter(isBatch);
    if (batches.length > 0) this.#options.handle(batches, this.#defer);
    for (const arrival of arrivals) {
      if (isBatch(arrival)) continue;
      const waiting = this.#waiting.get(arrival.session);
      if (waiting === undefined) this.#options.depart(arrival);
      else waiting.arrivals.push(arrival);
    }
  }

  /** The rest of a batch waits, in front of what its session sends later. */
  readonly #defer = (batch: InboundBatch, next: number): void => {
    const { session } = batch;
    const rest = { ...batch, next };
    const waiting = this.#waiting.get(session);
    if (waiting === undefined) {
      this.#waiting.set(session, { arrivals: [rest], hasProgressed: next > (batch.next ?? 0) });
    } else {
      waiting.arrivals.push(rest);
    }
    if (!this.#held.has(session)) {
      this.#held.add(session);
      this.#options.hold(session, true);
    }
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#schedule(this.#turn);
  };

  readonly #turn = (): void => {
    this.#isPlanned = false;
    const waiting = [...this.#waiting.values()];
    this.#waiting = new Map();
    // Those for which the last turn had no time come first.
    const next = [...waiting.filter((one) => !one.hasProgressed), ...waiting.filter((one) => one.hasProgressed)];
    this.#handle(next.flatMap(({ arrivals }) => arrivals));
    for (const session of this.#held) {
      if (this.#waiting.has(session)) continue;
      this.#held.delete(session);
      this.#options.hold(session, false);
    }
  };
}
