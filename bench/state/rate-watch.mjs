// @ts-check

/** More arrivals than this within a second are not told apart: it is twice what any limit here allows. */
const REMEMBERED = 64;
const SECOND = 1_000_000;

/**
 * Sees whether something ever came more often than allowed in any second, and not only on average. Arrivals that a pause of
 * this process or of the machine has pushed together are no fault of the sender: a pause shows as a gap before them, and makes
 * up for as many as are usual in such a time.
 */
export class RateWatch {
  /** The most in any second. */
  most = 0;
  /** How often more came than limit and pauses explain. */
  violations = 0;
  /** Of all. */
  count = 0;
  #limit;
  #times = new Float64Array(REMEMBERED);
  /** How many of the latest arrivals are within the last second. */
  #recent = 0;
  #first = 0;
  #last = 0;

  /** @param {number} limit a second; one more is let pass, for the first after a rest */
  constructor(limit) {
    this.#limit = limit;
  }

  /** A second of the whole time, on average; NaN for fewer than two. */
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

  /** How many the longest gap among the last second's arrivals, and before the first of them, can have held up. */
  #excused() {
    let longest = 0;
    const gaps = Math.min(this.#recent, this.count - 1, REMEMBERED - 1);
    for (let age = 0; age < gaps; age++) longest = Math.max(longest, this.#at(age) - this.#at(age + 1));
    return Math.ceil((longest / SECOND) * this.#limit) - 1;
  }

  /** The time of an arrival, 0 being the latest. @param {number} age */
  #at(age) {
    return this.#times[(this.count - 1 - age) % REMEMBERED] ?? NaN; // NaN, which is no time, before the first arrival
  }
}
