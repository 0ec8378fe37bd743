// @ts-check

/** Maximum arrivals per second that are stored: twice the highest limit used here. */
const REMEMBERED = 64;
const SECOND = 1_000_000;

/**
 * Detects whether the rate exceeded a limit in any second, and not only on average. Arrivals that a pause of this
 * process or machine has pushed together are not an error of the sender. A pause is a gap before them, and excuses as
 * many arrivals as are usual in that time.
 */
export class RateWatch {
  /** Maximum in any second. */
  most = 0;
  /** Number of times that the limit and pauses do not explain the rate. */
  violations = 0;
  /** Total number. */
  count = 0;
  #limit;
  #times = new Float64Array(REMEMBERED);
  /** Number of arrivals within the last second. */
  #recent = 0;
  #first = 0;
  #last = 0;

  /** @param {number} limit per second; one more is allowed, for the first after a rest */
  constructor(limit) {
    this.#limit = limit;
  }

  /** Average per second over the whole time; NaN for fewer than two arrivals. */
  get perSecond() {
    return this.count < 2 ? NaN : ((this.count - 1) / (this.#last - this.#first)) * SECOND;
  }

  reset() {
    this.most = this.violations = this.count = this.#recent = 0;
  }

  /** @param {number} nowMicros */
  mark(nowMicros) {
    if (this.count === 0) this.#first = nowMicros;
    this.#last = nowMicros;
    this.#times[this.count++ % REMEMBERED] = nowMicros;
    this.#recent = Math.min(this.#recent + 1, REMEMBERED);
    while (this.#at(this.#recent - 1) <= nowMicros - SECOND) this.#recent--;
    if (this.#recent > this.most) this.most = this.#recent;
    if (this.#recent > this.#limit + 1 && this.#recent > this.#limit + 1 + this.#excused()) this.violations++;
  }

  /** Returns how many arrivals the longest gap in the last second, or before it, can have delayed. */
  #excused() {
    let longest = 0;
    const gaps = Math.min(this.#recent, this.count - 1, REMEMBERED - 1);
    for (let age = 0; age < gaps; age++) longest = Math.max(longest, this.#at(age) - this.#at(age + 1));
    return Math.ceil((longest / SECOND) * this.#limit) - 1;
  }

  /** Returns the time of an arrival; 0 is the latest. @param {number} age */
  #at(age) {
    // NaN, which is not a time, before the first arrival
    return this.#times[(this.count - 1 - age) % REMEMBERED] ?? NaN;
  }
}
