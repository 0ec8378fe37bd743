import type { Statistics } from './statistics.js';

/** What the core counts itself; the rest of {@link Statistics} is known to its parts. */
export class Tally {
  messages = 0;
  rateLimited = 0;
  malformed = 0;
  /** Of sessions that have left. */
  conflated = 0;
  #bundles = 0;
  #lastErrorMicros = 0;
  #worstErrorMicros = 0;

  get schedule(): Statistics['schedule'] {
    return {
      bundles: this.#bundles,
      lastErrorMicros: this.#lastErrorMicros,
      worstErrorMicros: this.#worstErrorMicros,
    };
  }

  bundleRan(lateMicros: number): void {
    this.#bundles++;
    this.#lastErrorMicros = lateMicros;
    this.#worstErrorMicros = Math.max(this.#worstErrorMicros, lateMicros);
  }
}
