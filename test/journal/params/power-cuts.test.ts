import { describe, expect, it } from '@jest/globals';
import { encodeFileHeader } from '../../../src/journal/format/file-header.js';
import { fileNameOf } from '../../../src/journal/format/file-name.js';
import { BlockFlag } from '../../../src/journal/format/layout.js';
import { BlockWriter } from '../../../src/journal/format/block-writer.js';
import { loadParams, type LoadedParams } from '../../../src/journal/params/load-params.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { FaultyDisk } from '../../support/faulty-disk.js';

interface Cut {
  readonly number: number;
  /** The last cut that was on disk when it began. */
  readonly synced: number;
  /** The params of each block; each gets the number of the cut as its value. */
  readonly blocks: readonly (readonly string[])[];
  /** Index of a block of which a sector is lost. */
  readonly lost?: number;
}

/** Adds a file with cuts to the disk. */
function put(disk: FaultyDisk, kind: 'base' | 'tail', generation: number, cuts: readonly Cut[]): void {
  const header = { kind, number: generation, salt: 7 * generation };
  const writer = new BlockWriter(header.salt);
  const parts: Uint8Array[] = [encodeFileHeader(header)];
  for (const { number, synced, blocks, lost } of cuts) {
    blocks.forEach((addresses, index) => {
      writer.begin(number, 0);
      const times = new Map<string, string | bigint>([
        ['wall', 0n],
        ['mono', 0n],
        ['run', 'one'],
      ]);
      if (index === 0) writer.note(times.set('synced', BigInt(synced)));
      for (const address of addresses) {
        const name = writer.newName(address);
        writer.set(name, writer.writerName('desk'), encodeValue(number), number, 0, undefined);
      }
      const end = kind === 'base' ? BlockFlag.End : 0;
      const bytes = Uint8Array.from(writer.finish(index === blocks.length - 1 ? BlockFlag.Last | end : BlockFlag.None));
      if (index === lost) bytes.fill(0, 44);
      parts.push(bytes);
    });
  }
  disk.put(`/params/${fileNameOf(header)}`, Buffer.concat(parts));
}

function load(disk: FaultyDisk): Promise<LoadedParams> {
  return loadParams(
    disk,
    '/params',
    () => false,
    () => Promise.resolve(),
  );
}

function valuesOf({ state }: LoadedParams): object {
  return Object.fromEntries([...state.params].map(([address, { value }]) => [address, value.decode()]));
}

const first: Cut = { number: 1, synced: 0, blocks: [['/left', '/right']] };

describe('the params after a power cut', () => {
  it.each([0, 1])('are those before the last cut, if its block %i is lost and its last block is not', async (lost) => {
    const disk = new FaultyDisk();
    put(disk, 'tail', 1, [first, { number: 2, synced: 1, blocks: [['/left'], ['/other'], ['/right']], lost }]);
    const loaded = await load(disk);
    expect(valuesOf(loaded)).toEqual({ '/left': 1, '/right': 1 });
    expect([loaded.damaged, loaded.tornBytes > 0]).toEqual([[], true]);
  });

  it('are those before an incomplete cut, if a later cut does not state that it was on disk', async () => {
    const disk = new FaultyDisk();
    const cut = { number: 2, synced: 1, blocks: [['/left'], ['/right']], lost: 0 };
    put(disk, 'tail', 1, [first, cut, { number: 3, synced: 1, blocks: [['/left']] }]);
    expect(valuesOf(await load(disk))).toEqual({ '/left': 1, '/right': 1 });
  });

  it('have the readable blocks of a cut that was on disk, and the damage is reported', async () => {
    const disk = new FaultyDisk();
    const cut = { number: 2, synced: 1, blocks: [['/left'], ['/right']], lost: 0 };
    put(disk, 'tail', 1, [first, cut, { number: 3, synced: 2, blocks: [['/other']] }]);
    const loaded = await load(disk);
    expect(valuesOf(loaded)).toEqual({ '/left': 1, '/right': 2, '/other': 3 });
    expect(loaded.damaged).toHaveLength(1);
  });

  it('are those of the base before, if the last base has its end and lacks a block in its middle', async () => {
    const disk = new FaultyDisk();
    put(disk, 'base', 1, [{ ...first, blocks: [['/left'], ['/right']] }]);
    put(disk, 'tail', 1, [{ number: 2, synced: 1, blocks: [['/left', '/right']] }]);
    put(disk, 'base', 2, [{ number: 4, synced: 0, blocks: [['/left'], ['/middle'], ['/right']], lost: 1 }]);
    const loaded = await load(disk);
    expect(valuesOf(loaded)).toEqual({ '/left': 2, '/right': 2 });
    expect(loaded.damaged.map(({ file }) => file)).toEqual(['00000002.0000000e.base']);
  });

  it('have the readable blocks of a damaged base without a predecessor, and the damage is reported', async () => {
    for (const lost of [0, 1, 2]) {
      const disk = new FaultyDisk();
      put(disk, 'base', 2, [{ number: 4, synced: 0, blocks: [['/a'], ['/b'], ['/c']], lost }]);
      put(disk, 'tail', 2, [{ number: 5, synced: 4, blocks: [['/d']] }]);
      const loaded = await load(disk);
      const kept = ['/a', '/b', '/c'].filter((_, index) => index !== lost).map((address) => [address, 4]);
      expect(valuesOf(loaded)).toEqual({ ...Object.fromEntries(kept), '/d': 5 });
      expect(loaded.damaged).toHaveLength(1);
    }
  });
});
