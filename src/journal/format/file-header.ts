import { type FileHeader, type FileKind, fileKinds, parseFileName } from './file-name.js';
import { checksum, FILE_HEADER_BYTES, FORMAT_MAJOR, FORMAT_MINOR } from './layout.js';
import { StoreFormatError } from './store-format-error.js';
import { littleU64 } from './u64-fields.js';

// file header, 32 bytes
//   CLASPLOG · major u8 · kind u8 · length u16 · minor u32 · number u64 · salt u32 · CRC-32 u32 of bytes 0..27
//   length: of the header; blocks begin there
// The first 32 bytes have this layout in every major format, so that every reader recognizes a newer one.

/** The header of a file that was read. */
export interface DecodedFileHeader extends FileHeader {
  /** Minor format; 0 if the header is not whole. */
  readonly minor: number;
  /** Offset of the first block. */
  readonly blocksAt: number;
  /**
   * `damaged`: kind, number and salt are those in the file name. `torn`: the same, because the file ends within its
   * header.
   */
  readonly state: 'whole' | 'damaged' | 'torn';
}

const MAGIC = Uint8Array.from('CLASPLOG', (letter) => letter.charCodeAt(0));
const MAJOR_AT = 8;
const KIND_AT = 9;
const LENGTH_AT = 10;
const MINOR_AT = 12;
const NUMBER_AT = 16;
const SALT_AT = 24;
const CRC_AT = 28;

/** Returns the first bytes of a file. */
export function encodeFileHeader({ kind, number, salt }: FileHeader): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  bytes[MAJOR_AT] = FORMAT_MAJOR;
  bytes[KIND_AT] = codeOf(kind);
  view.setUint16(LENGTH_AT, FILE_HEADER_BYTES, true);
  view.setUint32(MINOR_AT, FORMAT_MINOR, true);
  view.setBigUint64(NUMBER_AT, BigInt(number), true);
  view.setUint32(SALT_AT, salt, true);
  view.setUint32(CRC_AT, checksum(bytes.subarray(0, CRC_AT), 0), true);
  return bytes;
}

/**
 * Reads the header of a file. A header that is not whole is replaced by the facts in the file name.
 *
 * @param bytes the file, or its first 32 bytes; fewer if the file is shorter
 * @param fileName without its folder
 * @returns undefined if neither the header nor the name is that of a known kind of file
 * @throws StoreFormatError if a newer version wrote the file
 */
export function decodeFileHeader(bytes: Uint8Array, fileName: string): DecodedFileHeader | undefined {
  if (bytes.length < FILE_HEADER_BYTES) return headerInName(fileName, 'torn');
  const view = new DataView(bytes.buffer, bytes.byteOffset, FILE_HEADER_BYTES);
  const isWhole =
    MAGIC.every((byte, at) => bytes[at] === byte) &&
    view.getUint32(CRC_AT, true) === checksum(bytes.subarray(0, CRC_AT), 0);
  if (!isWhole) return headerInName(fileName, 'damaged');
  const major = view.getUint8(MAJOR_AT);
  if (major > FORMAT_MAJOR) {
    throw new StoreFormatError(`${fileName} was written by a newer clasp-router (format ${major})`);
  }
  const kind = fileKinds[view.getUint8(KIND_AT) - 1];
  const number = littleU64(view, NUMBER_AT);
  const blocksAt = view.getUint16(LENGTH_AT, true);
  if (kind === undefined || typeof number === 'bigint' || blocksAt < FILE_HEADER_BYTES || major === 0) {
    return headerInName(fileName, 'damaged');
  }
  return {
    kind,
    number,
    salt: view.getUint32(SALT_AT, true),
    minor: view.getUint32(MINOR_AT, true),
    blocksAt,
    state: 'whole',
  };
}

function headerInName(fileName: string, state: 'damaged' | 'torn'): DecodedFileHeader | undefined {
  const facts = parseFileName(fileName);
  return facts && { ...facts, minor: 0, blocksAt: FILE_HEADER_BYTES, state };
}

function codeOf(kind: FileKind): number {
  return fileKinds.indexOf(kind) + 1;
}
