import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type Client, connect } from '../../../src/client/node.js';
import { createRouter, type Router, type RouterOptions, webSocket } from '../../../src/index.js';
import { paramsStore, type ParamsStoreService, type ParamsStoreServiceOptions } from '../../../src/journal/index.js';
import { cleanUps } from '../../support/clean-ups.js';
import { FaultyDisk } from '../../support/faulty-disk.js';

/** Matches a text with this part. */
function matching(part: string): unknown {
  return expect.stringContaining(part);
}

interface Started {
  readonly router: Router;
  readonly store: ParamsStoreService;
  readonly client: Client;
  readonly logged: readonly string[];
}

async function started(store: ParamsStoreServiceOptions, options: RouterOptions = {}): Promise<Started> {
  const logged: string[] = [];
  const log = (_: object, message: string): void => void logged.push(message);
  const service = paramsStore(store);
  const transports = [webSocket({ host: '127.0.0.1', port: 0 })];
  const logger = { debug: () => undefined, info: log, warn: log, error: log };
  const router = createRouter({ services: [service], transports, logger, ...options });
  cleanUps.push(() => router.stop());
  const [address] = await router.start();
  const client = await connect(address!.url, { name: 'desk', reconnect: false });
  cleanUps.push(() => client.close());
  return { router, store: service, client, logged };
}

const always = [{ pattern: '/config/**', sync: 'always' as const }, { pattern: '/**' }];

describe('a write under always', () => {
  it('is acknowledged when its cut is on disk, and other sessions do not wait', async () => {
    const disk = new FaultyDisk();
    const { router, client } = await started({ dataDir: '/data', files: disk, persist: always });
    await client.set('/config/a', 1);
    disk.disturb = (_, call) => (call === 'sync' ? 'hang' : undefined);
    let isAcknowledged = false;
    const writing = client.set('/config/a', 2).then(() => (isAcknowledged = true));
    const other = await router.connect({ name: 'other' });
    await expect(other.set('/free', 1)).resolves.toMatchObject({ revision: 1 });
    await expect(other.get('/config/a')).resolves.toMatchObject({ value: 2 });
    expect(isAcknowledged).toBe(false);
    disk.disturb = () => undefined;
    disk.release();
    await writing;
  });

  it('gets 500 if it was applied and not stored, then 503 without a change, until the disk works again', async () => {
    const disk = new FaultyDisk();
    const { client, store } = await started({ dataDir: '/data', files: disk, persist: always });
    await client.set('/config/a', 1);
    disk.disturb = (_, call) => (call === 'append' ? { code: 'ENOSPC' } : undefined);
    await expect(client.set('/config/a', 2)).rejects.toMatchObject({
      code: 500,
      message: matching('Applied, not stored: the disk is full (ENOSPC)'),
    });
    await expect(client.set('/config/a', 3)).rejects.toMatchObject({
      code: 503,
      message: matching('Store unavailable: the disk is full (ENOSPC); nothing was changed'),
    });
    await expect(client.set('/free', 1)).resolves.toMatchObject({ revision: 1 });
    await expect(client.get('/config/a')).resolves.toMatchObject({ value: 2, revision: 2 });
    disk.disturb = () => undefined;
    while (store.status !== 'ready') await client.get('/config/a'); // the store retries after 1 s
    await expect(client.set('/config/a', 4)).resolves.toMatchObject({ revision: 3 });
  });

  it('is acknowledged although the disk fails, if the store continues', async () => {
    const disk = new FaultyDisk();
    const options = { dataDir: '/data', files: disk, persist: always, onStoreFailure: 'continue' as const };
    const { client, store } = await started(options);
    disk.disturb = () => ({ code: 'EIO' });
    await expect(client.set('/config/a', 1)).resolves.toMatchObject({ revision: 1 });
    await expect(client.set('/config/a', 2)).resolves.toMatchObject({ revision: 2 });
    expect(store.status).toBe('retrying');
  });
});

describe('a start', () => {
  it('that admits fewer params than were stored keeps the others as a state, with one warning', async () => {
    const disk = new FaultyDisk();
    const first = await started({ dataDir: '/data', files: disk });
    for (let i = 0; i < 5; i++) await first.client.set(`/p/${i}`, i);
    await first.router.stop();
    const second = await started({ dataDir: '/data', files: disk }, { maxParams: 2 });
    const warnings = second.logged.filter((message) => message.includes('state restore'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^5 params were stored, and this start admits 2 of them\..*clasp-router state restore \S+\.kept$/,
    );
    await expect(second.client.get('/p/4')).resolves.toMatchObject({ value: 4 });
    await expect(second.client.get('/p/0')).resolves.toBeUndefined();
    await second.router.stop();
    expect(disk.paths.filter((path) => path.includes('.kept/')).length).toBeGreaterThan(0);
  });

  it('with rules that no longer keep a param stores it as a state too', async () => {
    const disk = new FaultyDisk();
    const first = await started({ dataDir: '/data', files: disk });
    await first.client.set('/sensors/a', 1);
    await first.client.set('/light', 1);
    await first.router.stop();
    const persist = [{ pattern: '/sensors/**', keep: false }, { pattern: '/**' }];
    const second = await started({ dataDir: '/data', files: disk, persist });
    await expect(second.client.get('/light')).resolves.toMatchObject({ value: 1 });
    await expect(second.client.get('/sensors/a')).resolves.toBeUndefined();
    expect(second.logged.join()).toContain('this start admits 1 of them');
  });

  it('reports an unclean stop, and none after a clean one', async () => {
    const disk = new FaultyDisk();
    const first = await started({ dataDir: '/data', files: disk });
    await first.client.set('/a', 1);
    await first.router.stop();
    const second = await started({ dataDir: '/data', files: disk });
    const text = 'the router was not stopped properly; its last changes may be missing';
    expect(second.logged).not.toContain(text);
    await second.client.set('/a', 2);
    const killed = disk.kill();
    const third = await started({ dataDir: '/data', files: killed });
    expect(third.logged).toContain(text);
  });

  it('can be repeated after another service did not start', async () => {
    const disk = new FaultyDisk();
    let isBroken = true;
    const broken = {
      name: 'broken',
      start: () => (isBroken ? Promise.reject(new Error('not yet')) : Promise.resolve()),
    };
    const store = paramsStore({ dataDir: '/data', files: disk });
    const router = createRouter({ services: [store, broken] });
    cleanUps.push(() => router.stop());
    await expect(router.start()).rejects.toThrow('not yet');
    isBroken = false;
    await router.start();
    expect(store.status).toBe('ready');
    await (await router.connect()).set('/a', 1);
    await router.stop();
    const next = await started({ dataDir: '/data', files: disk });
    await expect(next.client.get('/a')).resolves.toMatchObject({ value: 1 });
  });

  it('of a second router on the same folder rejects, and the first one continues', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'clasp-two-'));
    cleanUps.push(() => rm(dataDir, { recursive: true, force: true }));
    const first = await started({ dataDir });
    await expect(started({ dataDir })).rejects.toMatchObject({
      code: 'CLASP_ERR_SERVICE',
      message: matching('another router uses the folder'),
    });
    await expect(first.client.set('/a', 1)).resolves.toMatchObject({ revision: 1 });
    await expect(started({ dataDir, instance: 'other' })).resolves.toBeDefined();
  });
});
