import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type Client, connect } from '../../../src/client/node.js';
import { createRouter, type Router, type RouterOptions, webSocket } from '../../../src/index.js';
import { paramsStore, type ParamsStoreServiceOptions } from '../../../src/journal/index.js';
import { cleanUps } from '../../support/clean-ups.js';

async function dataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'clasp-store-'));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A router with a store in the folder, and a client. */
async function started(
  dataDir: string,
  store: Partial<ParamsStoreServiceOptions> = {},
  options: RouterOptions = {},
): Promise<[Router, Client]> {
  const transports = [webSocket({ host: '127.0.0.1', port: 0 })];
  const router = createRouter({ services: [paramsStore({ dataDir, ...store })], transports, ...options });
  cleanUps.push(() => router.stop());
  const [address] = await router.start();
  const client = await connect(address!.url, { name: 'desk', reconnect: false });
  cleanUps.push(() => client.close());
  return [router, client];
}

describe('a router with a params store', () => {
  it('has every param after a restart, with revisions, times and removed params', async () => {
    const dataDir = await dataFolder();
    const [router, desk] = await started(dataDir);
    await desk.set('/light/dim', 0.25);
    await desk.set('/light/dim', 0.5);
    await desk.set('/count', 7n);
    await desk.set('/short', 'gone soon', { ttlSeconds: 1_000 });
    await desk.announce('/light', [{ address: '/light/dim', type: 'param', meta: { unit: '%' } }]);
    const stored = await Promise.all(['/light/dim', '/count', '/short'].map((address) => desk.get(address)));
    await router.stop();

    const [, phone] = await started(dataDir);
    expect(await Promise.all(['/light/dim', '/count', '/short'].map((address) => phone.get(address)))).toEqual(stored);
    await expect(phone.set('/light/dim', 1)).resolves.toMatchObject({ revision: 3 });
    await expect(phone.query('/light/**')).resolves.toMatchObject([{ address: '/light/dim' }]);
  });

  it('stores each interval, so that a router that ends without stop loses little', async () => {
    const dataDir = await dataFolder();
    const [router, desk] = await started(dataDir, { persist: [{ pattern: '/**', sync: 'always' }] });
    for (let i = 1; i <= 50; i++) await desk.set('/a', i);
    await router.stop();
    const [, phone] = await started(dataDir);
    await expect(phone.get('/a')).resolves.toMatchObject({ value: 50, revision: 50 });
  });
});
