import { beforeEach, describe, expect, it } from '@jest/globals';
import { BlockWriter } from '../../../src/journal/format/block-writer.js';
import { scanBlocks, type StoredBlock } from '../../../src/journal/format/block-reader.js';
import { decodeRecords } from '../../../src/journal/format/decode-records.js';
import type { StoredRecord } from '../../../src/journal/format/records.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';

const SALT = 0x9f3a21c4;
const TIME = 1_767_225_600_000_000;
const value = encodeValue(0.5);

function read(bytes: Uint8Array): StoredBlock {
  const [block] = scanBlocks(Buffer.concat([new Uint8Array(32), bytes]), { salt: SALT, blocksAt: 32 });
  if (block?.type !== 'block') throw new Error('the block is not whole');
  return block;
}

function recordsOf(bytes: Uint8Array): readonly StoredRecord[] {
  const { records, fault } = decodeRecords(read(bytes));
  if (records === undefined) throw new Error(fault);
  return records;
}

describe('a block writer', () => {
  let writer: BlockWriter;

  beforeEach(() => {
    writer = new BlockWriter(SALT);
    writer.begin(3, TIME);
  });

  // The CRCs are those of Python's zlib.
  it('has the layout of the format', () => {
    writer.set(writer.name('/a'), writer.name('s'), value, 7, TIME + 258);
    expect(Buffer.from(writer.finish(1)).toString('hex')).toBe(
      '434c4231' +
        '25000000' +
        '0300000000000000' +
        '0040204648470600' +
        '0100' +
        '0000' +
        '01000000' +
        'ef9f4f0e' +
        '3d4a1573' +
        '0102002f61' +
        '01010073' +
        '21' +
        '07' +
        '0000' +
        '0100' +
        '02010000' +
        '0700000000000000' +
        '0800' +
        '3fe0000000000000',
    );
  });

  it('counts its bytes and entries, without names, notes and gaps', () => {
    expect([writer.isEmpty, writer.byteLength, writer.entries]).toEqual([true, 40, 0]);
    writer.note(new Map([['event', 'start']]));
    writer.gap(1, 2, 'diskSlow');
    const address = writer.name('/a');
    expect([writer.isEmpty, writer.entries]).toEqual([false, 0]);
    writer.set(address, address, value, 1, TIME);
    writer.gone(address, 1, 'expired', TIME);
    expect(writer.entries).toBe(2);
    expect(writer.finish(0)).toHaveLength(writer.byteLength);
  });

  it('writes a name once per block, and again in the next block', () => {
    const { serial } = writer;
    expect([writer.name('/a'), writer.name('/b'), writer.name('/a')]).toEqual([0, 1, 0]);
    writer.begin(4, TIME);
    expect(writer.serial).not.toBe(serial);
    expect(writer.name('/b')).toBe(0);
  });

  it('returns bytes that the next block does not change', () => {
    writer.set(writer.name('/a'), writer.name('s'), value, 1, TIME);
    const bytes = writer.finish(1);
    const before = Buffer.from(bytes);
    writer.begin(9, 0);
    writer.set(writer.name('/b'), writer.name('t'), encodeValue('other'), 2, TIME);
    writer.finish(0);
    expect(before.equals(bytes)).toBe(true);
  });

  it('is full at 256 KiB, and still takes the largest record before', () => {
    const large = encodeValue(new Uint8Array(65_533));
    let count = 0;
    while (!writer.isFull) {
      writer.set(
        writer.name(`/${'é'.repeat(511)}${count % 10}`),
        writer.name('w'.repeat(1_024)),
        large,
        2n ** 64n - 1n,
        0,
        {
          ttlSeconds: 1,
          expiresAtMicros: 2n ** 64n - 1n,
        },
      );
      count++;
    }
    expect(count).toBe(4);
    expect(recordsOf(writer.finish(0))).toHaveLength(4);
  });

  it('is full at 65,534 names, so that the two names of the next record fit', () => {
    for (let i = 0; !writer.isFull; i++) writer.newName('');
    expect(writer.byteLength).toBe(40 + 3 * 65_534);
    expect(writer.newName('')).toBe(65_534);
    expect(() => writer.newName('')).toThrow(RangeError);
  });

  it('refuses more than 1 MiB if the caller ignores that it is full', () => {
    const large = encodeValue(new Uint8Array(65_533));
    const name = writer.name('/a');
    expect(() => {
      for (let i = 0; i < 17; i++) writer.set(name, name, large, i, TIME);
    }).toThrow('the block is full');
    expect(recordsOf(writer.finish(0))).toHaveLength(15);
  });

  it('refuses a name of more than 1,024 bytes, and clips that of a writer', () => {
    for (const long of ['x'.repeat(1_025), 'é'.repeat(513)]) expect(() => writer.name(long)).toThrow('1024');
    writer.set(writer.name('/a'), writer.writerName('é'.repeat(600)), value, 1, TIME);
    expect(recordsOf(writer.finish(0))).toMatchObject([{ writer: 'é'.repeat(512) }]);
  });

  it('clips a time that a record cannot hold, and rounds a fraction down', () => {
    const name = writer.name('/a');
    writer.gone(name, 1, 'removed', TIME - 1);
    writer.gone(name, 1, 'removed', TIME + 2 ** 33);
    writer.set(name, name, value, 1, TIME + 0.75);
    writer.set(name, name, value, 1, TIME - 0.25);
    writer.set(name, name, value, 1, -5);
    writer.set(name, name, value, 1, NaN);
    writer.set(name, name, value, 1, 1e300);
    expect(recordsOf(writer.finish(0)).map((record) => 'timeMicros' in record && record.timeMicros)).toEqual([
      TIME,
      TIME + 2 ** 32 - 1,
      TIME,
      TIME - 1,
      0,
      0,
      Number.MAX_SAFE_INTEGER,
    ]);
  });

  it('rounds a time to live up to a second', () => {
    const name = writer.name('/a');
    writer.set(name, name, value, 1, TIME, { ttlSeconds: 0.25 });
    expect(recordsOf(writer.finish(0))).toMatchObject([{ ttlSeconds: 1 }]);
  });

  it('skips a signal and a PUBLISH that exceed 65,535 bytes', () => {
    const long = 'x'.repeat(65_400);
    const name = writer.name('/a');
    const before = writer.byteLength;
    const definition = { address: '/a', type: 'param' as const, meta: { unit: long, description: long } };
    const message = { type: 'publish' as const, address: '/a', samples: new Array<number>(9_000).fill(1) };
    expect(writer.signal(definition)).toBe(false);
    expect(writer.publish(name, name, message, TIME)).toBe(false);
    expect(() =>
      writer.note(
        new Map([
          ['a', long],
          ['b', long],
        ]),
      ),
    ).toThrow(RangeError);
    expect([writer.byteLength, writer.entries]).toEqual([before, 0]);
  });
});
