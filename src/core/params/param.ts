import type { Address } from '../../protocol/address.js';
import { EncodedValue } from '../../protocol/values/encoded-value.js';
import type { SnapshotEntry } from '../../protocol/messages/message.js';
import { lastWriteWins, type Reconcile } from './conflict-strategies.js';
import type { DueEntry } from '../scheduling/due-queue.js';
import type { ParamHistory } from './param-history.js';
import type { ParamShare } from './param-share.js';
import type { RouterSession } from '../session.js';
import type { RestoredParam } from './stored-param.js';
import { protocolTimeOf, restoredWriteTime, type WriteTime } from './write-time.js';

/**
 * One stored value. The value's bytes are the param's own and are written over in place: a fader that moves a thousand
 * times a second allocates nothing.
 */
export class Param {
  readonly address: Address;
  /** Counts up by one with every accepted write. */
  revision: number;
  /** Session id of the last writer. */
  writer = '';
  /** When it was last written; 0 before its first write. */
  writtenAt: WriteTime = 0;
  /** When it was created, in order: what is newer than a running snapshot need not be in it. */
  readonly serial: number;

  /** How it takes a write that meets another. */
  reconcile: Reconcile = lastWriteWins;
  /** Who locked it. Kept by {@link ParamStore}, as is everything below. */
  holder: RouterSession | undefined;
  /** When the lock ends by itself. */
  heldUntilMicros = Infinity;
  /** How long it lives; 0 is for ever. */
  ttlMicros = 0;
  /** Whether that is counted from the last write instead of the last use. */
  ttlIsAbsolute = false;
  /** From this instant on it is invisible. */
  expiresAtMicros = Infinity;
  /** Its place in the expiry queue, at {@link expiresAtMicros} or earlier; undefined while it has none. */
  expiry: DueEntry<Param> | undefined;
  /** It is gone: a walk that still meets it passes over. */
  isRemoved = false;
  /** The values before this one, where somebody may ask for them. */
  history: ParamHistory | undefined;
  /** With the params of whoever created it. */
  share: ParamShare<Param> | undefined;
  /** Neighbours in the order of use. */
  earlier: Param | undefined;
  later: Param | undefined;

  #type = 0;
  #bytes: Uint8Array = nothing;
  #length = 0;

  /** @param revision the one before its first write: 0, or what a param that was here before had reached */
  constructor(address: Address, serial: number, revision: number) {
    this.address = address;
    this.serial = serial;
    this.revision = revision;
  }

  /** The value; valid until the next write, so use it in this turn or copy it. */
  get value(): EncodedValue {
    return new EncodedValue(this.#type, this.#bytes, 0, this.#length);
  }

  /** Memory it takes, roughly: what it costs by itself, its address, its value, and its past. */
  get heldBytes(): number {
    return OVERHEAD_BYTES + 2 * this.address.length + this.#bytes.length + (this.history?.heldBytes ?? 0);
  }

  isVisible(nowMicros: number): boolean {
    return !this.isRemoved && nowMicros < this.expiresAtMicros;
  }

  /** As a SNAPSHOT tells it; its value is as short-lived as {@link value}. */
  entry(protocolAheadMicros: number): SnapshotEntry {
    return {
      address: this.address,
      value: this.value,
      revision: this.revision,
      writer: this.writer,
      timestamp: protocolTimeOf(this.writtenAt, protocolAheadMicros),
    };
  }

  /** Makes it what it was in an earlier life of the router. */
  restore({ value, revision, writer, timestampMicros, ttlSeconds = 0, absolute }: RestoredParam): void {
    this.write(value, writer, restoredWriteTime(timestampMicros));
    this.revision = revision;
    this.ttlMicros = ttlSeconds * 1_000_000;
    this.ttlIsAbsolute = absolute === true;
  }

  /** Bytes its value may have without its taking more memory. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** @returns how many bytes more it takes than before, for {@link heldBytes} */
  write(value: EncodedValue, writer: string, at: WriteTime): number {
    let grown = 0;
    if (this.history !== undefined && this.writtenAt !== 0) {
      grown -= this.history.heldBytes;
      const { address, revision, writer: writerBefore, writtenAt } = this;
      this.history.push({ address, value: this.value.copy(), revision, writer: writerBefore, writtenAt });
      grown += this.history.heldBytes;
    }
    const length = value.byteLength;
    // A view that is much too large is given back: one huge value must not stay for ever.
    if (length > this.#bytes.length || length * 4 < this.#bytes.length) {
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
}

const nothing = new Uint8Array(0);
/** A param with a short address and a number: 600 bytes of heap with its places in the indexes. */
const OVERHEAD_BYTES = 560;
