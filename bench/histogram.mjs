// @ts-check

const STEP = Math.log(1.01);

/** Durations in buckets 1 % wide: a percentile is right to 1 % and a record costs no memory. */
export class Histogram {
  /** 0.1 µs to about 100 s. */
  #buckets = new Float64Array(Math.ceil(Math.log(1e9) / STEP) + 1);
  #count = 0;
  /** The longest of all, exactly. @type {number} */
  max = NaN;

  get count() {
    return this.#count;
  }

  /** @param {number} microseconds */
  record(microseconds) {
    const bucket = Math.round(Math.log(Math.max(microseconds, 0.1) * 10) / STEP);
    this.#buckets[Math.min(bucket, this.#buckets.length - 1)]++;
    this.#count++;
    if (!(microseconds <= this.max)) this.max = microseconds;
  }

  /**
   * The duration that the given share of all stays within.
   *
   * @param {number} share 0..1
   * @returns {number} microseconds; NaN when nothing was recorded
   */
  percentile(share) {
    let left = Math.max(1, Math.ceil(this.#count * share));
    for (let i = 0; i < this.#buckets.length; i++) {
      left -= this.#buckets[i];
      if (left <= 0) return Math.exp(i * STEP) / 10;
    }
    return NaN;
  }
}
