import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { RouterState } from '../../src/index.js';
import { mutate, StateUnderTest, valuesOf } from './state-under-test.js';

let store: StateUnderTest;
beforeEach(async () => {
  store = await StateUnderTest.create();
});

/** Writes a file beside the store. @returns its path */
async function written(content: unknown): Promise<string> {
  const path = join(store.dataDir, 'state.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** Starts a router on the store, and returns its values. */
async function valuesAfterStart(): Promise<Readonly<Record<string, unknown>>> {
  const [router] = await store.start();
  const state = router.state();
  await router.stop();
  return valuesOf(state);
}

function revisionOf({ params }: RouterState, address: string): number | undefined {
  return params.find((param) => param.address === address)?.revision;
}

describe('clasp-router state restore', () => {
  it('makes a kept state the current one, and keeps the present one', async () => {
    await store.runOnce({ '/a': 1 });
    await store.runOnce({ '/a': 2, '/b': 3 });
    const name = await store.stateName(0);
    const { code, stdout, stderr } = await store.run('restore', name);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const present = await store.stateName(1);
    expect(stderr).toBe(`the state ${name} is the current one: 1 params; the earlier state is kept as ${present}\n`);
    expect(valuesOf(await store.exported())).toEqual({ '/a': 1 });
    expect(valuesOf(await store.exported('--state', present))).toEqual({ '/a': 2, '/b': 3 });
    expect(valuesOf(await store.exported('--state', name))).toEqual({ '/a': 1 });
    expect((await store.run('verify')).code).toBe(0);
    expect(await valuesAfterStart()).toEqual({ '/a': 1 });
  });

  it('raises the revision of a changed param, and remembers that of a removed one', async () => {
    await store.runOnce({ '/a': 1, '/same': 7 });
    await store.runOnce({ '/a': 2, '/b': 3 });
    await store.run('restore', await store.stateName(0));
    const exported = await store.exported();
    expect(exported).toMatchObject({ gone: [['/b', 1]] });
    expect(revisionOf(exported, '/a')).toBe(3);
    expect(revisionOf(exported, '/same')).toBe(1);
    const [, desk] = await store.start();
    await expect(desk.set('/b', 4)).resolves.toMatchObject({ revision: 2 });
  });

  it('continues behind the revisions of a router that was not stopped properly', async () => {
    await store.runOnce({ '/a': 1 });
    const [, desk] = await store.start();
    await desk.set('/a', 2);
    await store.retired();
    const copy = await StateUnderTest.create();
    for (const folder of ['params', 'states']) {
      const path = join('store', '7330', folder);
      await cp(join(store.dataDir, path), join(copy.dataDir, path), { recursive: true });
    }
    await copy.run('restore', await copy.stateName(0));
    const exported = await copy.exported();
    expect(valuesOf(exported)).toEqual({ '/a': 1 });
    expect(revisionOf(exported, '/a')).toBe(10_000_001);
  });

  it('has replaced the state if it is killed before it keeps the present one', async () => {
    await store.runOnce({ '/a': 1 });
    await store.runOnce({ '/a': 2 });
    const present = await store.files();
    const copies = await Promise.all(present.map((path) => readFile(path)));
    await store.run('restore', await store.stateName(0));
    for (const [i, path] of present.entries()) await writeFile(path, copies[i]!);
    expect(valuesOf(await store.exported())).toEqual({ '/a': 1 });
    expect(await valuesAfterStart()).toEqual({ '/a': 1 });
  });

  it('goes back and forth', async () => {
    await store.runOnce({ '/a': 1 });
    await store.runOnce({ '/a': 2 });
    await store.run('restore', await store.stateName(0));
    await store.run('restore', await store.stateName(1));
    expect(await valuesAfterStart()).toEqual({ '/a': 2 });
  });

  it('refuses while a router runs, and changes nothing', async () => {
    await store.runOnce({ '/a': 1 });
    const [, desk] = await store.start();
    await desk.set('/a', 2);
    await store.retired();
    await expect(store.run('restore', await store.stateName(0))).rejects.toThrow(
      /^another router uses the folder \S+: stop it, or change --data-dir or --instance$/,
    );
    expect(valuesOf(await store.exported())).toEqual({ '/a': 2 });
  });

  it('sets damaged files of the present state aside', async () => {
    await store.runOnce({ '/a': 1 });
    await store.runOnce({ '/a': 2 });
    const tail = (await store.files()).find((path) => path.endsWith('.tail'))!;
    await mutate(tail, (bytes) => {
      bytes[80]! ^= 1;
      return bytes;
    });
    await store.run('restore', await store.stateName(0));
    expect(await store.files('damaged')).toHaveLength(1);
    expect((await store.run('verify')).code).toBe(0);
    expect(valuesOf(await store.exported())).toEqual({ '/a': 1 });
  });

  it('needs the name of a state', async () => {
    await expect(store.run('restore')).rejects.toThrow(
      /^state restore needs NAME; see clasp-router state restore --help$/,
    );
  });
});

describe('clasp-router state import', () => {
  it('stores an exported state unchanged in an empty store', async () => {
    const [router, desk] = await store.start();
    await desk.set('/a', new Uint8Array([1, 2]));
    await desk.set('/a', 5n);
    await desk.set('/ttl', 1, { ttlSeconds: 1_000 });
    await desk.announce('/a', [{ address: '/a', type: 'param' }]);
    await router.stop();
    const exported = await store.exported();
    const other = await StateUnderTest.create();
    const file = await written(exported);
    expect((await other.run('import', file)).stderr).toBe(
      `${file} is imported: 2 params; no params were stored before\n`,
    );
    expect(await other.exported()).toEqual({ ...exported, savedAtMicros: expect.any(Number) });
  });

  it('replaces the present state, and keeps it', async () => {
    await store.runOnce({ '/a': 1, '/b': 2 });
    const state = await store.exported('--pattern', '/a');
    await store.run('import', await written({ ...state, params: [{ ...state.params[0], value: 0.75 }] }));
    expect(valuesOf(await store.exported('--state', await store.stateName(0)))).toEqual({ '/a': 1, '/b': 2 });
    expect(revisionOf(await store.exported(), '/a')).toBe(2);
    expect(await valuesAfterStart()).toEqual({ '/a': 0.75 });
  });

  it('keeps other params with --merge', async () => {
    await store.runOnce({ '/a': 1, '/b': 2 });
    const state = await store.exported('--pattern', '/a');
    await store.run('import', '--merge', await written({ ...state, params: [{ ...state.params[0], value: 0.75 }] }));
    expect(await valuesAfterStart()).toEqual({ '/a': 0.75, '/b': 2 });
    expect(revisionOf(await store.exported(), '/b')).toBe(1);
  });

  it('reads the --persist file of the reference router', async () => {
    const param = {
      address: '/a',
      value: { x: [0.5, true] },
      revision: 4,
      writer: 'w',
      timestamp: 1_700_000_000_000_000,
    };
    await store.run('import', await written({ params: [param] }));
    const { timestamp: timestampMicros, ...others } = param;
    expect((await store.exported()).params).toEqual([{ ...others, timestampMicros }]);
    expect(await valuesAfterStart()).toEqual({ '/a': param.value });
  });

  const param = { address: '/a', value: 1, revision: 1, writer: '', timestampMicros: 1 };
  it.each<[string, unknown, RegExp]>([
    ['text that is not JSON', '{"version": 1', /^\S+ is not JSON: /],
    ['another version', { version: 2 }, /^this is no state of a router, version 1$/],
    [
      'a wrong param behind a good one',
      { version: 1, params: [param, { ...param, address: 'b' }], gone: [], signals: [] },
      /^the state of the router is damaged at params\[1\]: /,
    ],
    [
      'a wrong param of the reference router',
      { params: [{ address: '/a', value: 1, revision: 1, writer: '', timestamp: 'now' }] },
      /^the state of the router is damaged at params\[0\]: timestampMicros is no number/,
    ],
    [
      'a param that occurs twice',
      { version: 1, params: [param, param], gone: [], signals: [] },
      /^\S+ has the param \/a twice$/,
    ],
  ])('refuses %s with one sentence, and changes nothing', async (_, content, message) => {
    await store.runOnce({ '/kept': 1 });
    const before = await Promise.all((await store.files()).map((path) => readFile(path)));
    const file = await written(content);
    await expect(store.run('import', file)).rejects.toThrow(message);
    expect(await Promise.all((await store.files()).map((path) => readFile(path)))).toEqual(before);
  });

  it('refuses a file that does not exist with one sentence', async () => {
    await expect(store.run('import', '/no/state.json')).rejects.toThrow(/^ENOENT: [^\n]*\/no\/state\.json'$/);
  });

  it('refuses while a router runs', async () => {
    await store.start();
    const file = await written({ version: 1, params: [], gone: [], signals: [] });
    await expect(store.run('import', file)).rejects.toThrow(/^another router uses the folder /);
  });
});
