import { SimulatedClock } from 'xstate';
import type { Clock } from '../../src/util/clock.js';

/** Step of {@link SteadyClock} in milliseconds. */
const STEP_MS = 500;

/**
 * A simulated clock that advances in steps, like a running process. `SimulatedClock.increment` advances by the whole
 * time at once and runs the timers then, which a watch of the clock sees as a stall. {@link stall} does that.
 */
export class SteadyClock extends SimulatedClock {
  override increment(milliseconds: number): void {
    let left = milliseconds;
    for (; left > STEP_MS; left -= STEP_MS) super.increment(STEP_MS);
    super.increment(left);
  }

  /** The same with turns of the event loop: deadlines that pass are enforced. */
  async pass(milliseconds: number): Promise<void> {
    let left = milliseconds;
    for (; left > STEP_MS; left -= STEP_MS) {
      super.increment(STEP_MS);
      await inputRead();
    }
    super.increment(left);
    await inputRead();
  }

  /** Stalls the process: time advances, and no timer runs before the end. */
  stall(milliseconds: number): void {
    super.increment(milliseconds);
  }
}

/** A steady clock with a wall clock that can be set. */
export class WallClock extends SteadyClock implements Clock {
  /** Calendar time minus monotonic time, in milliseconds. */
  aheadMs = 0;

  wallNow(): number {
    return this.now() + this.aheadMs;
  }
}

/** Turns the event loop as often as a deadline waits for input, and once more. */
export async function inputRead(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
}
