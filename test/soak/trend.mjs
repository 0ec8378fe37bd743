// @ts-check
// Detects growth: a linear regression over the samples, with the confidence interval of its slope.

/**
 * @typedef {{ readonly hours: number, readonly value: number }} Point
 *
 * @typedef {object} Trend
 * @property {number} mean
 * @property {number} perHour slope of the line
 * @property {number} uncertainty of the slope: it is within `perHour` ± this in 19 of 20 cases, if the samples
 * scatter independently
 * @property {number} growth along the line from the first to the last sample
 * @property {number} growthUncertainty
 */

/** Two-sided 95 % quantiles of Student's t, from 1 degree of freedom. */
const T_95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

/**
 * @param {readonly Point[]} points three or more, not all of the same time
 * @returns {Trend}
 */
export function trendOf(points) {
  const count = points.length;
  const mean = sum(points, ({ value }) => value) / count;
  const middle = sum(points, ({ hours }) => hours) / count;
  const spread = sum(points, ({ hours }) => (hours - middle) ** 2);
  if (count < 3 || spread === 0) throw new Error('a trend needs three samples or more, of different times');
  const perHour = sum(points, ({ hours, value }) => (hours - middle) * (value - mean)) / spread;
  const residual = sum(points, ({ hours, value }) => (value - mean - perHour * (hours - middle)) ** 2);
  const uncertainty = t95(count - 2) * Math.sqrt(residual / (count - 2) / spread);
  const times = points.map(({ hours }) => hours);
  const span = Math.max(...times) - Math.min(...times);
  return { mean, perHour, uncertainty, growth: perHour * span, growthUncertainty: uncertainty * span };
}

/**
 * - `growing`: more than the limit, and significantly more than 0
 * - `steady`: significantly less than the limit
 * - `unclear`: the samples scatter too much, or are too few
 *
 * @param {Pick<Trend, 'growth' | 'growthUncertainty'>} trend
 * @param {number} limit tolerated growth over the time of the samples
 * @returns {'growing' | 'steady' | 'unclear'}
 */
export function verdictOf({ growth, growthUncertainty }, limit) {
  if (growth > limit && growth - growthUncertainty > 0) return 'growing';
  return growth + growthUncertainty <= limit ? 'steady' : 'unclear';
}

/** @param {number} degrees */
function t95(degrees) {
  return T_95[degrees - 1] ?? 1.96 + 2.5 / degrees;
}

/** @param {readonly Point[]} points @param {(point: Point) => number} of */
function sum(points, of) {
  return points.reduce((all, point) => all + of(point), 0);
}
