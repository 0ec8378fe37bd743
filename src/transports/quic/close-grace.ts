import type { Clock } from '../../util/clock.js';
import { type PeerDeadline, setPeerDeadline } from '../../util/peer-deadline.js';
import { CLOSE_GRACE_MS } from '../transport.js';
import type { Progress } from './progress.js';

/**
 * Grace period of a peer after this side has ended its half of the stream. While the peer reads buffered bytes, the
 * period starts again. After that the peer has one period to answer.
 */
export class CloseGrace {
  readonly #progress: Progress;
  readonly #clock: Clock;
  readonly #expired: () => void;
  #deadline: PeerDeadline | undefined;

  constructor(progress: Progress, clock: Clock, expired: () => void) {
    this.#progress = progress;
    this.#clock = clock;
    this.#expired = expired;
  }

  start(): void {
    this.#progress.look();
    this.#arm();
  }

  /** Stops. Can be called repeatedly. */
  stop(): void {
    this.#deadline?.clear();
  }

  #arm(): void {
    this.#deadline = setPeerDeadline(this.#clock, this.#check, CLOSE_GRACE_MS);
  }

  readonly #check = (): void => {
    if (this.#progress.look() === 'moved') this.#arm();
    else this.#expired();
  };
}
