import type { Clock } from '../../util/clock.js';
import { type PeerDeadline, setPeerDeadline } from '../../util/peer-deadline.js';
import { STALL_CHECKS } from './constants.js';
import type { Progress } from './progress.js';
import type { QuicSession } from './provider.js';

export interface StallWatchOptions {
  readonly session: QuicSession;
  readonly progress: Progress;
  readonly clock: Clock;
  /** Maximum milliseconds in which a responsive peer reads nothing of the buffered bytes. */
  readonly stallMs: number;
  /** Whether the connection is open and its stream has buffered bytes. */
  readonly isWaiting: () => boolean;
  readonly stalled: () => void;
}

/**
 * Watches a stream without progress. In two cases the router waits for `drained$`. If the peer is frozen or
 * unreachable, it is kept like any slow peer until QUIC closes it. If the peer's QUIC answers pings but its stream makes
 * no progress, the library has missed that the window opened again. That stream would never continue, so the connection
 * is cut, and the client can reconnect. A program that does not read for that long is cut too, because the router cannot
 * distinguish the two.
 */
export class StallWatch {
  readonly #options: StallWatchOptions;
  #deadline: PeerDeadline | undefined;
  /** Consecutive checks in which the peer was responsive but read nothing. */
  #stalls = 0;

  constructor(options: StallWatchOptions) {
    this.#options = options;
  }

  /** Starts to watch the buffered bytes, until they are sent. Has no effect while it watches. */
  start(): void {
    if (this.#deadline !== undefined) return;
    this.#stalls = 0;
    this.#options.progress.look();
    this.#arm();
  }

  /** Stops. Can be called repeatedly. */
  stop(): void {
    this.#deadline?.clear();
  }

  #arm(): void {
    const { session, clock, stallMs } = this.#options;
    session.ping();
    this.#deadline = setPeerDeadline(clock, this.#check, stallMs / STALL_CHECKS);
  }

  readonly #check = (): void => {
    const { progress, isWaiting, stalled } = this.#options;
    this.#deadline = undefined;
    if (!isWaiting()) return;
    this.#stalls = progress.look() === 'received' ? this.#stalls + 1 : 0;
    if (this.#stalls < STALL_CHECKS) this.#arm();
    else stalled();
  };
}
