import type { Clock } from '../../util/clock.js';

/** Token bucket: `perSecond` sustained, with the same burst. */
export class Allowance {
  readonly #perSecond: number;
  readonly #clock: Clock;
  #left: number;
  #filledAtMs: number;

  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#left = perSecond;
    this.#filledAtMs = clock.now();
  }

  /** Takes one token if one is left. */
  take(): boolean {
    const now = this.#clock.now();
    this.#left = Math.min(this.#perSecond, this.#left + ((now - this.#filledAtMs) * this.#perSecond) / 1_000);
    this.#filledAtMs = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
