import { describe, expect, it } from '@jest/globals';
import { FaultyDisk } from '../../support/faulty-disk.js';
import { settled, StoreUnderTest, violationsOf } from './store-under-test.js';

describe('a base that is due while the files before the last base are still removed', () => {
  it('leaves the tail of the last base, and itself, on disk', async () => {
    const disk = new FaultyDisk();
    const store = new StoreUnderTest(disk, { run: 'first' });
    await store.start();
    await settled();
    let last = '';
    let isHung = false;
    disk.disturb = (_, call, path) => {
      const follows = last.startsWith('close') && last.endsWith('.base') && call === 'syncFolder';
      last = `${call} ${path}`;
      if (!follows || isHung) return undefined;
      isHung = true;
      return 'hang'; // the base is whole, and the files before it are not removed yet
    };
    for (let i = 0; i < 60; i++) {
      store.write();
      store.store.flush();
      await settled();
    }
    expect(isHung).toBe(true);
    disk.release();
    await settled();
    expect(store.acknowledged).toBe(60);
    const next = new StoreUnderTest(disk.kill(), { run: 'second' });
    expect(violationsOf(await next.start(), 60, 60)).toEqual([]);
  });
});
