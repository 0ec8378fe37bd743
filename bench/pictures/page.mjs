// @ts-check
// The generated part of the page of results.
import { cases } from '../cases.mjs';
import { besideText, busy, markdown, NONE, quantity, ratio } from '../report.mjs';
import { OURS, ranked } from './results.mjs';

/**
 * @typedef {import('./results.mjs').Results} Results
 * @typedef {import('./results.mjs').Row} Row
 * @typedef {import('./results.mjs').Run} Run
 * @typedef {import('./pictures.mjs').Picture} Picture
 */

const START = '<!-- Results: written by `npm run bench:pictures`. Do not edit. -->';
const END = '<!-- End of the results. -->';
const LINE = 100;

/** Columns of the table of factors. @type {readonly { case: string, metric: string, title: string }[]} */
const factorColumns = [
  { case: 'end-to-end-1-1', metric: '', title: 'SET' },
  { case: 'event-1-1', metric: '', title: 'event' },
  { case: 'payload-256', metric: '', title: '256 B' },
  { case: 'fan-out-1-100', metric: '', title: '1 → 100' },
  { case: 'fan-out-fragmented', metric: '', title: 'tenths' },
  { case: 'connects', metric: '', title: 'connects' },
  { case: 'latency', metric: 'p50', title: 'p50' },
  { case: 'latency', metric: 'p99', title: 'p99' },
];

/**
 * Replaces the generated part of a page.
 *
 * @param {string} page
 * @param {Results} results
 * @param {readonly Picture[]} pictures
 * @param {string} folder of the pictures, relative to the page
 * @throws {Error} if the page has no place for it
 */
export function withResults(page, results, pictures, folder) {
  const start = page.indexOf(START);
  const end = page.indexOf(END);
  if (start < 0 || end < start) throw new Error(`the page has no lines "${START}" and "${END}"`);
  return `${page.slice(0, start)}${START}\n\n${resultsPart(results, pictures, folder)}\n\n${page.slice(end)}`;
}

/**
 * @param {Results} results
 * @param {readonly Picture[]} pictures
 * @param {string} folder
 */
function resultsPart(results, pictures, folder) {
  return [
    ...runsPart(results),
    ...pictures.map(({ file, title }) => `![${title}](${folder}/${file})`),
    '## Factors',
    wrapped(
      'Each number states how many times better clasp-router is than the target of the row: more deliveries or connections per second, or for p50 and p99 less time.',
    ),
    factors(results, 'advantage'),
    'The same per second of processor time of the server:',
    factors(results, 'cpuAdvantage'),
    '## All cases',
    ...caseNames(results).flatMap((name) => caseSection(name, results)),
    ...problemSection(results),
  ].join('\n\n');
}

/**
 * Returns the builds and machines that were measured, each with its runs.
 *
 * @param {Results} results
 */
function runsPart({ runs, label }) {
  /** @type {Map<string, Run[]>} */
  const groups = new Map();
  for (const run of runs) {
    const key = wrapped(buildSentence(run.environment, label));
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups].flatMap(([build, ofBuild]) => [build, ofBuild.map(runItem).join('\n')]);
}

/**
 * @param {Run['environment']} environment
 * @param {Results['label']} label
 */
function buildSentence({ cpu, cores, memoryGiB, system, node, router, peers }, label) {
  const others = Object.keys(peers).map(label);
  return [
    `**clasp-router ${router}**, Node ${node.slice(1)}: ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}.`,
    ...(others.length === 0 ? [] : [`Other servers: ${others.join('; ')}.`]),
  ].join(' ');
}

/** @param {Run} run */
function runItem({ environment: { date, loadAverage }, seconds, repeat, rows }) {
  const names = [...new Set(rows.map((row) => row.case))].map((name) => `\`${name}\``);
  return wrapped(
    `- **${date.slice(0, 16).replace('T', ' ')} UTC**, ${repeat} × ${seconds} s each, load average before the run ${loadAverage.toFixed(2)}: ${names.join(', ')}.`,
    '  ',
  );
}

/**
 * @param {Results} results
 * @param {'advantage' | 'cpuAdvantage'} by
 */
function factors({ rows, label }, by) {
  const measured = rows.filter((row) => row[by] !== undefined && row.target !== 'sink');
  const columns = factorColumns.filter(
    ({ metric, ...column }) =>
      (by === 'advantage' || metric === '') && // the processor time of a latency is the same for all its figures
      measured.some((row) => row.case === column.case && row.metric === metric),
  );
  const targets = [...new Set(columns.flatMap((column) => measured.filter((row) => row.case === column.case)))]
    .map(({ target }) => target)
    .filter((target, i, all) => all.indexOf(target) === i);
  return compact(
    [{ title: 'against', isText: true }, ...columns.map(({ title }) => number(title))],
    targets.map((target) => [
      label(target),
      ...columns.map((column) => {
        const row = measured.find(
          (one) => one.case === column.case && one.metric === column.metric && one.target === target,
        );
        return row?.[by] === undefined ? NONE : factor(row[by]);
      }),
    ]),
  );
}

/** Returns the names of the measured cases, in the order of the bench. @param {Results} results */
function caseNames({ rows }) {
  return cases.map(({ name }) => name).filter((name) => rows.some((row) => row.case === name));
}

/**
 * @param {string} name
 * @param {Results} results
 */
function caseSection(name, results) {
  const rows = results.rows.filter((row) => row.case === name);
  const about = cases.find((one) => one.name === name)?.about ?? '';
  const isOfLoads = rows.some(({ load }) => load !== undefined && load !== '');
  return [
    `### ${name}`,
    wrapped(`${sentence(about)}`),
    isOfLoads ? loadTable(rows, results) : targetTable(rows, results),
  ];
}

/**
 * @param {readonly Row[]} rows
 * @param {Results} results
 */
function targetTable(rows, { label }) {
  const metrics = [...new Set(rows.map(({ metric }) => metric))];
  const hasMetrics = metrics.some((metric) => metric !== '');
  const ordered = metrics.flatMap((metric) => ranked(rows, rows[0]?.case ?? '', metric));
  return compact(
    [
      { title: 'target', isText: true },
      ...(hasMetrics ? [{ title: 'figure', isText: true }] : []),
      ...['median', 'min..max', 'arrived', 'busy', 'per CPU s', 'ours ×', 'per CPU s ×'].map(number),
    ],
    ordered.map((row) => [
      label(row.target),
      ...(hasMetrics ? [row.metric] : []),
      ...[quantity(row.median, row.unit), spread(row)],
      row.deliveredRatio === undefined ? NONE : ratio(row.deliveredRatio),
      busy(row),
      row.perCpuSecond === undefined ? NONE : quantity(row.perCpuSecond, ''),
      row.advantage === undefined ? NONE : factor(row.advantage),
      row.cpuAdvantage === undefined ? NONE : factor(row.cpuAdvantage),
    ]),
  );
}

/**
 * @param {readonly Row[]} rows
 * @param {Results} results
 */
function loadTable(rows, { label }) {
  const hasTargets = rows.some(({ target }) => target !== OURS);
  return compact(
    [
      ...(hasTargets ? [{ title: 'target', isText: true }] : []),
      ...['load', 'figure'].map((title) => ({ title, isText: true })),
      ...['median', 'min..max', 'must be'].map(number),
      { title: 'beside', isText: true },
    ],
    rows.map((row) => [
      ...(hasTargets ? [label(row.target)] : []),
      ...[row.load ?? '', row.metric === '' ? 'deliveries' : row.metric],
      ...[quantity(row.median, row.unit), spread(row), row.expected ?? NONE, besideText(row)],
    ]),
  );
}

/** The column `arrived` has what did not arrive. */
const IN_THE_TABLE = /: \d+ deliveries where \d+ were owed$/;

/** Returns what a run reported, without cases that a later run replaced. @param {Results} results */
function problemSection({ runs, rows, label }) {
  const reported = runs.flatMap((run) =>
    run.problems.filter((problem) => rows.some((row) => run.rows.includes(row) && problem.startsWith(`${row.case}, `))),
  );
  const problems = [...new Set(reported)]
    .filter((problem) => !IN_THE_TABLE.test(problem))
    .map((problem) => problem.replace(/^([^,:]+), ([^,:]+)/, (_, name, target) => `${name}, ${label(target)}`));
  if (problems.length === 0) return [];
  return ['### Not as it should be', problems.map((problem) => wrapped(`- ${problem}`, '  ')).join('\n')];
}

/**
 * @param {Parameters<typeof markdown>[0]} columns
 * @param {Parameters<typeof markdown>[1]} cells
 */
function compact(columns, cells) {
  return markdown(columns, cells, { isPadded: false });
}

/** @param {string} title */
function number(title) {
  return { title, isText: false };
}

/** @param {number} times */
function factor(times) {
  return times >= 100 ? times.toFixed(0) : times.toPrecision(3);
}

/** @param {Row} row */
function spread({ min, max, unit }) {
  const [low, high] = [quantity(min, unit), quantity(max, unit)];
  const suffix = / .+$/.exec(high)?.[0] ?? '';
  return `${low.endsWith(suffix) ? low.slice(0, low.length - suffix.length) : low}..${high}`;
}

/** @param {string} about */
function sentence(about) {
  return `${about.slice(0, 1).toUpperCase()}${about.slice(1)}.`;
}

/**
 * Breaks a paragraph at 100 characters.
 *
 * @param {string} paragraph
 * @param {string} [indent] of all lines but the first
 */
function wrapped(paragraph, indent = '') {
  const lines = [''];
  for (const word of paragraph.split(' ')) {
    const line = lines[lines.length - 1] ?? '';
    if (line.trim() === '') lines[lines.length - 1] = `${line}${word}`;
    else if (`${line} ${word}`.length <= LINE) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`${indent}${word}`);
  }
  return lines.join('\n');
}
