import { describe, expect, it } from '@jest/globals';
import { BlockScanner, type ScanItem, scanBlocks } from '../../../src/journal/format/block-reader.js';
import { BlockWriter } from '../../../src/journal/format/block-writer.js';
import { checksum } from '../../../src/journal/format/layout.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';

const SALT = 77;
const HEADER = { salt: SALT, blocksAt: 32 };
const fileHeader = Buffer.alloc(32);

function block(number: number, value: Uint8Array = Uint8Array.of(1), salt = SALT): Uint8Array {
  const writer = new BlockWriter(salt);
  writer.begin(number, 0);
  writer.set(writer.name('/a'), writer.name('s'), encodeValue(value), 1, 0);
  return writer.finish(1);
}

/** Returns the items without payloads: numbers of blocks, ranges of the rest. */
function summary(items: Iterable<ScanItem>): readonly unknown[] {
  return Array.from(items, (item) => (item.type === 'block' ? item.number : [item.type, item.start, item.end]));
}

const scanned = (...parts: readonly Uint8Array[]): readonly unknown[] =>
  summary(scanBlocks(Buffer.concat([fileHeader, ...parts]), HEADER));

/** Returns the block with another header field and matching CRCs. */
function reheaded(bytes: Uint8Array, change: (header: Buffer) => void): Uint8Array {
  const copy = Buffer.from(bytes);
  change(copy);
  copy.writeUInt32LE(checksum(copy.subarray(0, 36), SALT), 36);
  return copy;
}

describe('a block scanner', () => {
  const size = block(1).length;

  it('finds nothing in a file that has only a header', () => expect(scanned()).toEqual([]));

  it('never finds a block of another file', () => {
    expect(scanned(block(1), block(2, undefined, SALT + 1), block(3))).toEqual([
      1,
      ['damaged', 32 + size, 32 + 2 * size],
      3,
    ]);
  });

  it('joins damage of several blocks to one range', () => {
    const broken = Buffer.from(block(2)).fill(0, 50, 60);
    expect(scanned(block(1), broken, broken, block(3))).toEqual([1, ['damaged', 32 + size, 32 + 3 * size], 3]);
  });

  it('finds the next block behind inserted bytes, in pieces of any size', () => {
    const noise = Buffer.from('CLB1 CLBCCLB1C');
    const bytes = Buffer.concat([fileHeader, block(1), noise, block(2), noise]);
    const expected = [
      1,
      ['damaged', 32 + size, 32 + size + noise.length],
      2,
      ['torn', 32 + 2 * size + noise.length, bytes.length],
    ];
    for (let length = 1; length < 200; length++) {
      const scanner = new BlockScanner(HEADER);
      const items: ScanItem[] = [];
      for (let at = 0; at < bytes.length; at += length) items.push(...scanner.push(bytes.subarray(at, at + length)));
      expect(summary([...items, ...scanner.end()])).toEqual(expected);
    }
  });

  it('does not take a value for a block, even if its bytes are those of one', () => {
    const inner = block(99);
    expect(scanned(block(1, inner), block(2))).toEqual([1, 2]);
    const outer = Buffer.from(block(1, inner));
    outer.writeUInt8(outer.readUInt8(41) ^ 1, 41); // its payload is damaged, its header is whole
    expect(scanned(outer, block(2))).toEqual([['damaged', 32, 32 + outer.length], 2]);
  });

  it.each<[string, (header: Buffer) => void]>([
    ['more than 1 MiB', (header) => header.writeUInt32LE(1_048_577, 4)],
    ['a number beyond 2^53 - 1', (header) => header.writeBigUInt64LE(2n ** 53n, 8)],
    ['a time at which that of a record would be inexact', (header) => header.writeBigUInt64LE(2n ** 53n - 1n, 16)],
  ])('rejects a header that claims %s', (_what, change) => {
    expect(scanned(reheaded(block(1), change), block(2))).toEqual([['damaged', 32, 32 + size], 2]);
  });

  it('takes a file without blocks as one torn range', () => {
    const scanner = new BlockScanner(HEADER);
    const piece = Buffer.alloc(65_536, 'CLB');
    for (let i = 0; i < 1_000; i++) expect(scanner.push(piece)).toEqual([]);
    expect(scanner.end()).toEqual([{ type: 'torn', start: 32, end: 65_536_000 }]);
  });

  it('takes a block of 1 MiB in small pieces', () => {
    const payload = Buffer.alloc(1_048_576);
    const bytes = Buffer.concat([block(1).subarray(0, 40), payload]);
    bytes.writeUInt32LE(payload.length, 4);
    bytes.writeUInt32LE(checksum(payload, SALT), 32);
    bytes.writeUInt32LE(checksum(bytes.subarray(0, 36), SALT), 36);
    const file = Buffer.concat([fileHeader, bytes]);
    const scanner = new BlockScanner(HEADER);
    const items: ScanItem[] = [];
    for (let at = 0; at < file.length; at += 1_000) items.push(...scanner.push(file.subarray(at, at + 1_000)));
    expect(items).toMatchObject([{ type: 'block', start: 32, end: file.length }]);
    expect(scanner.end()).toEqual([]);
  });
});
