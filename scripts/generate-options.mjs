// @ts-check
// Writes the files that derive from the declarations of the options. Run it after `npm run build`.
import { writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { optionsInterface, optionsPage } from './render-options.mjs';
import { moduleFinder } from './module-finder.mjs';

const root = new URL('../', import.meta.url);
// The type check reads the source, so that it needs no build.
const { optionTopics } = /** @type {typeof import('../src/router/options.js')} */ (
  await import(new URL('dist/router/options.js', root).href)
);
const { environmentName } = /** @type {typeof import('../src/cli/flag.js')} */ (
  await import(new URL('dist/cli/flag.js', root).href)
);
const { routerFlagOf } = /** @type {typeof import('../src/cli/router-flags.js')} */ (
  await import(new URL('dist/cli/router-flags.js', root).href)
);
const moduleOf = moduleFinder(new URL('src/', root));

/** @param {string} path @param {string} text */
async function write(path, text) {
  const file = new URL(path, root);
  await writeFile(file, await format(text, { ...(await resolveConfig(file.pathname)), filepath: file.pathname }));
}

await write('src/router/router-options.ts', optionsInterface(optionTopics, moduleOf));
await write('docs/reference/options.md', optionsPage(optionTopics, routerFlagOf, environmentName));
