// @ts-check
import { elementAt } from './element-at.mjs';

/** @typedef {import('./summary.mjs').Row} Row */

/** An empty cell. */
export const NONE = '–';

/**
 * Returns the figures as a Markdown table that is readable in a terminal, with a line per metric of a target.
 *
 * @param {readonly Row[]} rows
 * @param {readonly Row[] | undefined} baseline rows of an earlier run
 */
export function table(rows, baseline) {
  const columns = [
    ...[
      { title: 'case', isText: true },
      { title: 'figure', isText: true },
      { title: 'target', isText: true },
    ],
    ...[
      'median',
      'min..max',
      'delivered/sent',
      'must be',
      'server busy',
      'per CPU s',
      'ours ×',
      'ours × per CPU s',
    ].map((title) => ({ title, isText: false })),
    { title: 'beside', isText: true },
    ...(baseline === undefined ? [] : [{ title: 'against baseline', isText: false }]),
  ];
  const cells = rows.map((row) => [
    row.case,
    [row.load, row.metric].filter((part) => part !== undefined && part !== '').join(': '),
    row.target,
    quantity(row.median, row.unit),
    `${quantity(row.min, row.unit)}..${quantity(row.max, row.unit)}`,
    row.deliveredRatio === undefined ? NONE : ratio(row.deliveredRatio),
    row.expected ?? NONE,
    busy(row),
    row.perCpuSecond === undefined ? NONE : quantity(row.perCpuSecond, ''),
    row.advantage === undefined ? NONE : row.advantage.toFixed(2),
    row.cpuAdvantage === undefined ? NONE : row.cpuAdvantage.toFixed(2),
    besideText(row),
    ...(baseline === undefined ? [] : [change(row, baseline)]),
  ]);
  return markdown(columns, cells);
}

/**
 * Returns a Markdown table.
 *
 * @param {readonly { title: string, isText: boolean }[]} columns texts are left-aligned
 * @param {readonly (readonly string[])[]} cells
 * @param {{ isPadded?: boolean }} [options] whether columns are aligned in the source, as a terminal needs it
 */
export function markdown(columns, cells, { isPadded = true } = {}) {
  const widths = columns.map(({ title }, i) =>
    isPadded ? Math.max(title.length, ...cells.map((row) => elementAt(row, i).length)) : 4,
  );
  const line = (/** @type {readonly string[]} */ row) =>
    `| ${row.map((cell, i) => (!isPadded ? cell : elementAt(columns, i).isText ? cell.padEnd(elementAt(widths, i)) : cell.padStart(elementAt(widths, i)))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (elementAt(columns, i).isText ? '-'.repeat(isPadded ? width : 3) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(columns.map(({ title }) => title)), rule, ...cells.map(line)].join('\n');
}

/**
 * Formats 1234567 as `1.23 M`.
 *
 * @param {number} value
 * @param {string} unit
 */
export function quantity(value, unit) {
  if (unit === '' && Number.isInteger(value) && value < 1e6) return String(value);
  const [scaled, prefix] =
    value >= 1e6 ? [value / 1e6, ' M'] : value >= 1e4 ? [value / 1e3, ' k'] : [value, unit === '/s' ? '' : ' '];
  if (unit === 'µs' && value >= 1e6) return `${(value / 1e6).toPrecision(3)} s`;
  if (unit === 'µs' && value >= 1e4) return `${(value / 1e3).toPrecision(3)} ms`;
  return `${scaled >= 100 ? scaled.toFixed(0) : scaled.toPrecision(3)}${prefix}${unit}`.trimEnd();
}

/** Returns the factor to another load. @param {Row} row */
export function besideText({ timesAgainst, cpuTimesAgainst, against }) {
  if (timesAgainst === undefined) return NONE;
  const byCpu = cpuTimesAgainst === undefined ? '' : ` (${quantity(cpuTimesAgainst, '×')} per CPU s)`;
  return `${quantity(timesAgainst, '×')} ${against}${byCpu}`;
}

/** Returns the share of the time in which the server's process was running. @param {Row} row */
export function busy({ unit, median, perCpuSecond }) {
  return unit === '/s' && perCpuSecond !== undefined ? `${((median / perCpuSecond) * 100).toFixed(0)} %` : NONE;
}

/** Formats a ratio, without rounding up to 1. @param {number} value */
export function ratio(value) {
  return value === 1
    ? '1'
    : value < 1
      ? (Math.floor(value * 1e4) / 1e4).toFixed(4)
      : (Math.ceil(value * 1e4) / 1e4).toFixed(4);
}

/**
 * Returns the change from the baseline. It counts only if the two spreads do not overlap.
 *
 * @param {Row} row
 * @param {readonly Row[]} baseline
 */
function change(row, baseline) {
  const before = baseline.find(
    (other) =>
      other.case === row.case && other.target === row.target && other.load === row.load && other.metric === row.metric,
  );
  if (before === undefined) return 'new';
  // a count is correct or wrong, and a wrong one is listed as such
  if (row.expected !== undefined && row.unit === '') return NONE;
  const percent = (row.median / before.median - 1) * 100;
  const text = `${percent < 0 ? '' : '+'}${percent.toFixed(1)} %`;
  if (row.values.length < 2 || before.values.length < 2) return `${text} (one run says nothing)`;
  if (row.min <= before.max && before.min <= row.max) return `${text} (within the spread)`;
  if (row.unit === '' || row.unit === '×') return text;
  const isBetter = row.unit === '/s' ? percent > 0 : percent < 0;
  return `${text} ${isBetter ? 'better' : 'worse'}`;
}
