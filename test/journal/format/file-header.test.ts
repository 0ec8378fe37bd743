import { describe, expect, it } from '@jest/globals';
import { decodeFileHeader, encodeFileHeader } from '../../../src/journal/format/file-header.js';
import { type FileHeader, fileNameOf, parseFileName } from '../../../src/journal/format/file-name.js';
import { checksum } from '../../../src/journal/format/layout.js';

const header: FileHeader = { kind: 'tail', number: 7, salt: 0x04be77d1 };
const name = '00000007.04be77d1.tail';

/** Returns the header with other bytes and a matching CRC. */
function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(encodeFileHeader(header));
  change(bytes);
  bytes.writeUInt32LE(checksum(bytes.subarray(0, 28), 0), 28);
  return bytes;
}

describe('the header of a file', () => {
  // The CRC is that of Python's zlib.
  it('has the layout of the format', () => {
    expect(Buffer.from(encodeFileHeader(header)).toString('hex')).toBe(
      '434c4153504c4f47' + '01' + '01' + '2000' + '00000000' + '0700000000000000' + 'd177be04' + 'a069cde5',
    );
  });

  it('is read from the bytes, whatever the name of the file is', () => {
    const facts = { ...header, minor: 0, blocksAt: 32, state: 'whole' };
    expect(decodeFileHeader(encodeFileHeader(header), 'copy of a tail')).toEqual(facts);
    expect(decodeFileHeader(encodeFileHeader(header), '00000008.ffffffff.base')).toEqual(facts);
  });

  it('is replaced by the facts in the name if any byte of it is damaged', () => {
    for (let at = 0; at < 32; at++) {
      const bytes = encodeFileHeader(header);
      bytes[at]! ^= 0x04;
      expect(decodeFileHeader(bytes, name)).toEqual({ ...header, minor: 0, blocksAt: 32, state: 'damaged' });
      expect(decodeFileHeader(bytes, 'copy of a tail')).toBeUndefined();
    }
  });

  it('is torn if the file is shorter', () => {
    for (let length = 0; length < 32; length++) {
      expect(decodeFileHeader(encodeFileHeader(header).subarray(0, length), name)?.state).toBe('torn');
    }
  });

  it.each([2, 3, 255])('of major format %i is refused by name', (major) => {
    const newer = changed((bytes) => bytes.writeUInt8(major, 8));
    expect(() => decodeFileHeader(newer, name)).toThrow(
      expect.objectContaining({
        code: 'CLASP_ERR_STORE_FORMAT',
        message: `${name} was written by a newer clasp-router (format ${major})`,
      }),
    );
  });

  it('of a later minor format says where the blocks begin', () => {
    const later = changed((bytes) => {
      bytes.writeUInt16LE(48, 10);
      bytes.writeUInt32LE(3, 12);
    });
    expect(decodeFileHeader(later, name)).toEqual({ ...header, minor: 3, blocksAt: 48, state: 'whole' });
  });

  it.each<[string, (bytes: Buffer) => void]>([
    ['major format 0', (bytes) => bytes.writeUInt8(0, 8)],
    ['an unknown kind', (bytes) => bytes.writeUInt8(5, 9)],
    ['kind 0', (bytes) => bytes.writeUInt8(0, 9)],
    ['a length below 32', (bytes) => bytes.writeUInt16LE(31, 10)],
    ['a number beyond 2^53 - 1', (bytes) => bytes.writeBigUInt64LE(2n ** 53n, 16)],
  ])('counts as damaged with %s', (_what, change) => {
    expect(decodeFileHeader(changed(change), name)?.state).toBe('damaged');
  });
});

describe('the name of a file', () => {
  it.each<[string, FileHeader]>([
    ['00000007.9f3a21c4.base', { kind: 'base', number: 7, salt: 0x9f3a21c4 }],
    ['00000007.04be77d1.tail', { kind: 'tail', number: 7, salt: 0x04be77d1 }],
    ['000000000000.6d00a1f2.log', { kind: 'journal', number: 0, salt: 0x6d00a1f2 }],
    ['00000001.00000000.rec', { kind: 'recording', number: 1, salt: 0 }],
    ['123456789.ffffffff.tail', { kind: 'tail', number: 123_456_789, salt: 0xffff_ffff }],
    ['9007199254740991.00000001.log', { kind: 'journal', number: Number.MAX_SAFE_INTEGER, salt: 1 }],
  ])('%s has the facts of the header', (text, facts) => {
    expect(fileNameOf(facts)).toBe(text);
    expect(parseFileName(text)).toEqual(facts);
  });

  it.each([
    '',
    'show.rec',
    '7.04be77d1.tail',
    '000000007.04be77d1.tail',
    '00000007.04BE77D1.tail',
    '00000007.4be77d1.tail',
    '00000007.04be77d1.tail.tmp',
    '00000007.04be77d1.log',
    '9007199254740992.00000001.log',
    '-0000007.04be77d1.tail',
    '00000007.04be77d1.toString',
  ])('%s has no facts', (text) => expect(parseFileName(text)).toBeUndefined());
});
