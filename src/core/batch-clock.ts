import type { ClockOffsets } from './clock-offsets.js';
import type { InputTap } from './input-tap.js';

/** The time of the core, read once per batch: reading a clock per message would cost as much as routing it. */
export class BatchClock {
  /** Offsets of other times from the router's monotonic clock. */
  readonly offsets: ClockOffsets;
  /** Present while the inputs are recorded. */
  tap: InputTap | undefined;
  /** The time of this batch, monotonic. */
  nowMicros = 0;
  readonly #readMicros: () => number;

  constructor(readMicros: () => number, offsets: ClockOffsets) {
    this.#readMicros = readMicros;
    this.offsets = offsets;
  }

  /** Reads the clock, which updates the offsets. */
  readonly read = (): number => {
    const now = this.#readMicros();
    this.tap?.time(now, this.offsets);
    return now;
  };

  /** The protocol's time of this batch, in microseconds. */
  get protocolMicros(): number {
    return this.nowMicros + this.offsets.protocolAheadMicros;
  }
}
