import { beforeEach, describe, expect, it } from '@jest/globals';
import { UsageError } from '../../src/cli/usage-error.js';
import { readState } from '../../src/core/params/param-state.js';
import { mutate, StateUnderTest, valuesOf } from './state-under-test.js';

let store: StateUnderTest;
beforeEach(async () => {
  store = await StateUnderTest.create();
});

describe('clasp-router state export', () => {
  it('prints the state of a stopped router as the router had it', async () => {
    const [router, desk] = await store.start();
    await desk.set('/b', 0.5);
    await desk.set('/a', [1n, new Uint8Array([0, 1]), 'text']);
    await desk.set('/ttl', 1, { ttlSeconds: 100 });
    await desk.announce('/a', [{ address: '/a', type: 'param' }]);
    const { params, gone, signals } = router.state();
    await router.stop();
    const exported = await store.exported();
    const byAddress = [...params].sort((one, other) => (one.address < other.address ? -1 : 1));
    expect(exported).toEqual({
      version: 1,
      savedAtMicros: expect.any(Number),
      params: byAddress.map((param) =>
        param.expiresAtMicros === undefined ? param : { ...param, expiresAtMicros: expect.any(Number) },
      ),
      gone,
      signals,
    });
    const expiryOf = (list: typeof params): number => list.find(({ address }) => address === '/ttl')!.expiresAtMicros!;
    expect(Math.abs(expiryOf(exported.params) - expiryOf(params))).toBeLessThan(1_000_000);
    expect(() => readState(exported)).not.toThrow();
  });

  it('prints one line per param', async () => {
    await store.runOnce({ '/a': 1, '/b': 2 });
    const { stdout } = await store.run('export');
    expect(stdout.split('\n').filter((line) => line.startsWith('    {"address":"/'))).toHaveLength(2);
  });

  it('prints each acknowledged write while a router runs', async () => {
    const [, desk] = await store.start();
    for (let i = 1; i <= 20; i++) {
      await desk.set('/a', i);
      expect(valuesOf(await store.exported())).toEqual({ '/a': i });
    }
  });

  it('prints only addresses that match --pattern', async () => {
    await store.runOnce({ '/lights/1': 1, '/sound/1': 2 });
    expect(valuesOf(await store.exported('--pattern', '/lights/**'))).toEqual({ '/lights/1': 1 });
  });

  it('prints a kept state with --state', async () => {
    await store.runOnce({ '/a': 1 });
    await store.runOnce({ '/a': 2 });
    expect(valuesOf(await store.exported('--state', await store.stateName(0)))).toEqual({ '/a': 1 });
    expect(valuesOf(await store.exported())).toEqual({ '/a': 2 });
  });
});

describe('clasp-router state list', () => {
  it('lists the current state and the kept ones, the oldest first', async () => {
    await store.runOnce({ '/a': 1 });
    await store.runOnce({ '/a': 2, '/b': 3 });
    await store.runOnce({ '/c': 3 });
    const { code, stdout } = await store.run('list');
    expect(code).toBe(0);
    const row = (name: string, params: number): string =>
      `${name} +\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC +${params} +\\d+\\n`;
    const names = [await store.stateName(0), await store.stateName(1)];
    expect(stdout).toMatch(
      new RegExp(`^STATE +TIME +PARAMS +BYTES\\n${row('\\(current\\)', 3)}${row(names[0]!, 1)}${row(names[1]!, 2)}$`),
    );
  });

  it('works while a router runs', async () => {
    const [, desk] = await store.start();
    await desk.set('/a', 1);
    expect((await store.run('list')).stdout).toMatch(/^\(current\) .* UTC +1 +\d+$/m);
  });
});

describe('clasp-router state verify', () => {
  beforeEach(async () => {
    await store.runOnce({ '/a': 1 });
    await store.runOnce({ '/a': 2 });
  });

  it('states that the files of a stopped router are whole, with exit code 0', async () => {
    const { code, stdout } = await store.run('verify');
    expect(code).toBe(0);
    const [title, ...rows] = stdout.trimEnd().split('\n');
    expect(title).toMatch(/^FILE +BYTES +RECORDS +CONDITION$/);
    expect(rows.length).toBeGreaterThanOrEqual(3);
    for (const row of rows)
      expect(row).toMatch(/^(params|states\/[^/]+)\/\d{8}\.\w{8}\.(base|tail) +\d+ +\d+ {2,}whole$/);
  });

  it('states torn bytes with exit code 0', async () => {
    const tail = (await store.files()).find((path) => path.endsWith('.tail'))!;
    await mutate(tail, (bytes) => bytes.subarray(0, -3));
    const { code, stdout } = await store.run('verify');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\.tail +\d+ +\d+ {2,}\d+ torn bytes at the end$/m);
  });

  it('states damaged ranges with exit code 1', async () => {
    const tail = (await store.files()).find((path) => path.endsWith('.tail'))!;
    await mutate(tail, (bytes) => {
      bytes[80]! ^= 1; // in the payload of the first block
      return bytes;
    });
    const { code, stdout } = await store.run('verify');
    expect(code).toBe(1);
    expect(stdout).toMatch(/\.tail +\d+ +\d+ {2,}damaged from byte 32 to \d+$/m);
  });

  it('states a base without an end as unfinished', async () => {
    const base = (await store.files()).find((path) => path.endsWith('.base'))!;
    await mutate(base, (bytes) => bytes.subarray(0, 32));
    const { code, stdout } = await store.run('verify');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\.base +32 +0 {2,}unfinished$/m);
  });

  it('states the file of a newer version with exit code 2', async () => {
    const { crc32 } = await import('node:zlib');
    const base = (await store.files()).find((path) => path.endsWith('.base'))!;
    await mutate(base, (bytes) => {
      bytes[8] = 2;
      bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
      return bytes;
    });
    const { code, stdout } = await store.run('verify');
    expect(code).toBe(2);
    expect(stdout).toMatch(/\.base .* not readable: \S+ was written by a newer clasp-router \(format 2\)$/m);
    expect((await store.run('list')).stdout).toMatch(/^\(current\) +- +not readable +\d+$/m);
  });
});

describe('clasp-router state', () => {
  it.each<[readonly string[], RegExp | string]>([
    [[], /^state needs a command: list, /],
    [['lst'], 'unknown command state lst (did you mean list?)'],
    [['list', 'more'], /^unexpected argument "more"/],
    [['list', '--instance', '../tokens'], /^--instance must be up to 64 letters/],
    [['export', '--pattern', 'lights'], /^--pattern: invalid pattern/],
    [['export', '--state', '../params'], /^the name of a state has letters/],
  ])('refuses %j with one sentence', async (args, message) => {
    await expect(store.run(...args)).rejects.toThrow(message);
    await expect(store.run(...args)).rejects.toThrow(UsageError);
  });

  it('names the stores of the data folder if it has no such one', async () => {
    await expect(store.run('list')).rejects.toThrow(/^no store 7330 in \S+\/store: it has no stores$/);
    await store.runOnce({ '/a': 1 });
    await expect(store.run('list', '--instance', '9000')).rejects.toThrow(
      new UsageError(`no store 9000 in ${store.dataDir}/store: --instance can be 7330`),
    );
  });

  it('names the command that lists the states if a state does not exist', async () => {
    await store.runOnce({ '/a': 1 });
    await expect(store.run('export', '--state', '2026')).rejects.toThrow(
      /^no state 2026 in \S+; clasp-router state list shows all states$/,
    );
  });

  it('prints the help of all commands, and of one', async () => {
    const all = (await store.run('--help')).stdout;
    for (const name of ['list', 'verify', 'export']) expect(all).toContain(`clasp-router state ${name} `);
    expect((await store.run('export', '-h')).stdout).toMatch(/--pattern PATTERN +prints only addresses .*\(\/\*\*\)/);
  });
});
