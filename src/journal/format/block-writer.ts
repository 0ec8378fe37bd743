import { Writer } from '../../protocol/bytes/writer.js';
import { writeCborMap, writeCborSignal } from '../../protocol/encodings/cbor.js';
import { signalTypes } from '../../protocol/enumerations.js';
import type { PublishMessage, SignalDefinition } from '../../protocol/messages/message.js';
import { writePublishWithoutAddress } from '../../protocol/messages/publish.js';
import type { U64 } from '../../protocol/u64.js';
import type { EncodedValue } from '../../protocol/values/encoded-value.js';
import type { Value } from '../../protocol/values/value.js';
import { BlockBuffer } from './block-buffer.js';
import {
  GAP_BYTES,
  type GapReason,
  gapReasons,
  GONE_BYTES,
  type GoneReason,
  goneReasons,
  LONG_TIME_BYTES,
  MAX_CONTENT_BYTES,
  PUBLISH_BYTES,
  RecordKind,
  SET_BYTES,
  SetFlag,
} from './layout.js';
import { putLittleU64 } from './u64-fields.js';

/** When a param expires. */
export interface StoredExpiry {
  /** Time to live, 1..2^32-1. */
  readonly ttlSeconds?: number;
  /** Whether it counts from the write instead of the last use. */
  readonly isAbsolute?: boolean;
  /** µs since 1970; Infinity = never. */
  readonly expiresAtMicros?: U64;
}

/**
 * Builds blocks, one at a time. Call {@link begin}, then the methods of records while {@link isFull} is false, then
 * {@link finish}. Each block has its own dictionary of names, so each is readable alone.
 *
 * Times are µs since 1970. A record stores its time as µs after the time of the block, so a block must not begin later
 * than its first entry, and not 71 minutes earlier. Except for a SET, a time outside that range is clipped.
 */
export class BlockWriter extends BlockBuffer {
  /** Payload of a PUBLISH, CBOR item. */
  readonly #content = new Writer();

  /**
   * Writes the value of a param.
   *
   * @param address its number from {@link name} or {@link newName}
   * @param writer number of the session ID of its last writer
   * @param value its bytes are copied
   * @param timeMicros time of the write, before or after the time of the block
   */
  set(
    address: number,
    writer: number,
    value: EncodedValue,
    revision: U64,
    timeMicros: U64,
    expiry?: StoredExpiry,
  ): void {
    const { start, end } = value;
    const length = end - start;
    if (length > MAX_CONTENT_BYTES) throw new RangeError(`a value has ${length} bytes; the limit is 65535`);
    this.reserve(SET_BYTES + LONG_TIME_BYTES + length + 12);
    const bytes = this.bytes;
    const view = this.view;
    let at = this.at;
    const typeAt = at + 1;
    let type = value.type;
    bytes[at] = RecordKind.Set;
    view.setUint16(at + 2, address, true);
    view.setUint16(at + 4, writer, true);
    const after = typeof timeMicros === 'number' ? timeMicros - this.timeMicros : -1;
    if (after >= 0 && after <= U32_MAX) {
      view.setUint32(at + 6, after, true);
      at += 10;
    } else {
      putLittleU64(view, at + 6, timeMicros);
      type |= SetFlag.LongTime;
      at += 14;
    }
    putLittleU64(view, at, revision);
    view.setUint16(at + 8, length, true);
    at += 10;
    if (length <= 64) for (let i = 0; i < length; i++) bytes[at + i] = value.bytes[start + i]!;
    else bytes.set(value.bytes.subarray(start, end), at);
    at += length;
    if (expiry !== undefined) {
      const { ttlSeconds = 0, isAbsolute = false, expiresAtMicros = Infinity } = expiry;
      if (ttlSeconds > 0) {
        type |= SetFlag.Ttl;
        view.setUint32(at, Math.min(Math.ceil(ttlSeconds), U32_MAX), true);
        at += 4;
      }
      if (isAbsolute) type |= SetFlag.Absolute;
      if (expiresAtMicros !== Infinity) {
        type |= SetFlag.Expiry;
        putLittleU64(view, at, expiresAtMicros);
        at += 8;
      }
    }
    bytes[typeAt] = type;
    this.at = at;
    this.entryCount++;
  }

  /** Writes the removal of a param. @param revision its last one */
  gone(address: number, revision: U64, reason: GoneReason, timeMicros: number): void {
    const at = this.#begin(RecordKind.Gone, GONE_BYTES);
    const view = this.view;
    view.setUint8(at + 1, goneReasons.indexOf(reason) + 1);
    view.setUint16(at + 2, address, true);
    view.setUint32(at + 4, this.#clippedAfter(timeMicros), true);
    putLittleU64(view, at + 8, revision);
    this.entryCount++;
  }

  /**
   * Writes an announced signal.
   *
   * @returns false if its CBOR is longer than 65,535 bytes: nothing was written
   */
  signal(definition: SignalDefinition): boolean {
    const content = this.#emptyContent();
    writeCborSignal(content, definition);
    if (content.at > MAX_CONTENT_BYTES) return false;
    this.#beginContent(RecordKind.Signal, CONTENT_HEAD_BYTES, content);
    this.entryCount++;
    return true;
  }

  /**
   * Writes a PUBLISH as it would be on the wire in binary, so without a `timeline`.
   *
   * @returns false if it is longer than 65,535 bytes: nothing was written
   */
  publish(address: number, writer: number, message: PublishMessage, timeMicros: number): boolean {
    const content = this.#emptyContent();
    writePublishWithoutAddress(content, message);
    if (content.at > MAX_CONTENT_BYTES) return false;
    const at = this.#beginContent(RecordKind.Publish, PUBLISH_BYTES, content);
    const view = this.view;
    view.setUint8(at + 1, signalTypes.indexOf(message.signal ?? 'event'));
    view.setUint16(at + 2, address, true);
    view.setUint16(at + 4, writer, true);
    view.setUint32(at + 6, this.#clippedAfter(timeMicros), true);
    this.entryCount++;
    return true;
  }

  /**
   * Writes facts about the file: version of the router, start, clean stop, clock, patterns.
   *
   * @throws RangeError if its CBOR is longer than 65,535 bytes
   */
  note(content: ReadonlyMap<string, Value>): void {
    const bytes = this.#emptyContent();
    writeCborMap(bytes, content);
    if (bytes.at > MAX_CONTENT_BYTES) throw new RangeError(`a note has ${bytes.at} bytes; the limit is 65535`);
    this.#beginContent(RecordKind.Note, CONTENT_HEAD_BYTES, bytes);
  }

  /** Writes that `count` entries from number `fromSeq` on are missing. */
  gap(fromSeq: U64, count: U64, reason: GapReason): void {
    const at = this.#begin(RecordKind.Gap, GAP_BYTES);
    putLittleU64(this.view, at + 1, fromSeq);
    putLittleU64(this.view, at + 9, count);
    this.view.setUint8(at + 17, gapReasons.indexOf(reason) + 1);
  }

  #emptyContent(): Writer {
    this.#content.at = 0;
    return this.#content;
  }

  /** Begins a record of fixed length. @returns its offset */
  #begin(kind: number, length: number): number {
    this.reserve(length);
    const at = this.at;
    this.bytes[at] = kind;
    this.at = at + length;
    return at;
  }

  /** Begins a record of `headBytes`, the last two of which are the length of the content. @returns its offset */
  #beginContent(kind: number, headBytes: number, content: Writer): number {
    const at = this.#begin(kind, headBytes + content.at);
    this.view.setUint16(at + headBytes - 2, content.at, true);
    this.bytes.set(content.view(), at + headBytes);
    return at;
  }

  /** Returns µs after the time of the block, clipped to the range of the field. */
  #clippedAfter(timeMicros: number): number {
    return Math.min(Math.max(timeMicros - this.timeMicros, 0), U32_MAX);
  }
}

const U32_MAX = 0xffff_ffff;
/** Bytes of kind and length of a record that has only content. */
const CONTENT_HEAD_BYTES = 3;
