import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type FileHeader, fileKinds } from '../../../src/journal/format/file-name.js';
import { arbitrarySafeU64, arbitraryU32 } from '../../support/arbitraries.js';
import { comparable } from '../../support/comparable.js';
import { fileBytes, readFile } from '../../support/store-file.js';
import { arbitraryBlock } from '../../support/stored-record-arbitraries.js';

const arbitraryHeader: fc.Arbitrary<FileHeader> = fc.record({
  kind: fc.constantFrom(...fileKinds),
  number: arbitrarySafeU64,
  salt: arbitraryU32,
});
const arbitraryBlocks = fc.array(arbitraryBlock, { maxLength: 4 });

describe('a file of the store', () => {
  it('is read as it was written, in pieces of any size', () => {
    fc.assert(
      fc.property(
        arbitraryHeader,
        arbitraryBlocks,
        fc.integer({ min: 1, max: 5_000 }),
        (header, blocks, pieceBytes) => {
          const bytes = fileBytes(header, blocks);
          const read = readFile(bytes, header, pieceBytes);

          expect(read.headerState).toBe('whole');
          expect(read.broken).toEqual([]);
          expect(read.blocks.map(({ number, timeMicros, flags }) => [number, timeMicros, flags])).toEqual(
            blocks.map(({ number, timeMicros, flags }) => [number, timeMicros, flags]),
          );
          expect(read.records).toEqual(blocks.map(({ records }) => comparable(records)));
        },
      ),
      { numRuns: 300 },
    );
  });
});
