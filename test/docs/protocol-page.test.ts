import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const page = readFileSync('docs/reference/protocol.md', 'utf8');

/** `[name](../test/path) "title"`, the citations of tests in the tables of the page. */
const cited = [...page.matchAll(/\]\(\.\.\/\.\.\/(test\/[^)]+)\) "([^"]+)"/g)].map(([, path, title]) => {
  return { path: path!, title: title! }; // both groups are in the match
});

describe('docs/reference/protocol.md', () => {
  it('cites tests', () => expect(cited.length).toBeGreaterThan(50));

  it.each(cited)('cites an existing test: $path "$title"', ({ path, title }) => {
    expect(existsSync(join(path))).toBe(true);
    expect(readFileSync(path, 'utf8')).toContain(title);
  });

  it('lists the same unimplemented features as README.md', () => {
    const here = /^Not implemented yet: ([^.]+)\./m.exec(page)?.[1]?.split(/, | and /) ?? [];
    const there = /^- Not yet: ([^.]+)\./m.exec(readFileSync('README.md', 'utf8'))?.[1]?.replace(/\s+/g, ' ') ?? '';
    expect(here).toContain('REPLAY');
    for (const feature of here) expect(there).toContain(feature);
    expect(`${here.join()} ${there}`).not.toMatch(/auth|token|scope/i);
  });

  it('has no row without a test', () => {
    const tables = page.slice(page.indexOf('## Every feature'), page.indexOf('## WebSocket'));
    const rows = tables.split('\n').filter((line) => /^\| (?!Feature|---| \|)/.test(line));
    expect(rows.filter((line) => !line.includes('](../../test/'))).toEqual(['| | Defect | Shown by |']);
  });
});
