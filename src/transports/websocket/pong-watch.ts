import { type Clock, setBackgroundTimer } from '../../util/clock.js';
import { ClockWatch } from '../../util/clock-watch.js';
import { judgeAfterInput, type PeerDeadline } from '../../util/peer-deadline.js';
import { MAX_MISSED_PONGS } from './constants.js';

export interface PongWatchOptions {
  readonly clock: Clock;
  /** Milliseconds between pings. */
  readonly intervalMs: number;
  readonly ping: () => void;
  /** Called before each ping. Must call {@link PongWatch.noteSignOfLife} if the peer has read buffered bytes. */
  readonly look: () => void;
  /** The peer has answered none of {@link MAX_MISSED_PONGS} pings. */
  readonly onLost: () => void;
}

/** Pings a peer at regular intervals, and finds out if it no longer answers. */
export class PongWatch {
  readonly #options: PongWatchOptions;
  #unanswered = 0;
  #timer: unknown;
  /** Set while too many pings are unanswered: the pong can be in unread input. */
  #deadline: PeerDeadline | undefined;
  #isOver = false;

  constructor(options: PongWatchOptions) {
    this.#options = options;
    // The clock detects a stall of the process only while it is watched, and pings are rare.
    ClockWatch.of(options.clock).acquire();
    this.#plan();
  }

  /** The peer has sent or read something. */
  noteSignOfLife(): void {
    this.#unanswered = 0;
  }

  /** Stops pinging. Can be called repeatedly. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { clock } = this.#options;
    clock.clearTimeout(this.#timer);
    this.#deadline?.clear();
    ClockWatch.of(clock).release();
  }

  #plan(): void {
    this.#timer = setBackgroundTimer(this.#options.clock, this.#onTimer, this.#options.intervalMs);
  }

  readonly #onTimer = (): void => {
    // A pong is queued behind the peer's other bytes: while the peer reads some of those, it is alive.
    this.#options.look();
    if (this.#unanswered < MAX_MISSED_PONGS) this.#unanswered++;
    else this.#deadline ??= judgeAfterInput(this.#options.clock, this.#judge);
    this.#options.ping();
    this.#plan();
  };

  readonly #judge = (): void => {
    this.#deadline = undefined;
    if (this.#unanswered >= MAX_MISSED_PONGS) this.#options.onLost(); // otherwise it has answered meanwhile
  };
}
