import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const pages = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .map((name) => join('docs', name))
    .filter((name) => name.endsWith('.md') && !name.startsWith(join('docs', 'api'))),
];

/** Returns the text of a page without its code. */
function prose(page: string): string {
  return readFileSync(page, 'utf8')
    .replaceAll(/^```.*?^```/gms, '')
    .replaceAll(/^( {4}|\t).*$/gm, '');
}

/** Returns the anchors of the headings of a page, as GitHub forms them. */
function anchorsOf(page: string): ReadonlySet<string> {
  const titles = [...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title);
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Returns the links of a page to files of the project that do not exist, or to headings that do not. */
function brokenLinks(page: string): readonly string[] {
  return [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(target)) return true;
      return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).has(anchor);
    });
}

describe('the links of the documentation', () => {
  it.each(pages)('lead to files and headings that exist: %s', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  it('reach every page of docs from the README or another page', () => {
    const linked = new Set(
      pages.flatMap((page) =>
        [...prose(page).matchAll(/\]\(([^)#\s]+)/g)].map(([, link = '']) => join(dirname(page), link)),
      ),
    );
    const parts = pages.filter((page) => page.startsWith('docs/') && !linked.has(page));
    expect(parts.filter((page) => !page.startsWith('docs/spec/') && page !== 'docs/adr/README.md')).toEqual([]);
  });
});
