import { type Clock, setBackgroundTimer } from '../clock.js';
import { ClockWatch } from '../clock-watch.js';
import { FairQueue, type Waiting } from './fair-queue.js';
import type { Block, Gate } from './gate.js';

export interface AdmissionQueueOptions<T> {
  /** Checks of every connection. The first that blocks states the reason. */
  readonly gates: readonly Gate<T>[];
  /** Maximum waiting connections; 0: none waits, and a connection that cannot be accepted at once is refused. */
  readonly maxWaiting: number;
  /** Maximum per address; 0 = {@link maxWaiting}. */
  readonly maxWaitingPerAddress: number;
  /** Maximum wait in milliseconds. */
  readonly maxWaitMs: number;
  readonly clock: Clock;
  /** Accepts a connection, during {@link AdmissionQueue.arrive} or later. */
  readonly admit: (item: T) => void;
  /** Called when {@link AdmissionQueue.look} is due; the owner must call it. @default calls it */
  readonly onDue?: (() => void) | undefined;
  /** Refuses a connection that was not accepted. `text` is human-readable. */
  readonly refuse: (item: T, text: string) => void;
}

/** Milliseconds between two checks of the waiting connections. */
const TICK_MS = 25;

/**
 * Accepts connections as fast as limits permit. Connections above a limit wait, in order per address; addresses take
 * turns. The number of waiting connections and their wait are bounded. Without waiting connections, the queue has no
 * timer.
 */
export class AdmissionQueue<T> {
  readonly #options: AdmissionQueueOptions<T>;
  readonly #queue: FairQueue<T>;
  readonly #watch: ClockWatch;
  /** Whether a limit for all addresses together has blocked a waiting connection. */
  #isBlocked = false;
  #isWatching = false;
  #timer: { readonly id: unknown } | undefined;

  constructor(options: AdmissionQueueOptions<T>) {
    this.#options = options;
    const { maxWaiting, maxWaitingPerAddress, clock } = options;
    this.#watch = ClockWatch.of(clock);
    this.#queue = new FairQueue({ maxItems: maxWaiting, maxItemsPerKey: maxWaitingPerAddress || maxWaiting });
  }

  /** Number of waiting connections. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Accepts a new connection, queues it, or refuses it. @param place as `clientPrefix()` returns it */
  arrive(item: T, place: string | undefined): void {
    const nowMs = this.#options.clock.now();
    const key = keyOf(place);
    // If a connection of an address waits, or if a limit of all addresses blocks, the next connection waits too.
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

  /** Removes a connection that has closed while it waited. Does nothing for others. */
  forget(item: T): void {
    this.#queue.remove(item);
  }

  /** Removes all waiting connections. @returns them; they are neither accepted nor refused */
  clear(): readonly T[] {
    this.#stop();
    return this.#queue.clear();
  }

  /** Accepts the connections that limits permit now, and refuses those that have waited too long. */
  look(): void {
    this.#cancel();
    const nowMs = this.#options.clock.now();
    const mayJudge = this.#mayJudge();
    this.#isBlocked = false;
    // Each key has one turn per round. Keys whose connection was accepted take part in the next round.
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

  /** Accepts the first item of a key if possible. @returns the next item of the key if so */
  #advance(head: Waiting<T>, nowMs: number, mayJudge: boolean): Waiting<T> | undefined {
    if (!this.#queue.has(head.item)) return undefined; // it has closed during this tick
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
    return following; // the next one can be late too
  }

  #blockOf(place: string | undefined, nowMs: number, mayRelieve: boolean): Block | undefined {
    for (const gate of this.#options.gates) {
      const block = gate.check(place, nowMs);
      if (block === undefined) continue;
      // One connection is replaced by another. The gate can still exceed its limit.
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

  /** After a stall of the process, peers have a grace period, because their input may be unread. */
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

/** Connections from this computer, which has no place. */
const LOCAL = '';

function keyOf(place: string | undefined): string {
  return place ?? LOCAL;
}
