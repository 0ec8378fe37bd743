import type { Clock } from '../../util/clock.js';
import { type PeerDeadline, setPeerDeadline } from '../../util/peer-deadline.js';
import { CLOSE_GRACE_MS } from '../transport.js';
import { MAX_CLOSE_MS } from './constants.js';

/**
 * The closing phase of a connection. While the peer reads buffered bytes, it can continue, for at most
 * {@link MAX_CLOSE_MS}. After that it has the grace period to answer.
 */
export class CloseGrace {
  readonly #clock: Clock;
  readonly #hasRead: () => boolean;
  readonly #onOver: () => void;
  readonly #endMs: number;
  #deadline: PeerDeadline;

  /** @param hasRead whether the peer has read buffered bytes since the last call @param onOver called at most once */
  constructor(clock: Clock, hasRead: () => boolean, onOver: () => void) {
    this.#clock = clock;
    this.#hasRead = hasRead;
    this.#onOver = onOver;
    this.#endMs = clock.now() + MAX_CLOSE_MS;
    hasRead();
    this.#deadline = this.#newDeadline();
  }

  /** Cancels it. Can be called repeatedly. */
  clear(): void {
    this.#deadline.clear();
  }

  #newDeadline(): PeerDeadline {
    return setPeerDeadline(this.#clock, this.#check, CLOSE_GRACE_MS);
  }

  readonly #check = (): void => {
    if (this.#hasRead() && this.#clock.now() < this.#endMs) this.#deadline = this.#newDeadline();
    else this.#onOver();
  };
}
