import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ErrorCode, errorMeanings } from '../../src/protocol/errors.js';
import { libraryErrors } from '../../src/util/library-errors.js';

const page = readFileSync(new URL('../../docs/reference/errors.md', import.meta.url), 'utf8');
const rows = [...page.matchAll(/^\| (\d+) \| (\w+) \| (.+?) \| (.+?) \|$/gm)].map(
  ([, code, name, meaning, advice]) => ({
    code: Number(code),
    name,
    meaning,
    advice,
  }),
);

describe('docs/reference/errors.md', () => {
  it('lists every code of the registry with its name and meaning, and no other, in order', () => {
    const registry = Object.entries(ErrorCode).map(([name, code]) => ({ code, name }));
    expect(rows.map(({ code, name }) => ({ code, name }))).toEqual(registry);
    expect(Object.fromEntries(rows.map(({ name, meaning }) => [name, meaning]))).toEqual(errorMeanings);
  });

  it('lists every code of the library with its meaning, and no other, in order', () => {
    const listed = [...page.matchAll(/^\| (CLASP_ERR_\w+) \| (.+?) \| .+ \|$/gm)].map(([, code, meaning]) => [
      code,
      meaning,
    ]);
    expect(listed).toEqual(Object.entries(libraryErrors));
  });

  it('states for each code what to do', () => {
    for (const { advice } of rows) expect(advice).not.toBe('');
  });
});
