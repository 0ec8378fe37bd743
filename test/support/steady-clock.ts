import { SimulatedClock } from 'xstate';
import type { Clock } from '../../src/util/clock.js';

/** How far {@link SteadyClock} goes at once, in milliseconds. */
const STEP_MS = 500;

/**
 * A simulated clock that passes time in steps, as a process that runs does. `SimulatedClock.increment` moves by the whole
 * time at once and runs the timers then: to whoever watches the clock the process stood still. {@link stall} does that.
 */
export class SteadyClock extends SimulatedClock {
  override increment(milliseconds: number): void {
    let left = milliseconds;
    for (; left > STEP_MS; left -= STEP_MS) super.increment(STEP_MS);
    super.increment(left);
  }

  /** The same, while the event loop turns: deadlines that pass on the way judge their peers. */
  async pass(milliseconds: number): Promise<void> {
    let left = milliseconds;
    for (; left > STEP_MS; left -= STEP_MS) {
      super.increment(STEP_MS);
      await inputRead();
    }
    super.increment(left);
    await inputRead();
  }

  /** The process stands still: time passes, and no timer runs before it is over. */
  stall(milliseconds: number): void {
    super.increment(milliseconds);
  }
}

/** A steady clock with a wall clock beside it, which can be set. */
export class WallClock extends SteadyClock implements Clock {
  /** Calendar time minus monotonic time, in milliseconds. */
  aheadMs = 0;

  wallNow(): number {
    return this.now() + this.aheadMs;
  }
}

/** Lets the event loop turn as often as a deadline waits for input, and once more. */
export async function inputRead(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
}
