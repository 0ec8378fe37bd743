import { readdirSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stateCommand } from '../../src/cli/state-command.js';
import { type Client, connect } from '../../src/client/node.js';
import { createRouter, type Router, type RouterState, webSocket } from '../../src/index.js';
import { paramsStore } from '../../src/journal/index.js';
import { cleanUps } from '../support/clean-ups.js';
import { until } from '../support/official-client.js';

export interface StateOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A data folder with the store of port 7330, which real routers write. */
export class StateUnderTest {
  readonly dataDir: string;

  private constructor(dataDir: string) {
    this.dataDir = dataDir;
  }

  static async create(): Promise<StateUnderTest> {
    const dataDir = await mkdtemp(join(tmpdir(), 'clasp-state-'));
    cleanUps.push(() => rm(dataDir, { recursive: true, force: true }));
    return new StateUnderTest(dataDir);
  }

  /** Starts a router that acknowledges a write when it is stored. */
  async start(): Promise<[Router, Client]> {
    const store = paramsStore({ dataDir: this.dataDir, instance: '7330', sync: 'always' });
    const router = createRouter({ services: [store], transports: [webSocket({ host: '127.0.0.1', port: 0 })] });
    cleanUps.push(() => router.stop());
    const [address] = await router.start();
    const client = await connect(address!.url, { name: 'desk', reconnect: false });
    cleanUps.push(() => client.close());
    return [router, client];
  }

  /** Runs a router that sets params, and stops it. @returns its last state */
  async runOnce(params: Readonly<Record<string, number>>): Promise<RouterState> {
    const [router, desk] = await this.start();
    for (const [address, value] of Object.entries(params)) await desk.set(address, value);
    const state = router.state();
    await this.retired();
    await desk.close();
    await router.stop();
    return state;
  }

  /** Resolves when the state that a router found at its start is a kept one. */
  retired(): Promise<void> {
    return until(() => this.#hasOneGeneration(), 'the state that the router has found is a kept one');
  }

  /** Whether the params folder has a base, and the earlier generation is a kept state. */
  #hasOneGeneration(): boolean {
    const names = readdirSync(join(this.dataDir, 'store', '7330', 'params'));
    return names.some((name) => name.endsWith('.base')) && new Set(names.map((name) => name.split('.')[0])).size === 1;
  }

  /** Runs `clasp-router state ...` with the data folder. */
  async run(...args: readonly string[]): Promise<StateOutput> {
    const output = { stdout: '', stderr: '' };
    const code = await stateCommand(args, {
      platform: 'linux',
      environment: { CLASP_DATA_DIR: this.dataDir },
      stdout: (text) => (output.stdout += text),
      stderr: (text) => (output.stderr += text),
      wallMicros: Date.now() * 1_000,
    });
    return { code, ...output };
  }

  async exported(...args: readonly string[]): Promise<RouterState> {
    return JSON.parse((await this.run('export', ...args)).stdout) as RouterState;
  }

  /** Returns the paths of the files in a folder of the store. */
  async files(folder = 'params'): Promise<readonly string[]> {
    const path = join(this.dataDir, 'store', '7330', folder);
    return (await readdir(path)).sort().map((name) => join(path, name));
  }

  /** Returns the name of the kept state with a position. */
  async stateName(index: number): Promise<string> {
    const names = await readdir(join(this.dataDir, 'store', '7330', 'states'));
    return names.sort().at(index)!;
  }
}

/** Changes the bytes of a file. */
export async function mutate(path: string, change: (bytes: Buffer) => Uint8Array): Promise<void> {
  await writeFile(path, change(await readFile(path)));
}

/** Returns the values of a state by address. */
export function valuesOf({ params }: RouterState): Readonly<Record<string, unknown>> {
  return Object.fromEntries(params.map(({ address, value }) => [address, value]));
}
