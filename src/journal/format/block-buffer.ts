import { clipUtf8 } from '../../protocol/bytes/utf8.js';
import { writeBlockHeader } from './block-header.js';
import {
  BLOCK_HEADER_BYTES,
  FULL_PAYLOAD_BYTES,
  MAX_BLOCK_BYTES,
  MAX_BLOCK_NAMES,
  MAX_STORED_NAME_BYTES,
  NAME_BYTES,
  RecordKind,
} from './layout.js';

/** A block under construction: its bytes and its dictionary of names, without the kinds of records. */
export class BlockBuffer {
  readonly #salt: number;
  protected bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  protected view = new DataView(this.bytes.buffer);
  /** Offset of the next record. */
  protected at = BLOCK_HEADER_BYTES;
  #number = 0;
  protected timeMicros = 0;
  protected entryCount = 0;
  #serial = 0;
  #nameCount = 0;
  readonly #names = new Map<string, number>();

  /** @param salt of the file that the blocks are for */
  constructor(salt: number) {
    this.#salt = salt;
  }

  /**
   * Begins a block, without the records since the last {@link finish}.
   *
   * @param number of the cut, or sequence number of the first entry: a safe integer
   * @param timeMicros base of the times in the block: µs since 1970, a safe integer
   */
  begin(number: number, timeMicros: number): void {
    this.#number = number;
    this.timeMicros = timeMicros;
    this.at = BLOCK_HEADER_BYTES;
    this.entryCount = 0;
    this.#nameCount = 0;
    this.#names.clear();
    this.#serial++;
  }

  /** Changes with each {@link begin}. A caller that keeps the number of a name checks with it that the block is the same. */
  get serial(): number {
    return this.#serial;
  }

  /** Bytes of the block so far, header included. */
  get byteLength(): number {
    return this.at;
  }

  /** Number of records so far, without names, notes and gaps. */
  get entries(): number {
    return this.entryCount;
  }

  /** Whether the block has no record. */
  get isEmpty(): boolean {
    return this.at === BLOCK_HEADER_BYTES;
  }

  /** Whether the block must be finished before the next record. */
  get isFull(): boolean {
    return this.at - BLOCK_HEADER_BYTES >= FULL_PAYLOAD_BYTES || this.#nameCount + NAMES_PER_RECORD > MAX_BLOCK_NAMES;
  }

  /**
   * Returns the number of an address or writer, and writes its NAME at the first use in the block.
   *
   * @throws RangeError if the name is longer than 1,024 bytes, or the block is full
   */
  name(text: string): number {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const number = this.newName(text);
    this.#names.set(text, number);
    return number;
  }

  /** Like {@link name}, for a writer of any length: it is clipped to 1,024 bytes. */
  writerName(text: string): number {
    return this.name(text.length * 3 > MAX_STORED_NAME_BYTES ? clipUtf8(text, MAX_STORED_NAME_BYTES) : text);
  }

  /** Like {@link name}, without a look-up: for an address that this block does not have yet. */
  newName(text: string): number {
    const { length } = text;
    if (this.#nameCount >= MAX_BLOCK_NAMES) throw new RangeError('the block is full');
    if (length > MAX_STORED_NAME_BYTES) throw nameTooLong(length);
    this.reserve(NAME_BYTES + 3 * length);
    const bytes = this.bytes;
    const start = this.at + NAME_BYTES;
    let end = start;
    // Nearly all names are ASCII. For short ones, a loop is faster than a call of an encoder.
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) {
        end = start + encoder.encodeInto(text, bytes.subarray(start)).written;
        if (end - start > MAX_STORED_NAME_BYTES) throw nameTooLong(end - start);
        break;
      }
      bytes[end++] = unit;
    }
    bytes[this.at] = RecordKind.Name;
    this.view.setUint16(this.at + 1, end - start, true);
    this.at = end;
    return this.#nameCount++;
  }

  /**
   * Ends the block. {@link begin} starts the next one.
   *
   * @param flags of {@link BlockFlag}
   * @returns the bytes of the block, in their own memory
   */
  finish(flags: number): Uint8Array {
    const block = Buffer.allocUnsafeSlow(this.at);
    block.set(this.bytes.subarray(0, this.at));
    writeBlockHeader(block, this.#salt, {
      number: this.#number,
      timeMicros: this.timeMicros,
      flags,
      entries: this.entryCount,
    });
    return block;
  }

  /** @throws RangeError if the block exceeds 1 MiB: the caller has ignored {@link isFull} */
  protected reserve(length: number): void {
    const needed = this.at + length;
    if (needed <= this.bytes.length) return;
    if (needed > MAX_BLOCK_BYTES) throw new RangeError('the block is full');
    const larger = Buffer.allocUnsafeSlow(Math.min(Math.max(this.bytes.length * 2, needed), MAX_BLOCK_BYTES));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }
}

function nameTooLong(length: number): RangeError {
  return new RangeError(`a name has ${length} bytes or more; the limit is ${MAX_STORED_NAME_BYTES}`);
}

const encoder = new TextEncoder();
/** Names that one record can add: an address and a writer. */
const NAMES_PER_RECORD = 2;
const INITIAL_BYTES = 16_384;
