import type { DeferBatch, InboundBatch } from '../actors/router/router-actor-events.js';
import { countFrames } from '../protocol/inbound.js';
import { expectedSteps } from '../core/scheduling/message-steps.js';
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
  /**
   * Handles batches in order. Calls `defer` for those that must wait. Calls with the same number of the turn share the
   * time of one turn.
   */
  readonly handle: (batches: readonly InboundBatch[], defer: DeferBatch, turn: number) => void;
  /**
   * Called when the order of sessions matters. Returns a function for the steps that a session used recently. The
   * session is first whose recent use and waiting input together take the fewest steps.
   */
  readonly ranking: () => (session: RouterSession) => number;
  /** Called when all input before the end of a session is handled. */
  readonly depart: (departure: Departure) => void;
  /** Stops and resumes reading from the peer of a session. */
  readonly hold: (session: RouterSession, isHeld: boolean) => void;
  /** Schedules the next turn of the event loop. @default setImmediate */
  readonly schedule?: ((turn: () => void) => void) | undefined;
}

/** Steps of waiting input up to which sessions are compared: 0.4 ms. */
const MAX_EXPECTED_STEPS = 20_000;
/** Frames of one call that can take a relevant part of a turn: 0.1 ms or more. */
const MANY_FRAMES = 256;

/**
 * Queues the input that exceeds the time of this turn of the event loop, so that a session with costly messages delays
 * only itself. While input waits, each turn handles the input first that takes the least together with the recent use of
 * its session. Therefore a client which sends little never waits for those that send much, however many they are, also
 * if these have sent nothing before. The order within a session is kept. The router reads nothing from a waiting
 * session, so at most one read of each session waits.
 */
export class TurnQueue {
  readonly #options: TurnQueueOptions;
  readonly #schedule: (turn: () => void) => void;
  /** Waiting input, in order of arrival. */
  #waiting = new Map<RouterSession, Inbound[]>();
  /** Sessions with paused reading. */
  readonly #held = new Set<RouterSession>();
  #isPlanned = false;
  #turn = 0;
  /** Whether this turn has handled much input while it was read. */
  #isSpent = false;

  constructor(options: TurnQueueOptions) {
    this.#options = options;
    this.#schedule = options.schedule ?? ((turn) => void setImmediate(turn));
  }

  /** Sessions with waiting input. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Adds the input of all sessions in one read of the network. */
  push(arrivals: readonly Inbound[]): void {
    if (this.#waiting.size > 0) {
      for (const arrival of arrivals) this.#wait(arrival);
      return;
    }
    if (!this.#isPlanned) this.#turn++;
    let frames = 0;
    for (const arrival of arrivals) if (isBatch(arrival)) frames += countFrames(arrival.frames);
    if (frames < MANY_FRAMES) return this.#handle(arrivals);
    this.#isSpent = true;
    this.#plan();
    this.#handle(arrivals.length === 1 ? arrivals : this.#inOrder(arrivals));
  }

  /** Passes batches on, then the ends of the sessions without waiting input. */
  #handle(arrivals: readonly Inbound[]): void {
    const batches = arrivals.filter(isBatch);
    if (batches.length > 0) this.#options.handle(batches, this.#defer, this.#turn);
    for (const arrival of arrivals) {
      if (isBatch(arrival)) continue;
      if (this.#waiting.has(arrival.session)) this.#wait(arrival);
      else this.#options.depart(arrival);
    }
  }

  /** Returns input in the order of its cost. Sorting is stable, so the order of each session is kept. */
  #inOrder(arrivals: readonly Inbound[]): readonly Inbound[] {
    const rank = this.#options.ranking();
    const costs = new Map<RouterSession, number>();
    for (const arrival of arrivals) {
      const { session } = arrival;
      costs.set(session, (costs.get(session) ?? rank(session)) + (isBatch(arrival) ? stepsOf(arrival) : 0));
    }
    return arrivals
      .map((arrival) => ({ arrival, cost: costs.get(arrival.session) ?? 0 }))
      .sort((a, b) => a.cost - b.cost)
      .map(({ arrival }) => arrival);
  }

  #wait(arrival: Inbound): void {
    const waiting = this.#waiting.get(arrival.session);
    if (waiting === undefined) this.#waiting.set(arrival.session, [arrival]);
    else waiting.push(arrival);
  }

  /** Queues the rest of a batch before the later input of its session. */
  readonly #defer = (batch: InboundBatch, next: number, offset: number): void => {
    const { session } = batch;
    this.#wait({ ...batch, next, offset, steps: stepsOf(batch) });
    if (!this.#held.has(session)) {
      this.#held.add(session);
      this.#options.hold(session, true);
    }
    this.#plan();
  };

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#schedule(this.#endTurn);
  }

  /** Ends a turn and begins the next one with the waiting input, unless this turn of the event loop is used up. */
  readonly #endTurn = (): void => {
    this.#isPlanned = false;
    const isSpent = this.#isSpent;
    this.#isSpent = false;
    if (this.#waiting.size === 0) return;
    if (isSpent) return this.#plan();
    this.#turn++;
    const waiting = this.#waiting;
    this.#waiting = new Map();
    this.#handle(this.#inOrder([...waiting.values()].flat()));
    for (const session of this.#held) {
      if (this.#waiting.has(session)) continue;
      this.#held.delete(session);
      this.#options.hold(session, false);
    }
  };
}

function stepsOf({ steps, frames }: InboundBatch): number {
  return steps ?? expectedSteps(frames, MAX_EXPECTED_STEPS);
}
