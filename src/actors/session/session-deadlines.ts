import type { Clock } from '../../util/clock.js';
import { PeerDeadlineQueue } from '../../util/peer-deadline-queue.js';

/** A session whose peer must do something in time. */
export interface DeadlineHolder {
  /** The deadline has passed. */
  overdue(): void;
}

/**
 * Deadlines of the sessions of a hub: one queue per length. Delayed transitions of XState are not used, because at the
 * end of each actor XState checks every pending delay of the system: with 5,000 sessions before HELLO, closing one
 * session takes 450 µs instead of 6 µs.
 */
export class SessionDeadlines {
  readonly #clock: Clock;
  readonly #queues = new Map<number, PeerDeadlineQueue<DeadlineHolder>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns the queue for deadlines of this length. Lengths are options of the hub, so there are few. */
  of(milliseconds: number): PeerDeadlineQueue<DeadlineHolder> {
    let queue = this.#queues.get(milliseconds);
    if (queue === undefined) {
      queue = new PeerDeadlineQueue(this.#clock, milliseconds, (session) => {
        session.overdue();
      });
      this.#queues.set(milliseconds, queue);
    }
    return queue;
  }

  /** Cancels all deadlines. */
  stop(): void {
    for (const queue of this.#queues.values()) queue.stop();
  }
}
