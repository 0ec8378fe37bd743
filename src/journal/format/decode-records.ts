import { Reader } from '../../protocol/bytes/reader.js';
import { readCborMap, readCborSignal } from '../../protocol/encodings/cbor.js';
import { signalTypes } from '../../protocol/enumerations.js';
import { ClaspError } from '../../protocol/errors.js';
import { readPublishWithoutAddress } from '../../protocol/messages/publish.js';
import { EncodedValue } from '../../protocol/values/encoded-value.js';
import { walkValue } from '../../protocol/values/value-walker.js';
import { BlockNames, MalformedRecord } from './block-names.js';
import type { StoredBlock } from './block-reader.js';
import {
  BLOCK_HEADER_BYTES,
  BlockFlag,
  FIRST_LATER_KIND,
  GAP_BYTES,
  gapReasons,
  GONE_BYTES,
  goneReasons,
  LONG_TIME_BYTES,
  NAME_BYTES,
  PUBLISH_BYTES,
  RecordKind,
  SET_BYTES,
  SetFlag,
} from './layout.js';
import type {
  GapRecord,
  GoneRecord,
  NoteRecord,
  PublishRecord,
  SetRecord,
  SignalRecord,
  StoredRecord,
} from './records.js';
import { littleU64 } from './u64-fields.js';

// record
//   NAME    0x01 · length u16 · bytes
//   GONE    0x02 · why u8 · address u16 · µs u32 · revision u64
//   SIGNAL  0x03 · length u16 · CBOR map
//   NOTE    0x04 · length u16 · CBOR map
//   GAP     0x05 · from seq u64 · count u64 · why u8
//   PUBLISH 0x20 · signal u8 · address u16 · writer u16 · µs u32 · length u16 · payload
//   SET     0x21 · type u8 · address u16 · writer u16 · time u32 or u64 · revision u64 · length u16 · value
//           · [ttl seconds u32] · [expiry µs u64]
//   later   0x80.. · length u32 · content
// address and writer: the n-th NAME of the block is name n, from 0; it precedes its first use

/** The records of a block in their order, or why the block is malformed although its CRC matches. */
export type DecodedBlock =
  | { readonly records: readonly StoredRecord[]; readonly fault?: undefined }
  | {
      readonly records?: undefined;
      /** One clause, for a report. */
      readonly fault: string;
      /** Offset of the malformed record in the file. */
      readonly at: number;
    };

/**
 * Decodes the records of a block. Kinds of later formats are skipped. Never throws on any bytes.
 *
 * @param selects whether to return the SET, GONE and PUBLISH records of an address. Called at most once per name of the
 *   block; other records are returned in any case. @default all
 */
export function decodeRecords(block: StoredBlock, selects?: (address: string) => boolean): DecodedBlock {
  const decoder = new RecordDecoder(block, selects);
  try {
    return { records: decoder.all() };
  } catch (error) {
    if (!(error instanceof MalformedRecord || error instanceof ClaspError)) throw error;
    return { fault: error.message, at: block.start + BLOCK_HEADER_BYTES + decoder.at };
  }
}

class RecordDecoder {
  /** Offset of the current record in the payload. */
  at = 0;
  readonly #block: StoredBlock;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #reader = new Reader();
  readonly #names: BlockNames;
  #entries = 0;
  #hasLaterKinds = false;

  constructor(block: StoredBlock, selects: ((address: string) => boolean) | undefined) {
    const { payload } = block;
    this.#block = block;
    this.#bytes = payload;
    this.#view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    this.#names = new BlockNames(payload, selects);
  }

  all(): readonly StoredRecord[] {
    if (this.#block.flags & BlockFlag.Deflated) throw new MalformedRecord('a deflated block is of a later format');
    const records: StoredRecord[] = [];
    while (this.at < this.#bytes.length) {
      const record = this.#next();
      if (record !== undefined) records.push(record);
    }
    if (this.#entries !== this.#block.entries && !this.#hasLaterKinds) {
      throw new MalformedRecord(`the block has ${this.#entries} entries instead of ${this.#block.entries}`);
    }
    return records;
  }

  /** Reads one record. @returns undefined for a name, and for a record that is not requested */
  #next(): StoredRecord | undefined {
    const kind = this.#bytes[this.at]!; // invariant: at is below the length
    switch (kind) {
      case RecordKind.Set:
        return this.#set();
      case RecordKind.Name:
        this.#name();
        return undefined;
      case RecordKind.Publish:
        return this.#publish();
      case RecordKind.Gone:
        return this.#gone();
      case RecordKind.Signal:
        return this.#signal();
      case RecordKind.Note:
        return this.#note();
      case RecordKind.Gap:
        return this.#gap();
      default:
        if (kind < FIRST_LATER_KIND) throw new MalformedRecord(`record kind 0x${kind.toString(16)} is not assigned`);
        this.#skip();
        return undefined;
    }
  }

  #name(): void {
    this.#need(NAME_BYTES);
    const start = this.at + NAME_BYTES;
    const end = start + this.#u16(1);
    this.#need(end - this.at);
    this.#names.add(start, end);
    this.at = end;
  }

  #set(): SetRecord | undefined {
    this.#need(SET_BYTES);
    const { at } = this;
    const view = this.#view;
    const type = view.getUint8(at + 1);
    const hasLongTime = (type & SetFlag.LongTime) !== 0;
    const headBytes = hasLongTime ? SET_BYTES + LONG_TIME_BYTES : SET_BYTES;
    this.#need(headBytes);
    const valueAt = at + headBytes;
    const valueEnd = valueAt + view.getUint16(valueAt - 2, true);
    const expiryAt = valueEnd + (type & SetFlag.Ttl ? 4 : 0);
    const end = expiryAt + (type & SetFlag.Expiry ? 8 : 0);
    this.#need(end - at);
    const address = this.#u16(2);
    const record: SetRecord | undefined = this.#names.selects(address)
      ? {
          type: 'set',
          address: this.#names.text(address),
          writer: this.#names.text(this.#u16(4)),
          value: this.#value(type & VALUE_TYPE_BITS, valueAt, valueEnd),
          revision: littleU64(view, valueAt - 10),
          timeMicros: hasLongTime ? littleU64(view, at + 6) : this.#time(6),
          ttlSeconds: type & SetFlag.Ttl ? view.getUint32(valueEnd, true) : 0,
          isAbsolute: (type & SetFlag.Absolute) !== 0,
          expiresAtMicros: type & SetFlag.Expiry ? littleU64(view, expiryAt) : undefined,
        }
      : undefined;
    this.#entries++;
    this.at = end;
    return record;
  }

  #value(type: number, start: number, end: number): EncodedValue {
    const walk = walkValue(type, this.#bytes, start, end);
    if (walk.end !== end || !walk.canonical) throw new MalformedRecord('the bytes of a value are not canonical');
    return new EncodedValue(type, this.#bytes, start, end);
  }

  #gone(): GoneRecord | undefined {
    this.#need(GONE_BYTES);
    const address = this.#u16(2);
    const record: GoneRecord | undefined = this.#names.selects(address)
      ? {
          type: 'gone',
          address: this.#names.text(address),
          revision: littleU64(this.#view, this.at + 8),
          reason: oneOf(goneReasons, this.#view.getUint8(this.at + 1)),
          timeMicros: this.#time(4),
        }
      : undefined;
    this.#entries++;
    this.at += GONE_BYTES;
    return record;
  }

  #publish(): PublishRecord | undefined {
    const content = this.#content(PUBLISH_BYTES);
    const address = this.#u16(2);
    const record = this.#names.selects(address) ? this.#publishRecord(address, content) : undefined;
    this.#entries++;
    this.at = content.end;
    return record;
  }

  #publishRecord(addressNumber: number, content: Reader): PublishRecord {
    const address = this.#names.text(addressNumber);
    const message = readPublishWithoutAddress(content, address);
    if (content.left > 0) throw new MalformedRecord(`${content.left} bytes follow a PUBLISH`);
    if (signalTypes[this.#view.getUint8(this.at + 1)] !== message.signal) {
      throw new MalformedRecord('the signal type of a PUBLISH differs from that in its payload');
    }
    return { type: 'publish', address, writer: this.#names.text(this.#u16(4)), message, timeMicros: this.#time(6) };
  }

  #signal(): SignalRecord {
    const content = this.#content(CONTENT_HEAD_BYTES);
    const definition = readCborSignal(content);
    if (content.left > 0) throw new MalformedRecord(`${content.left} bytes follow a signal`);
    this.#entries++;
    this.at = content.end;
    return { type: 'signal', definition };
  }

  #note(): NoteRecord {
    const content = this.#content(CONTENT_HEAD_BYTES);
    const entries = readCborMap(content);
    if (content.left > 0) throw new MalformedRecord(`${content.left} bytes follow a note`);
    this.at = content.end;
    return { type: 'note', content: entries };
  }

  #gap(): GapRecord {
    this.#need(GAP_BYTES);
    const { at } = this;
    const view = this.#view;
    this.at += GAP_BYTES;
    return {
      type: 'gap',
      fromSeq: littleU64(view, at + 1),
      count: littleU64(view, at + 9),
      reason: oneOf(gapReasons, view.getUint8(at + 17)),
    };
  }

  /** Skips a record of a later format. */
  #skip(): void {
    this.#need(LATER_HEAD_BYTES);
    const length = LATER_HEAD_BYTES + this.#view.getUint32(this.at + 1, true);
    this.#need(length);
    this.#hasLaterKinds = true;
    this.at += length;
  }

  /** Returns a reader of the content of the current record, whose length is in the last two of `headBytes`. */
  #content(headBytes: number): Reader {
    this.#need(headBytes);
    const length = this.#u16(headBytes - 2);
    this.#need(headBytes + length);
    const start = this.at + headBytes;
    return this.#reader.reset(this.#bytes, start, start + length);
  }

  /** Reads a field of the current record. */
  #u16(offset: number): number {
    return this.#view.getUint16(this.at + offset, true);
  }

  /** Reads µs after the time of the block. */
  #time(offset: number): number {
    return this.#block.timeMicros + this.#view.getUint32(this.at + offset, true);
  }

  #need(length: number): void {
    if (this.at + length > this.#bytes.length) throw new MalformedRecord('a record exceeds its block');
  }
}

/** @param code the index plus one */
function oneOf<T>(names: readonly T[], code: number): T {
  const name = names[code - 1];
  if (name === undefined) throw new MalformedRecord(`reason ${code} is not assigned`);
  return name;
}

const VALUE_TYPE_BITS = 0x0f;
/** Kind and u16 length of a record that has only content; kind and u32 length of a later one. */
const CONTENT_HEAD_BYTES = 3;
const LATER_HEAD_BYTES = 5;
