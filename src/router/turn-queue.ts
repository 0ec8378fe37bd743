import type { DeferBatch, InboundBatch } from '../actors/router/router-actor-events.js';
import type { RouterSession } from '../core/session.js';
import type { SessionEvent } from '../core/session-events.js';

/** The input of a session. Its end follows its last batch: a SET in the same read as the close is still handled. */
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
  /** Handles batches in order. Calls `defer` for those that must wait. */
  readonly handle: (batches: readonly InboundBatch[], defer: DeferBatch) => void;
  /** Called when all input before the end of a session is handled. */
  readonly depart: (departure: Departure) => void;
  /** Stops and resumes reading from the peer of a session. */
  readonly hold: (session: RouterSession, isHeld: boolean) => void;
  /** Schedules the next turn of the event loop. @default setImmediate */
  readonly schedule?: ((turn: () => void) => void) | undefined;
}

/** The waiting input of one session. */
interface Waiting {
  readonly arrivals: Inbound[];
  /** Whether some of it was handled in this turn. */
  hasProgressed: boolean;
}

/**
 * Queues the input that exceeds the time of this turn of the event loop, so that a session with costly messages delays
 * only itself. New input is handled first, then a slice of each waiting session, the longest waiting first. The order
 * within a session is kept. The router reads nothing from a waiting session, so at most one read of each session waits.
 */
export class TurnQueue {
  readonly #options: TurnQueueOptions;
  readonly #schedule: (turn: () => void) => void;
  #waiting = new Map<RouterSession, Waiting>();
  /** Sessions with paused reading. */
  readonly #held = new Set<RouterSession>();
  #isPlanned = false;

  constructor(options: TurnQueueOptions) {
    this.#options = options;
    this.#schedule = options.schedule ?? ((turn) => void setImmediate(turn));
  }

  /** Sessions with waiting input. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Adds the input of all sessions in one turn. */
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

  /** Passes batches on, then the ends of the sessions without waiting input. */
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

  /** Queues the rest of a batch before the later input of its session. */
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
    // Sessions that the last turn did not reach are first.
    const next = [...waiting.filter((one) => !one.hasProgressed), ...waiting.filter((one) => one.hasProgressed)];
    this.#handle(next.flatMap(({ arrivals }) => arrivals));
    for (const session of this.#held) {
      if (this.#waiting.has(session)) continue;
      this.#held.delete(session);
      this.#options.hold(session, false);
    }
  };
}
