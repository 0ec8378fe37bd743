import { BlockWriter } from '../../src/journal/format/block-writer.js';
import { type BrokenRange, scanBlocks, type StoredBlock } from '../../src/journal/format/block-reader.js';
import { decodeRecords } from '../../src/journal/format/decode-records.js';
import { decodeFileHeader, encodeFileHeader } from '../../src/journal/format/file-header.js';
import { type FileHeader, fileNameOf } from '../../src/journal/format/file-name.js';
import { BlockFlag } from '../../src/journal/format/layout.js';
import type { StoredRecord } from '../../src/journal/format/records.js';
import { comparable } from './comparable.js';

/** Content of one block of a test file. */
export interface TestBlock {
  readonly number: number;
  readonly timeMicros: number;
  readonly flags?: number;
  readonly records: readonly StoredRecord[];
}

/** Writes a record as the router does. */
export function writeRecord(writer: BlockWriter, record: StoredRecord): void {
  switch (record.type) {
    case 'set': {
      const { ttlSeconds, isAbsolute, expiresAtMicros } = record;
      const expiry = { ttlSeconds, isAbsolute, ...(expiresAtMicros !== undefined && { expiresAtMicros }) };
      const [address, session] = [writer.name(record.address), writer.writerName(record.writer)];
      writer.set(address, session, record.value, record.revision, record.timeMicros, expiry);
      return;
    }
    case 'gone':
      writer.gone(writer.name(record.address), record.revision, record.reason, record.timeMicros);
      return;
    case 'publish':
      writer.publish(writer.name(record.address), writer.writerName(record.writer), record.message, record.timeMicros);
      return;
    case 'signal':
      writer.signal(record.definition);
      return;
    case 'note':
      writer.note(record.content);
      return;
    case 'gap':
      writer.gap(record.fromSeq, record.count, record.reason);
      return;
  }
}

export function blockBytes(salt: number, { number, timeMicros, flags, records }: TestBlock): Uint8Array {
  const writer = new BlockWriter(salt);
  writer.begin(number, timeMicros);
  for (const record of records) writeRecord(writer, record);
  return writer.finish(flags ?? BlockFlag.Last);
}

/** Returns the bytes of a file with these blocks. */
export function fileBytes(header: FileHeader, blocks: readonly TestBlock[]): Uint8Array {
  return Buffer.concat([encodeFileHeader(header), ...blocks.map((block) => blockBytes(header.salt, block))]);
}

/** What a reader finds in a file, with the values decoded. */
export interface ReadFile {
  readonly headerState: string | undefined;
  readonly blocks: readonly StoredBlock[];
  /** The records of each block, comparable; a fault if the block is malformed. */
  readonly records: readonly unknown[];
  readonly broken: readonly BrokenRange[];
}

export function readFile(bytes: Uint8Array, header: FileHeader, pieceBytes = bytes.length): ReadFile {
  const decoded = decodeFileHeader(bytes.subarray(0, 32), fileNameOf(header));
  if (decoded === undefined) throw new Error('the name has the facts of the header');
  const items = [...scanBlocks(pieces(bytes, pieceBytes), decoded)];
  const blocks = items.filter((item) => item.type === 'block');
  return {
    headerState: decoded.state,
    blocks,
    records: blocks.map((block) => {
      const { records, fault } = decodeRecords(block);
      return records?.map(comparable) ?? fault;
    }),
    broken: items.filter((item) => item.type !== 'block'),
  };
}

function* pieces(bytes: Uint8Array, length: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}
