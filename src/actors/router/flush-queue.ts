import type { RouterSession } from '../../core/session.js';

/** Output up to this size is small: written before larger output. */
const SMALL_BYTES = 4_096;
/** Writes of small output per turn of the event loop: 1 to 2 ms. */
const SMALL_WRITES = 256;
/** Bytes of larger output per turn: 2 ms with a write of 64 KiB or more each. */
const TURN_BYTES = 4_194_304;
/** Cost of a write in bytes: a write of some bytes takes as long as copying these. */
const WRITE_BYTES = 8_192;
/** Output of this size, that of a whole read quota, is worth its own write. */
const WHOLE_BYTES = 131_072;
/** Turns for which smaller output waits for the rest of an input that is handled in slices. */
const MAX_POSTPONED_TURNS = 12;

export interface FlushQueueOptions {
  /** Writes the output of a session. */
  readonly flush: (session: RouterSession) => void;
  /** Called with the exception of a write. The other sessions are not affected. */
  readonly failed: (session: RouterSession, error: unknown) => void;
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

  /** Whether output remains that exceeds the share of a turn. */
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
   * Writes output, up to the share of a turn.
   *
   * @param isNewTurn whether this turn of the event loop has written no large output yet
   * @param isInputWaiting whether more output of an unfinished input is expected
   */
  run(isNewTurn: boolean, isInputWaiting: boolean): void {
    if (this.size === 0) return;
    this.#small = this.#write(this.#small, SMALL_WRITES, Infinity);
    if (this.#small.length > 0) {
      this.#isBehind = true;
      return;
    }
    if (this.#isBehind && !isNewTurn) return;
    if (isInputWaiting && this.#postponedTurns < MAX_POSTPONED_TURNS) {
      if (isNewTurn) this.#postponedTurns++;
      const whole = this.#large.filter(isWhole);
      const left = this.#write(whole, Infinity, TURN_BYTES);
      this.#isBehind = left.length > 0;
      if (whole.length > 0) this.#large = [...left, ...this.#large.filter((session) => !isWholeOrEmpty(session))];
      return;
    }
    this.#large = this.#write(this.#large, Infinity, TURN_BYTES);
    this.#isBehind = this.#large.length > 0;
    if (!this.#isBehind) this.#postponedTurns = 0;
  }

  /**
   * Writes the output of sessions in order, at least that of one.
   *
   * @returns the remaining sessions
   */
  #write(sessions: RouterSession[], maxWrites: number, maxBytes: number): RouterSession[] {
    const { flush, failed } = this.#options;
    let at = 0;
    let bytes = 0;
    while (at < sessions.length && at < maxWrites && bytes < maxBytes) {
      const session = sessions[at++]!; // the loop condition bounds the index
      bytes += session.outbox.byteLength + WRITE_BYTES;
      try {
        flush(session);
      } catch (error) {
        failed(session, error);
      }
    }
    return at === sessions.length ? [] : sessions.slice(at);
  }
}

function isWhole({ outbox }: RouterSession): boolean {
  return outbox.byteLength >= WHOLE_BYTES;
}

function isWholeOrEmpty(session: RouterSession): boolean {
  return session.outbox.isEmpty || isWhole(session);
}
