import { u64High } from '../../protocol/u64.js';
import { BLOCK_HEADER_BYTES, BLOCK_MAGIC, checksum, MAX_BLOCK_PAYLOAD_BYTES } from './layout.js';
import { littleU64, putLittleU64 } from './u64-fields.js';

// block, 40 bytes and the payload
//   CLB1 · payload length u32 · number u64 · time µs u64 · flags u16 · 0 u16 · entries u32 · CRC-32 of the payload u32
//   · CRC-32 of bytes 0..35 u32
//   Both CRCs start from the salt of the file. number and time are safe integers.

const LENGTH_AT = 4;
const NUMBER_AT = 8;
const TIME_AT = 16;
const FLAGS_AT = 24;
const ENTRIES_AT = 28;
const PAYLOAD_CRC_AT = 32;
const CRC_AT = 36;

/** Facts of a block. */
export interface BlockHeader {
  /** Number of the cut (params), sequence number of the first entry (journal), or step (recording). */
  readonly number: number;
  /** Base of the times in the block: µs since 1970. */
  readonly timeMicros: number;
  /** See {@link BlockFlag}. */
  readonly flags: number;
  /** Number of records, without names, notes and gaps. */
  readonly entries: number;
}

/** Writes the header in front of the payload, which must be in place. */
export function writeBlockHeader(block: Uint8Array, salt: number, header: BlockHeader): void {
  const view = new DataView(block.buffer, block.byteOffset, BLOCK_HEADER_BYTES);
  view.setUint32(0, BLOCK_MAGIC, true);
  view.setUint32(LENGTH_AT, block.length - BLOCK_HEADER_BYTES, true);
  putLittleU64(view, NUMBER_AT, header.number);
  putLittleU64(view, TIME_AT, header.timeMicros);
  view.setUint16(FLAGS_AT, header.flags, true);
  view.setUint16(FLAGS_AT + 2, 0, true);
  view.setUint32(ENTRIES_AT, header.entries, true);
  view.setUint32(PAYLOAD_CRC_AT, checksum(block.subarray(BLOCK_HEADER_BYTES), salt), true);
  view.setUint32(CRC_AT, checksum(block.subarray(0, CRC_AT), salt), true);
}

/**
 * Returns the payload length of the block that begins at `at`, or undefined if no whole header is there. At least 40
 * bytes must follow.
 */
export function blockLengthAt(view: DataView, bytes: Uint8Array, at: number, salt: number): number | undefined {
  if (view.getUint32(at, true) !== BLOCK_MAGIC) return undefined;
  const length = view.getUint32(at + LENGTH_AT, true);
  if (length > MAX_BLOCK_PAYLOAD_BYTES) return undefined;
  if (view.getUint32(at + CRC_AT, true) !== checksum(bytes.subarray(at, at + CRC_AT), salt)) return undefined;
  // The time of an entry, up to 2^32-1 later, must be exact too. No writer exceeds this.
  if (u64High(littleU64(view, at + TIME_AT)) >= TIME_HIGH_LIMIT) return undefined;
  return typeof littleU64(view, at + NUMBER_AT) === 'number' ? length : undefined;
}

/** Reads the header that {@link blockLengthAt} has checked. */
export function readBlockHeader(view: DataView, at: number): BlockHeader {
  return {
    number: Number(littleU64(view, at + NUMBER_AT)),
    timeMicros: Number(littleU64(view, at + TIME_AT)),
    flags: view.getUint16(at + FLAGS_AT, true),
    entries: view.getUint32(at + ENTRIES_AT, true),
  };
}

/** Returns whether the payload behind the header matches its CRC. */
export function isPayloadWhole(view: DataView, at: number, payload: Uint8Array, salt: number): boolean {
  return view.getUint32(at + PAYLOAD_CRC_AT, true) === checksum(payload, salt);
}

const TIME_HIGH_LIMIT = 0x1f_ffff;
