import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { FaultyDisk } from '../../support/faulty-disk.js';
import { FOLDER, settled, StoreUnderTest } from './store-under-test.js';

const NEWER = '00000009.5eed5eed.tail';
const newer = readFileSync(new URL(`../../golden/durability/${NEWER}`, import.meta.url));

/** Begins a store whose files were not loaded, writes, and waits until its base is on disk. */
async function begunUnread(disk: FaultyDisk): Promise<void> {
  const store = new StoreUnderTest(disk, { run: 'unread' });
  await expect(store.start()).rejects.toThrow();
  disk.disturb = () => undefined;
  await store.store.begin();
  store.write();
  store.store.flush();
  await settled();
  expect(store.store.status).toBe('ready');
}

describe('the files that a start could not load', () => {
  it('move to a state that is kept, unchanged, if a newer version wrote one of them', async () => {
    const disk = new FaultyDisk();
    disk.put(`${FOLDER}/params/${NEWER}`, newer);
    await begunUnread(disk);
    const kept = disk.paths.filter((path) => path.endsWith(NEWER));
    expect(kept).toEqual([expect.stringMatching(/^\/store\/states\/.*\.kept\//)]);
    expect(disk.contentOf(kept[0]!)).toEqual(newer);
  });

  it('move to a state that is kept, if the disk reported an error while they were read', async () => {
    const first = new StoreUnderTest(new FaultyDisk(), { run: 'first' });
    await first.start();
    first.write();
    await first.store.close();
    const disk = first.disk.kill();
    const before = disk.paths;
    disk.disturb = (_, call) => (call === 'read' ? { code: 'EIO' } : undefined);
    await begunUnread(disk);
    const kept = disk.paths.filter((path) => /^\/store\/states\/.*\.kept\//.test(path));
    expect(kept.map((path) => path.split('/').at(-1))).toEqual(before.map((path) => path.split('/').at(-1)));
  });
});
