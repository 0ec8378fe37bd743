import type { StepCounter } from '../../protocol/step-counter.js';

/** What tells how many steps were taken. */
export interface StepMeter {
  readonly steps: number;
}

/** A part of a turn of the event loop, in steps: work that is longer ends between two pieces and goes on in the next turn. */
export class Slice {
  readonly #work: StepCounter;
  readonly #meter: StepMeter;
  #lastStep = 0;

  /**
   * @param work counts what is spent here
   * @param meter tells all steps, those that are counted elsewhere included
   */
  constructor(work: StepCounter, meter: StepMeter) {
    this.#work = work;
    this.#meter = meter;
  }

  begin(maxSteps: number): this {
    this.#lastStep = this.#meter.steps + maxSteps;
    return this;
  }

  /** Steps that are left; negative where the last piece took more. */
  get left(): number {
    return this.#lastStep - this.#meter.steps;
  }

  get isOver(): boolean {
    return this.left <= 0;
  }

  /** Counts the steps of a piece, as far as they are not counted elsewhere. */
  spend(steps: number): void {
    this.#work.steps += steps;
  }
}
