// @ts-check
// Pictures of results: bars for rates, ranges for latencies. They have a background of their own, and colors for
// light and dark.

/**
 * @typedef {object} Bar
 * @property {string} label
 * @property {number} value
 * @property {number} min
 * @property {number} max
 * @property {string} text beside the bar
 * @property {boolean} isOurs
 *
 * @typedef {object} Panel bars with one scale
 * @property {string} title
 * @property {readonly Bar[]} bars
 *
 * @typedef {object} Range
 * @property {string} label
 * @property {number} low
 * @property {number} high above `low`
 * @property {string} text
 * @property {boolean} isOurs
 */

const WIDTH = 780;
const LABEL_WIDTH = 200;
const BAR_WIDTH = 300;
const TEXT_GAP = 10;
const MARGIN = 20;
const ROW = 24;
const BAR = 14;
const TITLE = 34;
const PLOT = MARGIN + LABEL_WIDTH;

const style = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px }
  .note { fill: #59636e }
  .back { fill: #ffffff; stroke: #d1d9e0 }
  .ours { fill: #0a6ebd }
  .peer { fill: #aeb8c2 }
  .spread { stroke: #1f2328; stroke-width: 1.5 }
  .grid { stroke: #d1d9e0 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .note { fill: #9198a1 }
    .back { fill: #0d1117; stroke: #3d444d }
    .ours { fill: #4493f8 }
    .peer { fill: #59636e }
    .spread { stroke: #e6edf3 }
    .grid { stroke: #3d444d }
  }
`;

/**
 * Returns horizontal bars from 0, with a line for the spread.
 *
 * @param {string} title for screen readers
 * @param {readonly Panel[]} panels
 */
export function barPicture(title, panels) {
  const parts = [];
  let y = MARGIN;
  for (const panel of panels) {
    parts.push(text(MARGIN, y + 14, panel.title, 'title'));
    y += TITLE;
    const longest = Math.max(...panel.bars.map(({ max }) => max));
    for (const bar of panel.bars) {
      parts.push(...barRow(bar, y, (value) => PLOT + (value / longest) * BAR_WIDTH));
      y += ROW;
    }
    y += MARGIN;
  }
  return picture(title, y, parts);
}

/**
 * @param {Bar} bar
 * @param {number} y
 * @param {(value: number) => number} x
 */
function barRow({ label, value, min, max, text: words, isOurs }, y, x) {
  const middle = y + BAR / 2;
  return [
    text(MARGIN, y + 12, label),
    `<rect class="${isOurs ? 'ours' : 'peer'}" x="${PLOT}" y="${y}" width="${round(x(value) - PLOT)}" height="${BAR}"/>`,
    ...(max > min
      ? [`<line class="spread" x1="${round(x(min))}" x2="${round(x(max))}" y1="${middle}" y2="${middle}"/>`]
      : []),
    text(round(x(max)) + TEXT_GAP, y + 12, words, 'note'),
  ];
}

/**
 * Returns a line from `low` to `high` for each target, on a logarithmic scale.
 *
 * @param {string} title
 * @param {readonly Range[]} ranges
 * @param {(value: number) => string} format of the marks of the scale
 */
export function rangePicture(title, ranges, format) {
  const first = Math.floor(Math.log10(Math.min(...ranges.map(({ low }) => low))));
  const last = Math.ceil(Math.log10(Math.max(...ranges.map(({ high }) => high))));
  const x = (/** @type {number} */ value) => round(PLOT + ((Math.log10(value) - first) / (last - first)) * BAR_WIDTH);
  const top = MARGIN + TITLE + ROW;
  const bottom = top + ranges.length * ROW;
  const marks = Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
  return picture(title, bottom + MARGIN, [
    text(MARGIN, MARGIN + 14, title, 'title'),
    ...marks.flatMap((mark) => [
      `<line class="grid" x1="${x(mark)}" x2="${x(mark)}" y1="${top - 6}" y2="${bottom - 4}"/>`,
      text(x(mark), top - 12, format(mark), 'note', 'middle'),
    ]),
    ...ranges.flatMap(({ label, low, high, text: words, isOurs }, i) => {
      const y = top + i * ROW;
      const kind = isOurs ? 'ours' : 'peer';
      return [
        text(MARGIN, y + 12, label),
        `<rect class="${kind}" x="${x(low)}" y="${y + 5}" width="${round(x(high) - x(low))}" height="4"/>`,
        `<circle class="${kind}" cx="${x(low)}" cy="${y + 7}" r="5"/>`,
        `<circle class="${kind}" cx="${x(high)}" cy="${y + 7}" r="5"/>`,
        text(PLOT + BAR_WIDTH + 2 * TEXT_GAP, y + 12, words, 'note'),
      ];
    }),
  ]);
}

/**
 * @param {string} title
 * @param {number} height
 * @param {readonly string[]} parts
 */
function picture(title, height, parts) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    `<rect class="back" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} words
 * @param {string} [kind] its class
 * @param {string} [anchor]
 */
function text(x, y, words, kind, anchor) {
  const attributes = [
    ...(kind === undefined ? [] : [` class="${kind}"`]),
    ...(anchor === undefined ? [] : [` text-anchor="${anchor}"`]),
  ];
  return `<text x="${x}" y="${y}"${attributes.join('')}>${escaped(words)}</text>`;
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}

/** @param {string} words */
function escaped(words) {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
