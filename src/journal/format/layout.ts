import { crc32 } from 'node:zlib';

/** The layout of the files of the store (docs/reference/store-format.md). All integers are little-endian. */

/** Major format that this version writes. It reads every major since 1. */
export const FORMAT_MAJOR = 1;
/** Minor format: incremented for new record kinds, which earlier readers skip. */
export const FORMAT_MINOR = 0;

/** Bytes of a file header that this version writes. A later minor format can have a longer one. */
export const FILE_HEADER_BYTES = 32;
export const BLOCK_HEADER_BYTES = 40;

/** Payload bytes at which a writer closes a block. */
export const FULL_PAYLOAD_BYTES = 262_144;
/** Maximum payload bytes of a block. A reader rejects a block that claims more. */
export const MAX_BLOCK_PAYLOAD_BYTES = 1_048_576;
export const MAX_BLOCK_BYTES = BLOCK_HEADER_BYTES + MAX_BLOCK_PAYLOAD_BYTES;
/** Names in the dictionary of one block. */
export const MAX_BLOCK_NAMES = 65_535;
/** UTF-8 bytes of a name: an address, or the session ID of a writer. */
export const MAX_STORED_NAME_BYTES = 1_024;
/** Bytes of a value, a PUBLISH payload, a signal definition, or a note: the length field is a u16. */
export const MAX_CONTENT_BYTES = 65_535;

/** `CLB1`, the first bytes of a block, as a little-endian u32. */
export const BLOCK_MAGIC = 0x31_42_4c_43;

/** Flags of a block. */
export const BlockFlag = {
  None: 0,
  /** The last block of its group: of a cut, or of a group commit of the journal. */
  Last: 1,
  /** The intended end of the file. */
  End: 2,
  /** The payload is deflated. Reserved: no version writes it yet. */
  Deflated: 4,
} as const;

/** Kind byte of each record. Kinds from 0x30 to 0x3F are those of recordings. */
export const RecordKind = {
  Name: 0x01,
  Gone: 0x02,
  Signal: 0x03,
  Note: 0x04,
  Gap: 0x05,
  Publish: 0x20,
  Set: 0x21,
} as const;

/** Kinds from here on are of later formats. Their length follows as u32, so that a reader can skip them. */
export const FIRST_LATER_KIND = 0x80;

/** Flags in the type byte of a SET; the lower four bits are the value type. */
export const SetFlag = { Ttl: 0x10, Absolute: 0x20, Expiry: 0x40, LongTime: 0x80 } as const;

/** Bytes of a record before its variable part. */
export const NAME_BYTES = 3;
export const GONE_BYTES = 16;
export const GAP_BYTES = 18;
export const PUBLISH_BYTES = 12;
/** SET with a u32 time. A u64 time takes {@link LONG_TIME_BYTES} more. */
export const SET_BYTES = 20;
export const LONG_TIME_BYTES = 4;

/** Reason codes of GONE records: the index plus one. */
export const goneReasons = ['expired', 'evicted', 'removed'] as const;
/** Why a param was removed. `removed`: a session removed it. */
export type GoneReason = (typeof goneReasons)[number];

/** Reason codes of GAP records: the index plus one. */
export const gapReasons = ['diskFull', 'diskSlow', 'error'] as const;
/** Why entries of a journal are missing. */
export type GapReason = (typeof gapReasons)[number];

/** Returns the CRC-32 of bytes, started from `start`: 0, or the salt of the file. */
export function checksum(bytes: Uint8Array, start: number): number {
  return crc32(bytes, start);
}
