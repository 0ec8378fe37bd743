import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { connect } from '../../src/client/node.js';
import { cleanUps } from '../support/clean-ups.js';
import { until } from '../support/official-client.js';

// The built command, as installed: `npm test` builds before it runs the tests.
const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'clasp-state-'));
  cleanUps.push(() => rm(dataDir, { recursive: true, force: true }));
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `clasp-router state ...` until it ends. */
function state(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const words = [command, 'state', ...args, '--data-dir', dataDir, '--instance', 'stage'];
    const child = execFile(process.execPath, words, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

interface StageRouter {
  readonly url: string;
  stop(): Promise<void>;
}

async function startRouter(): Promise<StageRouter> {
  const flags = ['--host', '127.0.0.1', '--port', '0', '--data-dir', dataDir, '--instance', 'stage'];
  const child = spawn(process.execPath, [command, ...flags, '--persist-sync', 'always']);
  cleanUps.push(() => child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const url = (): string | undefined => /(ws:\/\/\S+)\n/.exec(text)?.[1];
  await until(() => url() !== undefined, 'the router listens');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await once(child, 'close');
  };
  return { url: url()!, stop };
}

async function set(url: string, address: string, value: number): Promise<void> {
  const client = await connect(url, { name: 'desk', reconnect: false });
  await client.set(address, value);
  await client.close();
}

describe('the command clasp-router state', () => {
  it('lists, verifies and exports the store of a running router', async () => {
    const { url } = await startRouter();
    await set(url, '/a', 0.5);
    const list = await state('list');
    expect(list).toMatchObject({ code: 0, stderr: '' });
    expect(list.stdout).toMatch(/^\(current\) .* UTC +1 +\d+$/m);
    await expect(state('verify')).resolves.toMatchObject({ code: 0, stderr: '' });
    const exported = await state('export');
    expect(exported).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(exported.stdout)).toMatchObject({ version: 1, params: [{ address: '/a', value: 0.5 }] });
  });

  it('restores and imports states while no router runs', async () => {
    const first = await startRouter();
    await set(first.url, '/a', 0.25);
    const refused = await state('import', 'none.json');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^clasp-router: ENOENT: [^\n]*'none\.json'\n$/);
    await first.stop();
    const file = join(dataDir, 'state.json');
    await writeFile(file, (await state('export')).stdout.replace('"value":0.25', '"value":0.5'));
    await expect(state('import', file)).resolves.toMatchObject({ code: 0, stdout: '' });
    expect((await state('export')).stdout).toContain('"value":0.5');

    const name = /^\d{4}-\S+/m.exec((await state('list')).stdout)![0];
    const second = await startRouter();
    const locked = await state('restore', name);
    expect(locked).toMatchObject({ code: 1, stdout: '' });
    expect(locked.stderr).toMatch(/^clasp-router: another router uses the folder [^\n]*\n$/);
    await second.stop();
    await expect(state('restore', name)).resolves.toMatchObject({ code: 0, stdout: '' });
    const { url } = await startRouter();
    const phone = await connect(url, { name: 'phone', reconnect: false });
    cleanUps.push(() => phone.close());
    await expect(phone.get('/a')).resolves.toMatchObject({ value: 0.25 });
  });

  it('ends with exit code 1 and one sentence if the store does not exist', async () => {
    const { code, stdout, stderr } = await state('list');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^clasp-router: no store stage in \S+: it has no stores\n$/);
  });
});
