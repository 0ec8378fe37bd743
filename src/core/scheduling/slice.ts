import type { StepCounter } from '../../protocol/step-counter.js';

/** Source of the total number of steps. */
export interface StepMeter {
  readonly steps: number;
}

/** Part of a turn of the event loop, in steps. Longer work stops between two pieces and continues in the next turn. */
export class Slice {
  readonly #work: StepCounter;
  readonly #meter: StepMeter;
  #lastStep = 0;

  /**
   * @param work receives the steps spent here
   * @param meter returns all steps, including those counted elsewhere
   */
  constructor(work: StepCounter, meter: StepMeter) {
    this.#work = work;
    this.#meter = meter;
  }

  begin(maxSteps: number): this {
    this.#lastStep = this.#meter.steps + maxSteps;
    return this;
  }

  /** Steps left; negative if the last piece exceeded them. */
  get left(): number {
    return this.#lastStep - this.#meter.steps;
  }

  get isOver(): boolean {
    return this.left <= 0;
  }

  /** Counts the steps of a piece that are not counted elsewhere. */
  spend(steps: number): void {
    this.#work.steps += steps;
  }
}
