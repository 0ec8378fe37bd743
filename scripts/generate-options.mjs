// @ts-check
// Writes the files that derive from the declarations of the options. Run it after `npm run build`.
import { writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { optionTopics } from '../dist/router/options.js';
import { optionsInterface, optionsPage } from './render-options.mjs';
import { moduleFinder } from './module-finder.mjs';

const root = new URL('../', import.meta.url);
const moduleOf = moduleFinder(new URL('src/', root));

/** @param {string} path @param {string} text */
async function write(path, text) {
  const file = new URL(path, root);
  await writeFile(file, await format(text, { ...(await resolveConfig(file.pathname)), filepath: file.pathname }));
}

await write('src/router/router-options.ts', optionsInterface(optionTopics, moduleOf));
await write(
  'docs/reference/options.md',
  optionsPage(optionTopics, () => undefined),
);
