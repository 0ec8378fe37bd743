export interface Point {
  readonly hours: number;
  readonly value: number;
}

export interface Trend {
  readonly mean: number;
  /** Slope of the line through the samples. */
  readonly perHour: number;
  /** The slope is in `perHour` ± this in 19 of 20 cases, if the samples scatter independently. */
  readonly uncertainty: number;
  /** Along the line, from the first to the last sample. */
  readonly growth: number;
  readonly growthUncertainty: number;
}

/** @throws Error for fewer than three points, or all of one time */
export function trendOf(points: readonly Point[]): Trend;

/** @param limit how much growth over the time of the samples is none */
export function verdictOf(
  trend: Pick<Trend, 'growth' | 'growthUncertainty'>,
  limit: number,
): 'growing' | 'steady' | 'unclear';
