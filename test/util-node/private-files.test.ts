import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { replaceFile } from '../../src/util-node/private-files.js';
import { TemporaryFolder } from '../certificates/temporary-folder.js';

let folder: TemporaryFolder;
beforeEach(() => {
  folder = new TemporaryFolder();
});
afterEach(() => {
  folder.remove();
});

describe('replaceFile', () => {
  it('replaces the old file with a new one; a process that has the old one open continues to read it', async () => {
    const path = folder.write('key.pem', 'old');
    const { ino } = statSync(path);
    await replaceFile(path, 'new', 0o600);
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).ino).not.toBe(ino); // not overwritten
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder.path)).toEqual(['key.pem']);
  });

  it('leaves everything unchanged if it fails', async () => {
    mkdirSync(folder.at('key.pem'));
    await expect(replaceFile(folder.at('key.pem'), 'new', 0o600)).rejects.toThrow();
    expect(readdirSync(folder.path)).toEqual(['key.pem']);
  });
});
