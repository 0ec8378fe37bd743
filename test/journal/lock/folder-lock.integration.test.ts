import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { lockFolder } from '../../../src/journal/lock/folder-lock.js';
import { cleanUps } from '../../support/clean-ups.js';

const program = fileURLToPath(new URL('hold-lock.mjs', import.meta.url));

async function temporaryFolder(name = 'clasp-lock-'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), name));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts a process that takes the lock. @returns the process, and what it wrote */
async function holder(folder: string): Promise<readonly [ChildProcess, string]> {
  const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanUps.push(() => child.kill('SIGKILL'));
  const [data] = (await once(child.stdout, 'data')) as [Buffer];
  return [child, data.toString().trim()];
}

async function killed(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

describe('the lock of a folder', () => {
  it('refuses a second router in the same process until the first one releases it', async () => {
    const folder = await temporaryFolder();
    const release = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({
      code: 'CLASP_ERR_STORE_LOCKED',
      message: `another router uses the folder ${folder}: stop it, or change the option dataDir or the option instance`,
    });
    await release();
    expect(await readdir(folder)).toEqual([]);
    await (
      await lockFolder(folder)
    )();
  });

  it('refuses a second router in a folder whose path is too long for a socket', async () => {
    const folder = join(await temporaryFolder(), 'a'.repeat(120));
    await mkdir(folder);
    const release = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'CLASP_ERR_STORE_LOCKED' });
    await release();
    await (
      await lockFolder(folder)
    )();
    expect(await readdir(folder)).toEqual([]);
  });

  it('has one holder of four processes that take it at once, after all earlier ones were killed', async () => {
    const folder = await temporaryFolder();
    for (let round = 0; round < 4; round++) {
      const started = await Promise.all([1, 2, 3, 4].map(() => holder(folder)));
      expect(started.map(([, said]) => said).sort()).toEqual(['held', 'locked', 'locked', 'locked']);
      await Promise.all(started.map(([child]) => killed(child)));
    }
    expect(await readdir(folder)).toEqual(['lock.sock']);
  });
});
