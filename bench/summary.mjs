// @ts-check
import { elementAt } from './element-at.mjs';

/**
 * @typedef {import('./run.mjs').Figure} Figure
 *
 * @typedef {object} Row a metric of a case for one target, over all repeats
 * @property {string} case
 * @property {string} target
 * @property {string} metric
 * @property {string | undefined} [load] in a case that has any
 * @property {Figure['unit']} unit
 * @property {string | undefined} [expected] required value
 * @property {number[]} values in the order of the repeats
 * @property {number} median
 * @property {number} min
 * @property {number} max
 * @property {number | undefined} deliveredRatio median
 * @property {number | undefined} perCpuSecond median
 * @property {number | undefined} advantage factor by which clasp-router was better: median over the repeats, each
 *   compared with the adjacent run of the target
 * @property {number | undefined} cpuAdvantage the same by deliveries per CPU second
 * @property {string | undefined} [against] load to compare with
 * @property {number} [timesAgainst] factor to that load: median over the repeats, each compared with the adjacent run
 * @property {number} [cpuTimesAgainst] the same by deliveries per CPU second
 */

const OURS = 'clasp-router';
const LESS_IS_BETTER = new Set(['µs', 'B', '%']);

/**
 * @param {string} caseName
 * @param {ReadonlyMap<string, readonly (Figure[] | undefined)[]>} runs by target, one entry per repeat; undefined
 *   if it failed
 * @returns {Row[]}
 */
export function summarise(caseName, runs) {
  const metrics = new Set([...runs.values()].flat().flatMap((figures) => figures?.map(({ metric }) => metric) ?? []));
  const rows = [];
  for (const metric of metrics) {
    /** @param {string} target */
    const perRepeat = (target) =>
      (runs.get(target) ?? []).map((figures) => figures?.find((figure) => figure.metric === metric));
    const ours = perRepeat(OURS);
    for (const target of runs.keys()) {
      const theirs = perRepeat(target);
      const figures = theirs.filter((figure) => figure !== undefined);
      if (figures.length === 0) continue;
      const values = figures.map(({ value }) => value);
      const compare = target !== OURS;
      rows.push({
        case: caseName,
        target,
        metric,
        unit: elementAt(figures, 0).unit,
        values,
        median: /** @type {number} */ (median(values)),
        min: Math.min(...values),
        max: Math.max(...values),
        deliveredRatio: median(figures.map(({ deliveredRatio }) => deliveredRatio)),
        perCpuSecond: median(figures.map(({ perCpuSecond }) => perCpuSecond)),
        advantage: compare ? median(theirs.map((figure, i) => advantage(ours[i], figure))) : undefined,
        cpuAdvantage: compare
          ? median(theirs.map((figure, i) => quotient(ours[i]?.perCpuSecond, figure?.perCpuSecond)))
          : undefined,
      });
    }
  }
  return rows;
}

/**
 * The same for a case of several loads, in their order. The result is the cost of one load compared with another, not
 * which target is better.
 *
 * @param {import('./state/cases.mjs').StateCase} benchCase
 * @param {readonly import('./main.mjs').Entry[]} entries
 * @returns {Row[]}
 */
export function summariseLoads(benchCase, entries) {
  /** @type {(target: string, name: string | undefined) => readonly (Figure[] | undefined)[]} */
  const runsOf = (target, name) => entries.find((entry) => entry.target === target && entry.load === name)?.runs ?? [];
  return entries.flatMap(({ target, load, runs }) => {
    const against = benchCase.loads.find(({ name }) => name === load)?.against;
    const beside = against === undefined ? [] : runsOf(target, against);
    const metrics = new Set(runs.flatMap((figures) => figures?.map(({ metric }) => metric) ?? []));
    return [...metrics].map((metric) => {
      const mine = runs.map((figures) => figureOf(figures, metric));
      const figures = mine.filter((figure) => figure !== undefined);
      const values = figures.map(({ value }) => value);
      const { unit, expected, isGiven } = elementAt(figures, 0);
      const ours = target === OURS ? [] : runsOf(OURS, load).map((run) => figureOf(run, metric));
      const timesAgainst =
        expected === undefined && isGiven === undefined
          ? median(mine.map((figure, i) => quotient(figure?.value, figureOf(beside[i], metric)?.value)))
          : undefined;
      const cpuTimesAgainst = median(
        mine.map((figure, i) => quotient(figure?.perCpuSecond, figureOf(beside[i], metric)?.perCpuSecond)),
      );
      return {
        case: benchCase.name,
        target,
        load,
        metric,
        unit,
        expected,
        values,
        median: /** @type {number} */ (median(values)),
        min: Math.min(...values),
        max: Math.max(...values),
        deliveredRatio: median(figures.map(({ deliveredRatio }) => deliveredRatio)),
        perCpuSecond: median(figures.map(({ perCpuSecond }) => perCpuSecond)),
        advantage:
          expected === undefined && isGiven === undefined
            ? median(mine.map((figure, i) => advantage(ours[i], figure)))
            : undefined,
        cpuAdvantage: median(mine.map((figure, i) => quotient(ours[i]?.perCpuSecond, figure?.perCpuSecond))),
        ...(timesAgainst === undefined ? {} : { against, timesAgainst }),
        ...(cpuTimesAgainst === undefined ? {} : { cpuTimesAgainst }),
      };
    });
  });
}

/**
 * @param {readonly Figure[] | undefined} figures
 * @param {string} metric
 */
function figureOf(figures, metric) {
  return figures?.find((figure) => figure.metric === metric);
}

/**
 * @param {Figure | undefined} ours
 * @param {Figure | undefined} theirs
 */
function advantage(ours, theirs) {
  return ours !== undefined && LESS_IS_BETTER.has(ours.unit)
    ? quotient(theirs?.value, ours.value)
    : quotient(ours?.value, theirs?.value);
}

/**
 * @param {number | undefined} a
 * @param {number | undefined} b
 */
function quotient(a, b) {
  return a === undefined || b === undefined || b === 0 ? undefined : a / b;
}

/** @param {readonly (number | undefined)[]} numbers */
export function median(numbers) {
  const sorted = numbers.filter((n) => n !== undefined).sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? sorted[Math.floor(middle)]
    : sorted.length === 0
      ? undefined
      : (elementAt(sorted, middle - 1) + elementAt(sorted, middle)) / 2;
}
