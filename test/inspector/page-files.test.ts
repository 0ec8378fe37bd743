import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pageFiles } from '../../src/inspector/page-files.js';
import { TemporaryFolder } from '../certificates/temporary-folder.js';

let folder: TemporaryFolder;
beforeEach(() => {
  folder = new TemporaryFolder();
});
afterEach(() => {
  folder.remove();
});

const files = (): ReturnType<typeof pageFiles> => pageFiles(pathToFileURL(`${folder.path}/`));

describe('the files of the page', () => {
  it('are those a browser needs, with their types, and the layout engine', () => {
    for (const name of ['index.html', 'style.css', 'main.js', 'icon.svg', 'main.js.map', 'notes.txt']) {
      writeFileSync(join(folder.path, name), `this is ${name}`);
    }
    const found = files();
    expect([...found].map(([name, { type }]) => [name, type]).sort()).toEqual([
      ['elk.js', 'text/javascript; charset=utf-8'],
      ['icon.svg', 'image/svg+xml'],
      ['index.html', 'text/html; charset=utf-8'],
      ['main.js', 'text/javascript; charset=utf-8'],
      ['style.css', 'text/css; charset=utf-8'],
    ]);
    expect(Buffer.from(found.get('main.js')!.body).toString()).toBe('this is main.js');
  });

  it('have an entity tag that changes with their content', () => {
    const path = join(folder.path, 'main.js');
    writeFileSync(path, 'one');
    const before = files().get('main.js')?.etag;
    expect(files().get('main.js')?.etag).toBe(before);
    writeFileSync(path, 'two');
    expect(files().get('main.js')?.etag).not.toBe(before);
    expect(before).toMatch(/^"[\w-]{22}"$/);
  });

  it('do not exist if the page was not built or has no folder', () => {
    writeFileSync(join(folder.path, 'index.html'), '');
    expect(files().size).toBe(0);
    expect(pageFiles(pathToFileURL(`${folder.path}/missing/`)).size).toBe(0);
  });
});
