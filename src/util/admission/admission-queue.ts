import { type Clock, setBackgroundTimer } from '../clock.js';
import { ClockWatch } from '../clock-watch.js';
import { FairQueue, type Waiting } from './fair-queue.js';
import type { Block, Gate } from './gate.js';

export interface AdmissionQueueOptions<T> {
  /** What every connection has to pass. The first that blocks gives the reason. */
  readonly gates: readonly Gate<T>[];
  /** Connections that may wait; 0: none waits, and what cannot be accepted at once is refused. */
  readonly maxWaiting: number;
  /** The same for one address; 0: as many as {@link maxWaiting}. */
  readonly maxWaitingPerAddress: number;
  /** Milliseconds that a connection may wait. */
  readonly maxWaitMs: number;
  readonly clock: Clock;
  /** Accepts a connection, in the call of {@link AdmissionQueue.arrive} or later. */
  readonly admit: (item: T) => void;
  /** Called when it is time for {@link AdmissionQueue.look}, which the owner calls then. @default calls it */
  readonly onDue?: (() => void) | undefined;
  /** Refuses a connection that was not accepted. `text` is for a person. */
  readonly refuse: (item: T, text: string) => void;
}

/** Milliseconds between two looks at what waits. */
const TICK_MS = 25;

/**
 * Accepts connections as fast as limits allow. Connections above a limit wait, in order per address, and addresses take turns.
 * Number and time of those that wait are bounded. While none waits, this has no timer.
 */
export class AdmissionQueue<T> {
  readonly #options: AdmissionQueueOptions<T>;
  readonly #queue: FairQueue<T>;
  readonly #watch: ClockWatch;
  /** Whether a limit for all addresses together has blocked one that waits. */
  #isBlocked = false;
  #isWatching = false;
  #timer: { readonly id: unknown } | undefined;

  constructor(options: AdmissionQueueOptions<T>) {
    this.#options = options;
    const { maxWaiting, maxWaitingPerAddress, clock } = options;
    this.#watch = ClockWatch.of(clock);
    this.#queue = new FairQueue({ maxItems: maxWaiting, maxItemsPerKey: maxWaitingPerAddress || maxWaiting });
  }

  /** Connections that wait. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** A new connection: it is accepted, waits or is refused. @param place as `placeOf()` returns it */
  arrive(item: T, place: string | undefined): void {
    const nowMs = this.#options.clock.now();
    const key = keyOf(place);
    // What an address has to wait for, or all of them, its next connection waits for as well.
    const mustQueue = this.#queue.hasKey(key) || (this.#isBlocked && place !== undefined);
    const block = this.#blockOf(place, nowMs, !mustQueue && this.#mayJudge());
    if (block === undefined && !mustQueue) {
      this.#admit(item, place, nowMs);
      return;
    }
    const reason = block?.text ?? 'other connections wait before it';
    if (this.#options.maxWaiting === 0 || block?.isFinal === true) {
      this.#options.refuse(item, reason);
      return;
    }
    const rejected = this.#queue.push(item, key, nowMs);
    if (rejected !== undefined) {
      const { waiting, text } = rejected;
      this.#options.refuse(waiting.item, waiting.item === item ? `${reason}; ${text}` : text);
    }
    this.#isBlocked ||= block?.scope === 'all';
    this.#plan();
  }

  /** A connection has closed while it waited. Does nothing for others. */
  forget(item: T): void {
    this.#queue.remove(item);
  }

  /** Ends all waiting. @returns those that waited; they are neither accepted nor refused */
  clear(): readonly T[] {
    this.#stop();
    return this.#queue.clear();
  }

  /** Accepts what can be accepted by now, and refuses what has waited too long. */
  look(): void {
    this.#cancel();
    const nowMs = this.#options.clock.now();
    const mayJudge = this.#mayJudge();
    this.#isBlocked = false;
    // Each key has one turn in a round; rounds go on with those that could take theirs.
    let round = this.#queue.heads();
    while (round.length > 0) {
      const next: Waiting<T>[] = [];
      for (const head of round) {
        const following = this.#advance(head, nowMs, mayJudge);
        if (following !== undefined) next.push(following);
      }
      round = next;
    }
    this.#plan();
  }

  /** Accepts the first item of a key if that is possible. @returns the item behind it if so */
  #advance(head: Waiting<T>, nowMs: number, mayJudge: boolean): Waiting<T> | undefined {
    if (!this.#queue.has(head.item)) return undefined; // it has closed in this tick
    const place = head.key === LOCAL ? undefined : head.key;
    const block = this.#blockOf(place, nowMs, mayJudge);
    if (block === undefined) {
      const following = this.#queue.take(head);
      this.#admit(head.item, place, nowMs);
      return following;
    }
    this.#isBlocked ||= block.scope === 'all';
    const { maxWaitMs, refuse } = this.#options;
    const isOver = mayJudge && nowMs - head.sinceMs >= maxWaitMs;
    if (!isOver && block.isFinal !== true) return undefined;
    const following = this.#queue.take(head);
    refuse(head.item, isOver ? `${block.text}; it has waited for ${maxWaitMs / 1_000} s` : block.text);
    return following; // the same may be true of it
  }

  #blockOf(place: string | undefined, nowMs: number, mayRelieve: boolean): Block | undefined {
    for (const gate of this.#options.gates) {
      const block = gate.check(place, nowMs);
      if (block === undefined) continue;
      // One out, one in: the gate may still be above its limit.
      if (!mayRelieve || gate.relieve?.(place, block, nowMs) !== true) return block;
    }
    return undefined;
  }

  #admit(item: T, place: string | undefined, nowMs: number): void {
    for (const gate of this.#options.gates) gate.enter(item, place, nowMs);
    this.#options.admit(item);
  }

  #plan(): void {
    if (this.#queue.size === 0) {
      this.#stop();
      return;
    }
    if (!this.#isWatching) this.#watch.acquire();
    this.#isWatching = true;
    this.#timer ??= { id: setBackgroundTimer(this.#options.clock, this.#ring, TICK_MS) };
  }

  #stop(): void {
    this.#isBlocked = false;
    this.#cancel();
    if (this.#isWatching) this.#watch.release();
    this.#isWatching = false;
  }

  /** After a stall of the process, peers have a grace period: what they have sent may not be read yet. */
  #mayJudge(): boolean {
    return this.#watch.graceLeftMs() === 0;
  }

  readonly #ring = (): void => {
    this.#timer = undefined;
    const { onDue } = this.#options;
    if (onDue === undefined) this.look();
    else onDue();
  };

  #cancel(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer.id);
    this.#timer = undefined;
  }
}

/** Of this computer, which has no place. */
const LOCAL = '';

function keyOf(place: string | undefined): string {
  return place ?? LOCAL;
}
