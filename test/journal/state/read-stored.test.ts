import { describe, expect, it } from '@jest/globals';
import { readStored } from '../../../src/journal/state/index.js';
import { FaultyDisk } from '../../support/faulty-disk.js';
import { FOLDER, settled, StoreUnderTest } from '../params/store-under-test.js';

const PARAMS = `${FOLDER}/params`;

/** A disk with the files of a store that has written `/a`, and was closed. */
async function writtenDisk(): Promise<FaultyDisk> {
  const disk = new FaultyDisk();
  const store = new StoreUnderTest(disk, { run: 'first' });
  await store.start();
  store.set('/a', 7);
  await settled();
  await store.store.close();
  return disk;
}

/** Lets reads find that a router has moved the file. @param misses how many of them */
function move(disk: FaultyDisk, misses: number): void {
  let reads = 0;
  disk.disturb = (_, call) => (call === 'read' && ++reads <= misses ? { code: 'ENOENT' } : undefined);
}

describe('readStored', () => {
  it('reads the folder again if a router has moved a file meanwhile', async () => {
    const disk = await writtenDisk();
    move(disk, 2);
    const { state } = await readStored(disk, PARAMS);
    expect([...state.params].map(([address, { value }]) => [address, value.decode()])).toEqual([['/a', 7]]);
  });

  it('rejects with ENOENT after ten attempts', async () => {
    const disk = await writtenDisk();
    move(disk, Infinity);
    await expect(readStored(disk, PARAMS)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
