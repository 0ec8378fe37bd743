import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { moduleFinder } from '../../scripts/module-finder.mjs';
import { optionsInterface, optionsPage } from '../../scripts/render-options.mjs';
import { environmentName } from '../../src/cli/flag.js';
import { routerFlagOf } from '../../src/cli/router-flags.js';
import { optionTopics, routerOptionNames, routerOptions } from '../../src/router/options.js';

/** The text without line breaks and indents, which the formatter can change. */
const words = (text: string): string => text.replaceAll(/[\s*|()]+/g, ' ');

const read = (path: string): string => readFileSync(path, 'utf8');

describe('the files that derive from the declarations of the options', () => {
  it('contain the current declarations; `npm run generate` renews them', () => {
    const moduleOf = moduleFinder(new URL('../../src/', import.meta.url));
    expect(words(read('src/router/router-options.ts'))).toBe(words(optionsInterface(optionTopics, moduleOf)));
    expect(words(read('docs/reference/options.md'))).toBe(
      words(optionsPage(optionTopics, routerFlagOf, environmentName)),
    );
  });

  it('contain every option once, by topic', () => {
    const names = optionTopics.flatMap(({ options }) => Object.keys(options));
    expect(names.toSorted()).toEqual(routerOptionNames.toSorted());
  });
});

describe('every declaration of an option', () => {
  it.each(Object.entries(routerOptions))('has an acceptable default and a text: %s', (_, declared) => {
    expect(declared.doc).toMatch(/^[A-Z].*\.$/);
    const { default: value } = declared;
    if (value.kind === 'value' && value.text === undefined) expect(declared.accepts(value.value)).toBe(true);
    if (declared.commandDefault !== undefined) expect(declared.accepts(declared.commandDefault)).toBe(true);
  });
});
