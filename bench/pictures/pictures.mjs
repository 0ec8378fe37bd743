// @ts-check
// Which figures of a run become pictures.
import { quantity } from '../report.mjs';
import { OURS, ranked } from './results.mjs';
import { barPicture, rangePicture } from './svg.mjs';

/**
 * @typedef {import('./results.mjs').Results} Results
 * @typedef {import('./results.mjs').Row} Row
 *
 * @typedef {object} Picture
 * @property {string} file
 * @property {string} title
 * @property {string} svg
 */

/** A delivered part from here on is complete for a picture. */
const COMPLETE = 0.9995;
const LATENCY = 'latency';

/** @type {readonly { file: string, title: string, panels: readonly { case: string, title: string }[] }[]} */
const barPictures = [
  {
    file: 'one-to-one.svg',
    title: 'Deliveries per second, one publisher, one subscriber',
    panels: [
      { case: 'end-to-end-1-1', title: 'SET, each acknowledged: deliveries per second' },
      { case: 'event-1-1', title: 'Events: deliveries per second' },
      { case: 'payload-256', title: 'SET of 256 bytes, each acknowledged: deliveries per second' },
    ],
  },
  {
    file: 'fan-out.svg',
    title: 'Deliveries per second, one publisher, 100 subscribers',
    panels: [
      { case: 'fan-out-1-100', title: '100 subscribers to everything: deliveries per second' },
      { case: 'fan-out-fragmented', title: '100 subscribers, each to a tenth: deliveries per second' },
    ],
  },
];

/**
 * Returns a picture for each group of cases that was measured.
 *
 * @param {Results} results
 * @returns {readonly Picture[]}
 */
export function picturesOf(results) {
  const bars = barPictures.flatMap(({ file, title, panels }) => {
    const measured = panels
      .map((panel) => ({ title: panel.title, bars: ranked(results.rows, panel.case).map((row) => bar(row, results)) }))
      .filter((panel) => panel.bars.length > 0);
    return measured.length === 0 ? [] : [{ file, title, svg: barPicture(title, measured) }];
  });
  return [...bars, ...latencyPicture(results)];
}

/**
 * @param {Row} row
 * @param {Results} results
 */
function bar({ target, median, min, max, unit, perCpuSecond, deliveredRatio = 1 }, { label }) {
  const words = [
    quantity(median, unit),
    ...(perCpuSecond === undefined ? [] : [`${quantity(perCpuSecond, '')} per CPU s`]),
    ...(deliveredRatio < COMPLETE ? [`${Math.floor(deliveredRatio * 100)} % arrived`] : []),
  ];
  return { label: label(target), value: median, min, max, text: words.join(' · '), isOurs: isOurs(target) };
}

/** @param {Results} results @returns {readonly Picture[]} */
function latencyPicture({ rows, label }) {
  const tails = ranked(rows, LATENCY, 'p99');
  const ranges = ranked(rows, LATENCY, 'p50').flatMap(({ target, median }) => {
    const tail = tails.find((row) => row.target === target);
    if (tail === undefined) return [];
    const words = `${quantity(median, 'µs')} · ${quantity(tail.median, 'µs')}`;
    return [{ label: label(target), low: median, high: tail.median, text: words, isOurs: isOurs(target) }];
  });
  if (ranges.length === 0) return [];
  const title = 'Latency of one hop at 1,000 SETs per second: p50 and p99';
  return [{ file: 'latency.svg', title, svg: rangePicture(title, ranges, markOf) }];
}

/** Formats 10 µs or 1 ms. @param {number} micros */
function markOf(micros) {
  return micros < 1000 ? `${micros} µs` : `${micros / 1000} ms`;
}

/** Whether it is this router, under any Node.js. @param {string} target */
function isOurs(target) {
  return target === OURS || target.startsWith(`${OURS}-node-`);
}
