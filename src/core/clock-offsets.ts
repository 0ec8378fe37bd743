/**
 * Offsets of other times from the router's monotonic clock, as of the last clock reading (docs/explanation/clocks.md). The core
 * calculates with the monotonic clock and converts where times enter or leave it. `ClockWatch` implements this
 * interface.
 */
export interface ClockOffsets {
  /** Microseconds to add for the protocol's time, used in WELCOME, SYNC and timestamps. Never decreases. */
  readonly protocolAheadMicros: number;
  /** Microseconds to add for calendar time, which decides whether a token is valid. */
  readonly wallAheadMicros: number;
  /**
   * Monotonic milliseconds. Peer deadlines that passed since this time must not be enforced yet. Infinity: all can be.
   */
  readonly unjudgedSinceMs: number;
}

/** All times are equal, as on a simulated clock. */
export const noOffsets: ClockOffsets = { protocolAheadMicros: 0, wallAheadMicros: 0, unjudgedSinceMs: Infinity };
