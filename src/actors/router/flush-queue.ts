import type { RouterSession } from '../../core/session.js';

/** Time of one turn of the event loop for writing. */
const TURN_MICROS = 2_000;
/** Output up to this size is written before larger output. */
const SMALL_BYTES = 4_096;
/** Output of this size, that of a whole read quota, is worth its own write. */
const WHOLE_BYTES = 131_072;
/** Turns for which smaller output waits for the rest of an input that is handled in slices. */
const MAX_POSTPONED_TURNS = 8;
/** Writes of small output between two readings of the clock: about 50 µs. */
const CLOCK_WRITES = 16;

export interface FlushQueueOptions {
  /** Writes the output of a session. */
  readonly flush: (session: RouterSession) => void;
  /** Called with the exception of a write. The other sessions are not affected. */
  readonly failed: (session: RouterSession, error: unknown) => void;
  /** The monotonic clock. If it stands still, as a simulated one, all output is written at once. */
  readonly nowMicros: () => number;
}

/**
 * Sessions with output, written in slices of a turn of the event loop: one read of a publisher with a thousand
 * subscribers can cause 100 MB of output, and 200 subscribers that read nothing cost as much. Small output is first, so
 * that a message of another client does not wait for it. While such a read is handled in slices, output waits until it
 * is large, because writing a thousand sockets takes as long as a slice.
 */
export class FlushQueue {
  readonly #options: FlushQueueOptions;
  #small: RouterSession[] = [];
  #large: RouterSession[] = [];
  #isBehind = false;
  /** Turns since the last one that wrote all output. */
  #postponedTurns = 0;

  constructor(options: FlushQueueOptions) {
    this.#options = options;
  }

  /** Whether output remains because the time of the turn was used up. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** Sessions with output that {@link run} has not written. */
  get size(): number {
    return this.#small.length + this.#large.length;
  }

  /** Adds sessions with output. */
  add(dirty: readonly RouterSession[]): void {
    for (const session of dirty) {
      (session.outbox.byteLength <= SMALL_BYTES ? this.#small : this.#large).push(session);
    }
  }

  /**
   * Writes output, for at most the time of a turn.
   *
   * @param isNewTurn whether this turn of the event loop has written nothing yet
   * @param isInputWaiting whether more output of an unfinished input is expected
   */
  run(isNewTurn: boolean, isInputWaiting: boolean): void {
    if (this.size === 0) return;
    const isLong = this.#small.length > CLOCK_WRITES || this.#large.length > 1;
    const lastMicros = isLong ? this.#options.nowMicros() + TURN_MICROS : Infinity;
    this.#small = this.#writeSome(this.#small, CLOCK_WRITES, lastMicros);
    if (this.#small.length > 0) {
      this.#isBehind = true;
      return;
    }
    if (this.#isBehind && !isNewTurn) return;
    if (isInputWaiting && this.#postponedTurns < MAX_POSTPONED_TURNS) {
      if (isNewTurn) this.#postponedTurns++;
      const isWhole = ({ outbox }: RouterSession): boolean => outbox.byteLength >= WHOLE_BYTES;
      const left = this.#writeSome(this.#large.filter(isWhole), 1, lastMicros);
      this.#isBehind = left.length > 0;
      this.#large = [
        ...left,
        ...this.#large.filter(({ outbox }) => !outbox.isEmpty && outbox.byteLength < WHOLE_BYTES),
      ];
      return;
    }
    this.#large = this.#writeSome(this.#large, 1, lastMicros);
    this.#isBehind = this.#large.length > 0;
    if (!this.#isBehind) this.#postponedTurns = 0;
  }

  /**
   * Writes the output of sessions in order until the time is over.
   *
   * @param writes between two readings of the clock
   * @returns the remaining sessions
   */
  #writeSome(sessions: RouterSession[], writes: number, lastMicros: number): RouterSession[] {
    const { flush, failed, nowMicros } = this.#options;
    let at = 0;
    while (at < sessions.length) {
      const session = sessions[at++]!; // the loop condition bounds the index
      try {
        flush(session);
      } catch (error) {
        failed(session, error);
      }
      if (at < sessions.length && at % writes === 0 && nowMicros() >= lastMicros) return sessions.slice(at);
    }
    return [];
  }
}
