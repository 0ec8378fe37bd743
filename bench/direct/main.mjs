// @ts-check
// Compares builds in process: processor time per message, builds in turn, each measurement in a new process.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { directCases } from './cases.mjs';

const names = Object.keys(directCases);
const usage = `node bench/direct/main.mjs [options]

  --build NAME=DIST  a build to measure; may be given several times (default now=dist)
  --case NAME        only this case; may be given several times
  --rounds N         how often each build runs each case (default 5)
  --seconds N        length of each measurement (default 1)

Cases: ${names.join(', ')}
`;
const { values } = parseArgs({
  options: {
    build: { type: 'string', multiple: true, default: ['now=dist'] },
    case: { type: 'string', multiple: true, default: names },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(usage);
else for (const name of values.case) compare(name);

/** @param {string} name of the case */
function compare(name) {
  const builds = values.build.map((build) => {
    const [label = '', dist = 'dist'] = build.split('=');
    return { label, dist, ...noFigures() };
  });
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const { dist, ns, rssMb } of builds) {
      const result = measure(dist, name);
      ns.push(result.ns);
      rssMb.push(result.rssMb);
    }
  }
  const first = builds[0];
  for (const { label, ns, rssMb } of builds) {
    const ratio = first === undefined ? 1 : median(ns) / median(first.ns);
    const spread = `${Math.min(...ns).toFixed(0)}..${Math.max(...ns).toFixed(0)}`;
    console.log(
      `${name.padEnd(16)} ${label.padEnd(10)} ${median(ns).toFixed(1).padStart(8)} ns  ${spread.padEnd(12)}` +
        ` ${ratio.toFixed(2)} × first  ${median(rssMb).toFixed(0).padStart(5)} MB RSS`,
    );
  }
}

/** @returns {{ ns: number[], rssMb: number[] }} one of each per round */
function noFigures() {
  return { ns: [], rssMb: [] };
}

/**
 * @param {string} dist
 * @param {string} name
 * @returns {{ ns: number, rssMb: number }}
 */
function measure(dist, name) {
  const script = fileURLToPath(new URL('measure.mjs', import.meta.url));
  return JSON.parse(
    execFileSync(process.execPath, ['--expose-gc', script, dist, name, values.seconds], { encoding: 'utf8' }),
  );
}

/** @param {readonly number[]} figures */
function median(figures) {
  return [...figures].sort((a, b) => a - b)[figures.length >> 1] ?? Number.NaN;
}
