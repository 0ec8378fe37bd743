/**
 * How other times stand to the router's monotonic clock, as of the last reading of it (docs/clocks.md). The core counts on
 * the monotonic clock and converts where times leave or enter it. `ClockWatch` is one.
 */
export interface ClockOffsets {
  /** Microseconds to add for the protocol's time: of WELCOME, SYNC, timestamps. Never decreases. */
  readonly protocolAheadMicros: number;
  /** Microseconds to add for calendar time, by which tokens are judged. */
  readonly wallAheadMicros: number;
  /** Deadlines of peers that passed since then must not be judged yet, in monotonic milliseconds; Infinity: all can be. */
  readonly unjudgedSinceMs: number;
}

/** One time for all, as on a simulated clock. */
export const noOffsets: ClockOffsets = { protocolAheadMicros: 0, wallAheadMicros: 0, unjudgedSinceMs: Infinity };
