import { copyRun } from '../../protocol/bytes/words.js';
import type { Address } from '../../protocol/address.js';
import { EncodedValue } from '../../protocol/values/encoded-value.js';
import type { Attachment, SnapshotEntry } from '../../protocol/messages/message.js';
import { lastWriteWins, type Reconcile } from './conflict-strategies.js';
import type { DueEntry } from '../scheduling/due-queue.js';
import type { ParamHistory } from './param-history.js';
import type { ParamShare } from './param-share.js';
import type { WatchedParam } from '../param-watch.js';
import { type RecipientSet, unresolved } from '../direct/recipient-set.js';
import type { RouterSession } from '../session.js';
import type { Permissions } from '../sessions/permissions.js';
import type { RestoredParam } from './stored-param.js';
import { protocolTimeOf, restoredWriteTime, type WriteTime } from './write-time.js';

/**
 * One stored value. The param owns the bytes of its value and overwrites them in place: a fader that moves a thousand
 * times per second allocates nothing.
 */
export class Param implements WatchedParam {
  readonly address: Address;
  /** Incremented by one with every accepted write. */
  revision: number;
  /** Session ID of the last writer. */
  writer = '';
  /** Time of the last write; 0 before the first. */
  writtenAt: WriteTime = 0;
  /** Order of creation. A running snapshot can omit newer params. */
  readonly serial: number;

  /** How concurrent writes are reconciled. */
  reconcile: Reconcile = lastWriteWins;
  /** The session that holds the lock. Set by {@link ParamStore}, as is everything below. */
  holder: RouterSession | undefined;
  /** When the lock expires. */
  heldUntilMicros = Infinity;
  /** Time to live; 0 = unlimited. */
  ttlMicros = 0;
  /** Whether it counts from the last write instead of the last use. */
  ttlIsAbsolute = false;
  /** The param is invisible from this time on. */
  expiresAtMicros = Infinity;
  /** Entry in the expiry queue, at {@link expiresAtMicros} or earlier; undefined if not queued. */
  expiry: DueEntry<Param> | undefined;
  /** The param was removed: iterators that still reach it skip it. */
  isRemoved = false;
  /** Earlier values, if a history rule applies. */
  history: ParamHistory | undefined;
  /** What an in-process session added to the last write. */
  attachment: Attachment | undefined;
  /** See {@link ParamWatch}. */
  stored = 0;
  based = 0;
  /** The share of its owner. */
  share: ParamShare<Param> | undefined;
  /** Neighbors in the order of use. */
  earlier: Param | undefined;
  later: Param | undefined;
  /** Number among the addresses that are found by their bytes, or -1. Set by `DirectParams`, as is what follows. */
  directNumber = -1;
  /** Recipients of its SETs. */
  recipients: RecipientSet = unresolved;
  /** Limited permissions that permit writes without further checks. */
  permitted: Permissions | undefined;

  #type = 0;
  #bytes: Uint8Array = nothing;
  #length = 0;
  #words: DataView | undefined;

  /** @param revision the one before its first write: 0, or the last revision of a removed param at this address */
  constructor(address: Address, serial: number, revision: number) {
    this.address = address;
    this.serial = serial;
    this.revision = revision;
  }

  /** The value. It is valid until the next write: use it in this turn or copy it. */
  get value(): EncodedValue {
    return new EncodedValue(this.#type, this.#bytes, 0, this.#length);
  }

  /** Approximate memory: overhead, address, value and history. */
  get heldBytes(): number {
    return (
      OVERHEAD_BYTES +
      2 * this.address.length +
      this.#bytes.length +
      (this.history?.heldBytes ?? 0) +
      (this.attachment?.byteLength ?? 0)
    );
  }

  get hasValue(): boolean {
    return this.writtenAt !== 0;
  }

  isVisible(nowMicros: number): boolean {
    return !this.isRemoved && nowMicros < this.expiresAtMicros;
  }

  /** Returns a SNAPSHOT entry; its value is valid as long as {@link value}. */
  entry(protocolAheadMicros: number): SnapshotEntry {
    return {
      address: this.address,
      value: this.value,
      revision: this.revision,
      writer: this.writer,
      timestamp: protocolTimeOf(this.writtenAt, protocolAheadMicros),
      attachment: this.attachment,
    };
  }

  /** Replaces the attachment. @returns the change of memory in bytes, for {@link heldBytes} */
  attach(attachment: Attachment | undefined): number {
    const before = this.attachment?.byteLength ?? 0;
    this.attachment = attachment;
    return (attachment?.byteLength ?? 0) - before;
  }

  /** Restores the param from a persisted state. */
  restore({ value, revision, writer, timestampMicros, ttlSeconds = 0, absolute }: RestoredParam): void {
    this.write(value, writer, restoredWriteTime(timestampMicros));
    this.revision = revision;
    this.ttlMicros = ttlSeconds * 1_000_000;
    this.ttlIsAbsolute = absolute === true;
  }

  /** Bytes that a value can have without more memory. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** @returns the change of memory in bytes, for {@link heldBytes} */
  write(value: EncodedValue, writer: string, at: WriteTime): number {
    let grown = 0;
    if (this.history !== undefined && this.writtenAt !== 0) {
      grown -= this.history.heldBytes;
      const { address, revision, writer: writerBefore, writtenAt } = this;
      this.history.push({ address, value: this.value.copy(), revision, writer: writerBefore, writtenAt });
      grown += this.history.heldBytes;
    }
    const length = value.byteLength;
    // A much too large buffer is released, so that one huge value does not occupy memory permanently.
    if (!this.fits(length)) {
      grown += length - this.#bytes.length;
      this.#bytes = new Uint8Array(length);
    }
    const to = this.#bytes;
    const from = value.bytes;
    if (length <= 64) for (let i = 0; i < length; i++) to[i] = from[value.start + i]!;
    else to.set(from.subarray(value.start, value.end));
    this.#type = value.type;
    this.#length = length;
    this.writer = writer;
    this.writtenAt = at;
    this.revision++;
    return grown;
  }

  /** Reads what a SET changes, so that it is in the caches of the processor. @returns a number without a meaning */
  readAhead(): number {
    return this.revision + (this.#bytes[0] ?? 0) + (this.writtenAt > this.expiresAtMicros ? 1 : 0);
  }

  /** Whether a value of this length can use the present memory: it needs no more, and not much less. */
  fits(length: number): boolean {
    return length <= this.#bytes.length && length * 4 >= this.#bytes.length;
  }

  /** Writes a canonical value that {@link fits}, of a param without a history. */
  overwrite(type: number, from: Uint8Array, start: number, end: number, writer: string, at: WriteTime): void {
    const length = end - start;
    const to = this.#bytes;
    if (length <= 64) for (let i = 0; i < length; i++) to[i] = from[start + i]!;
    else copyRun(to, this.#viewOf(to), 0, from, start, end);
    this.#type = type;
    this.#length = length;
    this.writer = writer;
    this.writtenAt = at;
    this.revision++;
  }

  /** Returns a view of a long value. It is kept, because creating one takes as long as the copy. */
  #viewOf(bytes: Uint8Array): DataView {
    const known = this.#words;
    if (known?.buffer === bytes.buffer) return known;
    return (this.#words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }
}

const nothing = new Uint8Array(0);
/** A param with a short address and a number takes 670 bytes with its index entries. */
const OVERHEAD_BYTES = 630;
