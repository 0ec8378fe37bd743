// @ts-check

/** @typedef {import('./summary.mjs').Row} Row */

const NONE = '–';

/**
 * The figures as a Markdown table that also reads well in a terminal.
 *
 * @param {readonly Row[]} rows
 * @param {readonly Row[] | undefined} baseline rows of an earlier run
 */
export function table(rows, baseline) {
  const header = [
    'case',
    'target',
    'median',
    'min..max',
    'delivered/sent',
    'server busy',
    'per CPU s',
    'ours ×',
    'ours × per CPU s',
  ];
  if (baseline !== undefined) header.push('against baseline');
  const cells = rows.map((row) => [
    row.metric === '' ? row.case : `${row.case} ${row.metric}`,
    row.target,
    quantity(row.median, row.unit),
    `${quantity(row.min, row.unit)}..${quantity(row.max, row.unit)}`,
    row.deliveredRatio === undefined ? NONE : ratio(row.deliveredRatio),
    busy(row),
    row.perCpuSecond === undefined ? NONE : quantity(row.perCpuSecond, ''),
    row.advantage === undefined ? NONE : row.advantage.toFixed(2),
    row.cpuAdvantage === undefined ? NONE : row.cpuAdvantage.toFixed(2),
    ...(baseline === undefined ? [] : [change(row, baseline)]),
  ]);
  return markdown(header, cells, 2);
}

/**
 * The figures of cases with several loads: one line for each thing that a load shows.
 *
 * @param {readonly Row[]} rows
 * @param {readonly Row[] | undefined} baseline rows of an earlier run
 */
export function loadTable(rows, baseline) {
  const header = ['case', 'target', 'load', 'figure', 'median', 'min..max', 'must be', 'times', 'of'];
  if (baseline !== undefined) header.push('against baseline');
  const cells = rows.map((row) => [
    row.case,
    row.target,
    row.load ?? '',
    row.metric,
    quantity(row.median, row.unit),
    `${quantity(row.min, row.unit)}..${quantity(row.max, row.unit)}`,
    row.expected ?? NONE,
    row.timesAgainst === undefined ? NONE : quantity(row.timesAgainst, ''),
    row.against ?? NONE,
    ...(baseline === undefined ? [] : [change(row, baseline)]),
  ]);
  return markdown(header, cells, 4);
}

/**
 * @param {readonly string[]} header
 * @param {readonly (readonly string[])[]} cells
 * @param {number} texts how many columns are no numbers, and so begin at the left
 */
function markdown(header, cells, texts) {
  const widths = header.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i].length)));
  const isText = (/** @type {number} */ column) => column < texts;
  const line = (/** @type {readonly string[]} */ row) =>
    `| ${row.map((cell, i) => (isText(i) ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (isText(i) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(header), rule, ...cells.map(line)].join('\n');
}

/**
 * 1234567 becomes `1.23 M`.
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

/** The share of the time that the server's process was running. @param {Row} row */
function busy({ unit, median, perCpuSecond }) {
  return unit === '/s' && perCpuSecond !== undefined ? `${((median / perCpuSecond) * 100).toFixed(0)} %` : NONE;
}

/** Never rounded up to a 1 that it isn't. @param {number} value */
function ratio(value) {
  return value === 1
    ? '1'
    : value < 1
      ? (Math.floor(value * 1e4) / 1e4).toFixed(4)
      : (Math.ceil(value * 1e4) / 1e4).toFixed(4);
}

/**
 * A change counts only where the two spreads don't touch.
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
  if (row.expected !== undefined) return NONE; // right or wrong, and if wrong listed as such
  const percent = (row.median / before.median - 1) * 100;
  const text = `${percent < 0 ? '' : '+'}${percent.toFixed(1)} %`;
  if (row.values.length < 2 || before.values.length < 2) return `${text} (one run says nothing)`;
  if (row.min <= before.max && before.min <= row.max) return `${text} (within the spread)`;
  if (row.unit === '' || row.unit === '×') return text;
  const isBetter = row.unit === '/s' ? percent > 0 : percent < 0;
  return `${text} ${isBetter ? 'better' : 'worse'}`;
}
