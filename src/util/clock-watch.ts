import { type Clock, setBackgroundTimer } from './clock.js';

/** Interval between readings of a watched clock, in milliseconds. */
const BEAT_MS = 1_000;
/** A reading that is late by more than this shows a stall of the process, in milliseconds. */
const STALL_MS = 1_000;
/** A change of calendar time against monotonic time beyond this is a jump, in microseconds. */
const JUMP_MICROS = 1_000_000;
/** After a stall, peer deadlines are suspended for the length of the stall, within these bounds, in milliseconds. */
export const MIN_GRACE_MS = 5_000;
export const MAX_GRACE_MS = 30_000;

/**
 * Compares the times of one clock. Detects stalls of the process (SIGSTOP, a suspended virtual machine, a blocked event
 * loop) and jumps of the wall clock. Maintains the protocol's time, which follows a jump forward and never goes back.
 * While held, it reads the clock once per second with a timer that does not keep the process alive.
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
  /** Pending notifications: the forward jump, and the length of the longest stall. */
  #jumpMs = 0;
  #stallMs = 0;
  /** The protocol's time minus monotonic time; never decreases. */
  #protocolAheadMicros = 0;
  #stalledSinceMs = Infinity;
  #graceUntilMs = -Infinity;

  /** Returns the watch of a clock. All users of a clock share it and its protocol time. */
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
   * During the grace period after a stall: the start of the stall, in monotonic milliseconds. Peer deadlines that
   * passed since then must not be enforced yet. Infinity otherwise.
   */
  get unjudgedSinceMs(): number {
    return this.#lookedAtMs < this.#graceUntilMs ? this.#stalledSinceMs : Infinity;
  }

  /** Returns the remaining grace period in milliseconds, in which no peer deadline is enforced; 0 if none is needed. */
  graceLeftMs(): number {
    const nowMs = this.look(); // can start a grace period
    return Math.max(0, this.#graceUntilMs - nowMs);
  }

  /** Returns the protocol's time in milliseconds since the Unix epoch, read now. */
  protocolNow(): number {
    return this.protocolTimeOf(this.look());
  }

  /** Converts monotonic time to the protocol's time, both in milliseconds, as of the last {@link look}. */
  protocolTimeOf(monotonicMs: number): number {
    return monotonicMs + this.#protocolAheadMicros / 1_000;
  }

  /**
   * Reads the clock. Calls no listeners: the timer calls them.
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
   * Starts to watch the clock. Stalls are detected only while it is watched.
   *
   * @returns stops watching; must be called once
   */
  hold(): () => void {
    this.acquire();
    return () => {
      this.release();
    };
  }

  /** {@link hold} without a closure, for objects that exist once per connection. */
  acquire(): void {
    if (this.#holders++ > 0) return;
    // The time before is unknown, and waits that begin now do not include it.
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
   * Calls a listener within 1 s of each jump of the wall clock by more than 1 s.
   *
   * @param listener receives the milliseconds of the jump; negative if the clock was set back
   * @returns removes the listener; must be called once
   */
  onJump(listener: (forwardMs: number) => void): () => void {
    return this.#listen(this.#jumpListeners, (forwardMs) => {
      listener(forwardMs);
    });
  }

  /**
   * Calls a listener within 1 s of the end of each stall.
   *
   * @param listener receives the length of the stall and the remaining grace period, in milliseconds
   * @returns removes the listener; must be called once
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
    // A suspended computer: on most systems monotonic time excludes the suspension, and calendar time includes it.
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
