// @ts-check
import { elementAt } from '../element-at.mjs';
import { bundleOfEvents } from '../wire/clasp-frames.mjs';

const LEAST_AHEAD_MICROS = 200_000;
const MOST_AHEAD_MICROS = 500_000;
/** One of this many bundles has the same time as its predecessor. */
const TWIN = 4;
const ADDRESSES = ['/bench/cue/0', '/bench/cue/1'];

/** Messages of each bundle. */
export const PARTS = ADDRESSES.length;

/**
 * The sent bundles: two events each, with the number of the bundle as their value. Their times are spread over the
 * range by a step that reaches each point once, so that they run in another order than they are sent.
 */
export class BundleSchedule {
  /** When each is due by the router's clock, or when it was sent if it is not scheduled. @type {number[]} */
  times = [];
  #isScheduled;

  /** @param {boolean} isScheduled */
  constructor(isScheduled) {
    this.#isScheduled = isScheduled;
  }

  /** Returns the next one as a frame. @param {number} nowMicros by the router's clock */
  next(nowMicros) {
    const number = this.times.length;
    const events = ADDRESSES.map((address) => ({ address, value: number }));
    if (!this.#isScheduled) {
      this.times.push(nowMicros);
      return bundleOfEvents(events);
    }
    const ahead = LEAST_AHEAD_MICROS + ((number * 61_803_399) % (MOST_AHEAD_MICROS - LEAST_AHEAD_MICROS));
    const atMicros = number % TWIN === TWIN - 1 ? elementAt(this.times, number - 1) : Math.floor(nowMicros + ahead);
    this.times.push(atMicros);
    return bundleOfEvents(events, atMicros);
  }
}

/**
 * Compares the arrivals with the schedule.
 *
 * @param {readonly number[]} times of the bundles, by number
 * @param {{ numbers: readonly number[], times: readonly number[] }} arrivals of each message, in their order
 * @param {number} errorMicros error of the clock that timed the arrivals
 */
export function judge(times, arrivals, errorMicros) {
  const lateness = arrivals.numbers
    .map((number, i) => elementAt(arrivals.times, i) - elementAt(times, number))
    .sort((a, b) => a - b);
  const heard = new Array(times.length).fill(0);
  let outOfOrder = 0;
  let tornApart = 0;
  for (const [i, number] of arrivals.numbers.entries()) {
    heard[number]++;
    const before = arrivals.numbers[i - 1];
    if (i % PARTS !== 0) tornApart += Number(number !== before);
    else if (before !== undefined && isBefore(times, number, before)) outOfOrder++;
  }
  const at = (/** @type {number} */ share) => lateness[Math.max(0, Math.ceil(lateness.length * share) - 1)] ?? NaN;
  return {
    p50: at(0.5),
    p99: at(0.99),
    max: at(1),
    early: lateness.filter((micros) => micros < -errorMicros).length,
    lost: heard.filter((count) => count < PARTS).length,
    twice: heard.filter((count) => count > PARTS).length,
    outOfOrder,
    tornApart,
  };
}

/**
 * Returns whether a bundle must run before another: by time, or for equal times by the order of sending.
 *
 * @param {readonly number[]} times
 * @param {number} one
 * @param {number} other
 */
function isBefore(times, one, other) {
  const [oneMicros, otherMicros] = [elementAt(times, one), elementAt(times, other)];
  return oneMicros < otherMicros || (oneMicros === otherMicros && one < other);
}
