import type { DueWork } from './due-work.js';
import type { InternalErrors } from '../internal-errors.js';
import type { Slice } from './slice.js';

/** Pause after an internal error in microseconds. The work stays due and must not keep the event loop busy. */
const REST_MICROS = 1_000_000;

/** Due work whose internal errors affect neither the turn nor other kinds of work. It is retried after 1 s. */
export class GuardedWork implements DueWork {
  readonly #work: DueWork;
  readonly #name: string;
  readonly #errors: InternalErrors;
  #restUntilMicros = -Infinity;

  /** @param name for the log */
  constructor(name: string, work: DueWork, errors: InternalErrors) {
    this.#name = name;
    this.#work = work;
    this.#errors = errors;
  }

  get dueMicros(): number {
    return Math.max(this.#work.dueMicros, this.#restUntilMicros);
  }

  runDue(nowMicros: number, slice: Slice): void {
    try {
      this.#work.runDue(nowMicros, slice);
    } catch (error) {
      this.#restUntilMicros = nowMicros + REST_MICROS;
      this.#errors.add(error, this.#name);
    }
  }
}
