import { type Clock, setBackgroundTimer } from './clock.js';
import { judgeAfterInput, type PeerDeadline } from './peer-deadline.js';

/** Peers judged at once. The others follow after further turns of the event loop, so that input is read in between. */
const MAX_JUDGED_AT_ONCE = 64;

/**
 * Deadlines of equal length for many peers, with one timer for all: setting and clearing one costs the same for any
 * number of peers. As with `setPeerDeadline`, no peer is judged before pending input was read and the grace period
 * after a stall is over.
 */
export class PeerDeadlineQueue<Peer> {
  readonly #clock: Clock;
  readonly #milliseconds: number;
  readonly #judge: (peer: Peer) => void;
  /** Due times, which are in order of insertion because the length is the same. */
  readonly #dueMs = new Map<Peer, number>();
  /** Timer until the first due time, or undefined. */
  #timer: unknown;
  /** Set from that time until the peers are judged. */
  #judgment: PeerDeadline | undefined;

  /** @param judge called once per passed deadline */
  constructor(clock: Clock, milliseconds: number, judge: (peer: Peer) => void) {
    this.#clock = clock;
    this.#milliseconds = milliseconds;
    this.#judge = judge;
  }

  /** Sets the deadline of a peer, in place of a previous one. */
  set(peer: Peer): void {
    this.#dueMs.delete(peer); // the new due time is the last
    this.#dueMs.set(peer, this.#clock.now() + this.#milliseconds);
    if (this.#timer === undefined && this.#judgment === undefined) this.#wait(this.#milliseconds);
  }

  /** Cancels the deadline of a peer. Can be called repeatedly. */
  clear(peer: Peer): void {
    this.#dueMs.delete(peer);
  }

  /** Cancels all deadlines. The queue can be used again. */
  stop(): void {
    this.#dueMs.clear();
    this.#judgment?.clear();
    this.#judgment = undefined;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(milliseconds: number): void {
    this.#timer = setBackgroundTimer(this.#clock, this.#onTimer, milliseconds);
  }

  /** The first peer can have left meanwhile, and timers can fire early by a fraction of a millisecond. */
  readonly #onTimer = (): void => {
    this.#timer = undefined;
    const first = this.#dueMs.values().next();
    if (first.done === true) return;
    const nowMs = this.#clock.now();
    if (first.value > nowMs) {
      this.#wait(first.value - nowMs);
      return;
    }
    // Later deadlines wait for their own judgment: the input of those peers must be read after they have passed.
    this.#judgment = judgeAfterInput(this.#clock, () => {
      this.#judgment = undefined;
      try {
        this.#judgeUntil(nowMs);
      } finally {
        if (this.#timer === undefined) this.#onTimer();
      }
    });
  };

  #judgeUntil(dueMs: number): void {
    let left = MAX_JUDGED_AT_ONCE;
    for (const [peer, peerDueMs] of this.#dueMs) {
      if (peerDueMs > dueMs || left-- === 0) return;
      this.#dueMs.delete(peer);
      this.#judge(peer);
    }
  }
}
