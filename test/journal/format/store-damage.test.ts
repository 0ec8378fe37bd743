import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { scanBlocks } from '../../../src/journal/format/block-reader.js';
import { decodeRecords } from '../../../src/journal/format/decode-records.js';
import { decodeFileHeader } from '../../../src/journal/format/file-header.js';
import { Random } from '../../support/mutate.mjs';
import { type Format, StoreFaults } from '../../support/store-faults.mjs';

const format: Format = { decodeFileHeader, scanBlocks, decodeRecords };
const folder = new URL('../../golden/durability/', import.meta.url);
const names = readdirSync(folder).filter((name) => /^0+(7|1|8|1000)\..*\.(tail|base|log|rec)$/.test(name));
const faultsOf = (name: string, tested = format): StoreFaults =>
  new StoreFaults(tested, name, readFileSync(new URL(name, folder)));

/** Runs a check for 0..count-1. @returns the violations */
function violations(count: number, check: (index: number) => string | undefined): readonly string[] {
  return Array.from({ length: count }, (_, index) => check(index)).filter((violation) => violation !== undefined);
}

describe.each(names)('the damaged golden file %s', (name) => {
  const faults = faultsOf(name);

  it('gives its whole blocks and the tear at each length', () => {
    expect(violations(faults.byteLength + 1, (length) => faults.truncated(length))).toEqual([]);
  });

  it('loses at most one block to a flipped bit, and reports it', () => {
    const random = new Random(17);
    const bits = 8 * faults.byteLength;
    expect(violations(400, () => faults.flipped(random.below(bits)))).toEqual([]);
  });

  it('gives no wrong block after a mutation', () => {
    expect(violations(400, (seed) => faults.mutated(seed))).toEqual([]);
  });

  it('gives no wrong block among random bytes', () => {
    expect(violations(400, (seed) => faults.noise(seed))).toEqual([]);
  });
});

describe('the check of damaged files', () => {
  const name = '00000007.04be77d1.tail';

  it('covers five files', () => expect(names).toHaveLength(5));

  it('finds a reader that does not check the payload', () => {
    const careless: Format = {
      ...format,
      *scanBlocks(file, header) {
        const whole = readFileSync(new URL(name, folder));
        if (!(file instanceof Uint8Array) || file.length !== whole.length) throw new Error('it tests flips');
        for (const item of scanBlocks(whole, header)) {
          yield item.type === 'block' ? { ...item, payload: file.subarray(item.start + 40, item.end) } : item;
        }
      },
      decodeRecords: () => ({ records: [] }),
    };
    const faults = faultsOf(name, careless);
    expect(violations(200, (bit) => faults.flipped(8 * 500 + bit)).length).toBeGreaterThan(100);
  });

  it('finds a reader that stops at the first damage', () => {
    const timid: Format = {
      ...format,
      *scanBlocks(file, header) {
        for (const item of scanBlocks(file, header)) {
          if (item.type === 'damaged') return;
          yield item;
        }
      },
    };
    const faults = faultsOf(name, timid);
    expect(violations(200, (bit) => faults.flipped(8 * 500 + bit)).length).toBeGreaterThan(100);
  });

  it('finds a reader that does not report a tear', () => {
    const silent: Format = {
      ...format,
      *scanBlocks(file, header) {
        for (const item of scanBlocks(file, header)) if (item.type !== 'torn') yield item;
      },
    };
    const faults = faultsOf(name, silent);
    expect(violations(500, (length) => faults.truncated(length)).length).toBeGreaterThan(400);
  });
});
