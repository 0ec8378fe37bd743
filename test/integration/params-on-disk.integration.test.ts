import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { type Client, connect } from '../../src/client/node.js';
import { cleanUps } from '../support/clean-ups.js';
import { builtCli, type RouterProcess, startRouterProcess } from '../support/router-process.mjs';

const run = promisify(execFile);
/** The default of the command, which test/support/without-store turns off. */
const env = { CLASP_NO_PERSIST: 'false' };

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'clasp-params-'));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts the command on free ports with a data folder. */
async function start(folder: string, ...flags: readonly string[]): Promise<[RouterProcess, Client]> {
  const router = await startRouterProcess(['--data-dir', folder, ...flags], { env });
  cleanUps.push(() => router.stop());
  const client = await connect(`ws://127.0.0.1:${router.doors.websocket}`, { name: 'phone', reconnect: false });
  cleanUps.push(() => client.close());
  return [router, client];
}

describe('the command', () => {
  it('has every param as it was after a clean stop', async () => {
    const folder = await newFolder();
    const [router, desk] = await start(folder);
    await desk.set('/lights/1/dim', 0.25);
    await desk.set('/lights/1/dim', 0.5);
    await desk.set('/cue', 'intro');
    await router.endBy('SIGTERM');
    const [, phone] = await start(folder);
    const values = await Promise.all(['/lights/1/dim', '/cue'].map((address) => phone.get(address)));
    expect(values).toMatchObject([
      { value: 0.5, revision: 2 },
      { value: 'intro', revision: 1 },
    ]);
  });

  it('has every acknowledged param after kill -9 with --persist-sync always, ten times', async () => {
    const folder = await newFolder();
    for (let round = 0; round < 10; round++) {
      const [router, desk] = await start(folder, '--persist-sync', 'always');
      if (round > 0) await expect(desk.get('/round')).resolves.toMatchObject({ value: round - 1, revision: round });
      for (let i = 0; i < 20; i++) await desk.set(`/fader/${i}`, round + i / 100);
      await desk.set('/round', round);
      await router.endBy('SIGKILL');
      if (round === 9) {
        const [, phone] = await start(folder, '--persist-sync', 'always');
        for (let i = 0; i < 20; i++) {
          await expect(phone.get(`/fader/${i}`)).resolves.toMatchObject({ value: round + i / 100, revision: 10 });
        }
      }
    }
  });

  it('stores nothing with --no-persist', async () => {
    const folder = await newFolder();
    const [router, desk] = await start(folder, '--no-persist');
    await desk.set('/a', 1);
    await router.endBy('SIGTERM');
    const [, phone] = await start(folder);
    await expect(phone.get('/a')).resolves.toBeUndefined();
  });

  it('does not start with --persist if its data folder cannot be written, and states that in one sentence', async () => {
    const file = join(await newFolder(), 'a-file');
    await writeFile(file, '');
    const args = [
      builtCli,
      '--port',
      '0',
      '--host',
      '127.0.0.1',
      '--data-dir',
      file,
      '--log-level',
      'silent',
      '--persist',
    ];
    const failure = await run(process.execPath, args, { env: { ...process.env, ...env } }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 1 });
    expect((failure as { readonly stderr: string }).stderr).toMatch(
      /^clasp-router: --persist cannot store params in \S+; check the folder, or leave out --persist\n$/,
    );
  });

  it('keeps params in memory if another router uses the store, unless a flag asks for it', async () => {
    const folder = await newFolder();
    await start(folder);
    const [second, phone] = await start(folder);
    await phone.set('/b', 2);
    await expect(phone.get('/b')).resolves.toMatchObject({ value: 2 });
    expect(second.lastLines.join('\n')).toMatch(/another router uses the folder .*; params are kept in memory only/);

    const args = [builtCli, '--port', '0', '--host', '127.0.0.1', '--data-dir', folder, '--persist'];
    const failure = await run(process.execPath, args, { env: { ...process.env, ...env } }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 1 });
    expect((failure as { readonly stderr: string }).stderr).toMatch(
      /^clasp-router: another router uses the folder \S+: stop it, or change --data-dir or --instance\n$/,
    );
  });
});
