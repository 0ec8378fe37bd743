// @ts-check
import { build } from 'hdr-histogram-js';

/** Of a bucket's width to its value: 0.1 %. */
const SIGNIFICANT_DIGITS = 3;
/** 200 s; a longer duration counts as this one. */
const HIGHEST_NANOSECONDS = 200e9;

/** Durations of any number in constant memory. A percentile is right to 0.1 %, and to a nanosecond. */
export class Histogram {
  #nanoseconds = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_NANOSECONDS,
    numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
    bitBucketSize: 32,
  });
  /** The longest duration, exactly: microseconds, NaN if nothing was recorded. @type {number} */
  max = NaN;

  get count() {
    return this.#nanoseconds.totalCount;
  }

  /** @param {number} microseconds below 0 counts as 0 */
  record(microseconds) {
    this.#nanoseconds.recordValue(Math.min(Math.max(Math.round(microseconds * 1000), 0), HIGHEST_NANOSECONDS));
    if (!(microseconds <= this.max)) this.max = microseconds;
  }

  /**
   * Returns the duration that the given share of all stays within, by the nearest rank.
   *
   * @param {number} share 0..1
   * @returns {number} microseconds; NaN if nothing was recorded
   */
  percentile(share) {
    return this.count === 0 ? NaN : this.#nanoseconds.getValueAtPercentile(share * 100) / 1000;
  }
}
