import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { type Client, connect } from '../../../src/client/node.js';
import { cleanUps } from '../../support/clean-ups.js';

const program = fileURLToPath(new URL('crash-child.mjs', import.meta.url));
const KILLS = 10;

/** Starts a router in its own process. @returns the process and its URL */
async function started(dataDir: string, port: string): Promise<readonly [ChildProcess, string]> {
  const child = spawn(process.execPath, [program, dataDir, port], { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanUps.push(() => child.kill('SIGKILL'));
  const [data] = (await once(child.stdout, 'data')) as [Buffer];
  return [child, data.toString().trim()];
}

/** Sets both halves of a pair until the connection is lost. @returns the last acknowledged value */
async function writeUntilLost(client: Client, from: number): Promise<{ always: number; written: number }> {
  let always = from;
  let written = from;
  try {
    for (;;) {
      const n = ++written;
      await client.bundle([
        { kind: 'param', address: '/pair/left', value: n },
        { kind: 'param', address: '/pair/right', value: n },
      ]);
      await client.set('/always/n', n);
      always = n;
    }
  } catch {
    return { always, written };
  }
}

describe('a router process that is killed with SIGKILL', () => {
  it('has every acknowledged write under always, and whole bundles, and no revision falls', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'clasp-kill-'));
    cleanUps.push(() => rm(dataDir, { recursive: true, force: true }));
    let last = { always: 0, written: 0 };
    const revisions = new Map<string, number>();
    for (let kill = 0; kill <= KILLS; kill++) {
      const [child, url] = await started(dataDir, '0');
      const client = await connect(url, { name: 'desk', reconnect: false });
      const value = async (address: string): Promise<number> => {
        const found = await client.get(address);
        const revision = Number(found?.revision ?? 0);
        expect(revision).toBeGreaterThanOrEqual(revisions.get(address) ?? 0);
        revisions.set(address, revision);
        return Number(found?.value ?? 0);
      };
      const [left, right, always] = [await value('/pair/left'), await value('/pair/right'), await value('/always/n')];
      expect(left).toBe(right);
      expect(always).toBeGreaterThanOrEqual(last.always);
      expect(Math.max(left, always)).toBeLessThanOrEqual(last.written);
      if (kill === KILLS) break;
      const writing = writeUntilLost(client, Math.max(left, always));
      setTimeout(() => child.kill('SIGKILL'), 20 + kill * 37);
      last = await writing;
      await client.close();
    }
    expect(last.always).toBeGreaterThan(KILLS);
  });
});
