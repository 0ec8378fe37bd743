import { type Clock, setBackgroundTimer } from './clock.js';

/** How often a watched clock is read, in milliseconds. */
const BEAT_MS = 1_000;
/** A reading that is late by more than this shows that the process stood still, in milliseconds. */
const STALL_MS = 1_000;
/** A change of calendar time against monotonic time beyond this is a jump, in microseconds. */
const JUMP_MICROS = 1_000_000;
/** After a stall no peer is judged for as long as the stall lasted, within these bounds, in milliseconds. */
export const MIN_GRACE_MS = 5_000;
export const MAX_GRACE_MS = 30_000;

/**
 * Compares the times of one clock. Detects that the process stood still (SIGSTOP, a suspended virtual machine, a blocked
 * event loop) and that the wall clock jumped. Keeps the protocol's time, which follows a jump forward and never goes back.
 * While it is held it reads the clock once per second with a timer that does not keep the process alive.
 */
export class ClockWatch {
  readonly #clock: Clock;
  readonly #jumpListeners = new Set<(forwardMs: number) => void>();
  readonly #stallListeners = new Set<(lengthMs: number, graceMs: number) => void>();
  #holders = 0;
  #timer: unknown;
  /** The last reading. */
  #lookedAtMs: number;
  /** Calendar time minus monotonic time: at the last reading, and at the last jump. */
  #wallAheadMicros = 0;
  #jumpedToMicros: number;
  /** What the listeners are still to be told: how far forward it jumped, and how long the longest stall was. */
  #jumpMs = 0;
  #stallMs = 0;
  /** The protocol's time minus monotonic time; never decreases. */
  #protocolAheadMicros = 0;
  #stalledSinceMs = Infinity;
  #graceUntilMs = -Infinity;

  /** Returns the one watch of a clock: everything that shares a clock shares its protocol time. */
  static of(clock: Clock): ClockWatch {
    let watch = watches.get(clock);
    if (watch === undefined) watches.set(clock, (watch = new ClockWatch(clock)));
    return watch;
  }

  private constructor(clock: Clock) {
    this.#clock = clock;
    this.#lookedAtMs = clock.now();
    this.#readWall(this.#lookedAtMs);
    this.#jumpedToMicros = this.#wallAheadMicros;
  }

  /** Whole microseconds to add to monotonic time for the protocol's time, as of the last {@link look}. */
  get protocolAheadMicros(): number {
    return this.#protocolAheadMicros;
  }

  /** Whole microseconds to add to monotonic time for calendar time, as of the last {@link look}. */
  get wallAheadMicros(): number {
    return this.#wallAheadMicros;
  }

  /**
   * While the grace period after a stall lasts: when the stall began, in monotonic milliseconds. A peer's deadline that
   * passed since then must not be judged yet. Infinity otherwise.
   */
  get unjudgedSinceMs(): number {
    return this.#lookedAtMs < this.#graceUntilMs ? this.#stalledSinceMs : Infinity;
  }

  /** Returns how long no peer may be judged from now on, in milliseconds; 0 when none of them needs a grace period. */
  graceLeftMs(): number {
    const nowMs = this.look(); // may begin a grace period
    return Math.max(0, this.#graceUntilMs - nowMs);
  }

  /** The protocol's time in milliseconds since the Unix epoch, read now. */
  protocolNow(): number {
    return this.protocolTimeOf(this.look());
  }

  /** The protocol's time of a monotonic time, both in milliseconds, as of the last {@link look}. */
  protocolTimeOf(monotonicMs: number): number {
    return monotonicMs + this.#protocolAheadMicros / 1_000;
  }

  /**
   * Reads the clock. Calls no listener: those are called by the timer.
   *
   * @returns monotonic milliseconds
   */
  look(): number {
    const nowMs = this.#clock.now();
    const silentMs = nowMs - this.#lookedAtMs;
    if (this.#holders > 0 && silentMs > BEAT_MS + STALL_MS) this.#noteStall(this.#lookedAtMs, nowMs, silentMs);
    this.#readWall(nowMs);
    if (Math.abs(this.#wallAheadMicros - this.#jumpedToMicros) > JUMP_MICROS) this.#noteJump(nowMs);
    this.#lookedAtMs = nowMs;
    return nowMs;
  }

  /**
   * Watches the clock from now on. A stall is only seen while somebody watches.
   *
   * @returns stops watching; must be called once
   */
  hold(): () => void {
    this.acquire();
    return () => {
      this.release();
    };
  }

  /** {@link hold} without a closure, for what exists once per connection. */
  acquire(): void {
    if (this.#holders++ > 0) return;
    // Nothing is known of the time before, and what begins to wait now has not waited in it.
    this.#lookedAtMs = this.#clock.now();
    this.#readWall(this.#lookedAtMs);
    this.#jumpedToMicros = this.#wallAheadMicros;
    this.#jumpMs = this.#stallMs = 0;
    this.#planBeat();
  }

  release(): void {
    if (--this.#holders > 0) return;
    this.#clock.clearTimeout(this.#timer);
  }

  /**
   * Calls a listener within a second of each jump of the wall clock by more than a second.
   *
   * @param listener gets the milliseconds by which it jumped forward; less than 0 where it was set back
   * @returns stops that; must be called once
   */
  onJump(listener: (forwardMs: number) => void): () => void {
    return this.#listen(this.#jumpListeners, (forwardMs) => {
      listener(forwardMs);
    });
  }

  /**
   * Calls a listener within a second of the end of each stall.
   *
   * @param listener gets its length and what is left of the grace period, in milliseconds
   * @returns stops that; must be called once
   */
  onStall(listener: (lengthMs: number, graceMs: number) => void): () => void {
    return this.#listen(this.#stallListeners, (lengthMs, graceMs) => {
      listener(lengthMs, graceMs);
    });
  }

  #listen<L>(listeners: Set<L>, listener: L): () => void {
    listeners.add(listener);
    this.acquire();
    return () => {
      listeners.delete(listener);
      this.release();
    };
  }

  #planBeat(): void {
    this.#timer = setBackgroundTimer(this.#clock, this.#beat, BEAT_MS);
  }

  readonly #beat = (): void => {
    this.#planBeat();
    this.look();
    const [jumpMs, stallMs] = [this.#jumpMs, this.#stallMs];
    this.#jumpMs = this.#stallMs = 0;
    if (stallMs > 0) for (const listener of [...this.#stallListeners]) listener(stallMs, this.graceLeftMs());
    if (jumpMs !== 0) for (const listener of [...this.#jumpListeners]) listener(jumpMs);
  };

  #readWall(nowMs: number): void {
    if (this.#clock.wallNow === undefined) return;
    const aheadMicros = Math.round((this.#clock.wallNow() - nowMs) * 1_000);
    this.#wallAheadMicros = aheadMicros;
    if (aheadMicros > this.#protocolAheadMicros + JUMP_MICROS) this.#protocolAheadMicros = aheadMicros;
  }

  #noteJump(nowMs: number): void {
    const forwardMs = (this.#wallAheadMicros - this.#jumpedToMicros) / 1_000;
    this.#jumpedToMicros = this.#wallAheadMicros;
    this.#jumpMs += forwardMs;
    // A suspended computer: on most systems monotonic time does not count the sleep, and calendar time does.
    if (forwardMs > 0 && this.#holders > 0) this.#noteStall(this.#lookedAtMs, nowMs, forwardMs);
  }

  #noteStall(sinceMs: number, nowMs: number, lengthMs: number): void {
    if (nowMs >= this.#graceUntilMs) this.#stalledSinceMs = sinceMs;
    this.#stallMs = Math.max(this.#stallMs, lengthMs);
    const graceMs = Math.min(Math.max(lengthMs, MIN_GRACE_MS), MAX_GRACE_MS);
    this.#graceUntilMs = Math.max(this.#graceUntilMs, nowMs + graceMs);
  }
}

const watches = new WeakMap<Clock, ClockWatch>();
