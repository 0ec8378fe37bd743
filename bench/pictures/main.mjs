// @ts-check
// Writes the page of results and its pictures from files that `npm run bench -- --json` wrote.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { withResults } from './page.mjs';
import { picturesOf } from './pictures.mjs';
import { readResults } from './results.mjs';

const FOLDER = 'benchmarks';
const docs = new URL('../../docs/reference/', import.meta.url);
const usage = `npm run bench:pictures -- [options] FILE...

Writes the results in docs/reference/benchmarks.md and the pictures in docs/reference/${FOLDER}/ from files
that npm run bench -- --json wrote. A case of a later file replaces the same case of an earlier one.

  --label TARGET=TEXT  the name of a target for readers; may be given several times
  --help
`;

try {
  write(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

/** @param {string[]} argv */
function write(argv) {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      label: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  if (positionals.length === 0) throw new Error(usage);
  const results = readResults(positionals, new Map(values.label.map(labelPair)));
  const pictures = picturesOf(results);
  const page = fileURLToPath(new URL('benchmarks.md', docs));
  writeFileSync(page, withResults(readFileSync(page, 'utf8'), results, pictures, FOLDER));
  mkdirSync(new URL(`${FOLDER}/`, docs), { recursive: true });
  for (const { file, svg } of pictures) writeFileSync(new URL(`${FOLDER}/${file}`, docs), svg);
  console.log(`wrote ${page} and ${pictures.length} pictures`);
}

/** @param {string} text @returns {[string, string]} */
function labelPair(text) {
  const split = text.indexOf('=');
  if (split < 1) throw new Error(`--label ${text} should be TARGET=TEXT`);
  return [text.slice(0, split), text.slice(split + 1)];
}
