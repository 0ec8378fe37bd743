import type { PublishMessage, SignalDefinition } from '../../protocol/messages/message.js';
import type { U64 } from '../../protocol/u64.js';
import type { EncodedValue } from '../../protocol/values/encoded-value.js';
import type { Value } from '../../protocol/values/value.js';
import type { GapReason, GoneReason } from './layout.js';

/** A record of a block. Times are µs since 1970. */
export type StoredRecord = SetRecord | GoneRecord | PublishRecord | SignalRecord | NoteRecord | GapRecord;

/** The value of a param. */
export interface SetRecord {
  readonly type: 'set';
  readonly address: string;
  /** Session ID of the last writer. */
  readonly writer: string;
  /** View of the block's bytes: copy a value that must outlive them. */
  readonly value: EncodedValue;
  readonly revision: U64;
  /** Time of the write. */
  readonly timeMicros: U64;
  /** Time to live; 0 = unlimited. */
  readonly ttlSeconds: number;
  /** Whether the time to live counts from the write instead of the last use. */
  readonly isAbsolute: boolean;
  /** undefined = never. */
  readonly expiresAtMicros: U64 | undefined;
}

/** A param was removed. */
export interface GoneRecord {
  readonly type: 'gone';
  readonly address: string;
  /** The last revision of the param. */
  readonly revision: U64;
  readonly reason: GoneReason;
  readonly timeMicros: number;
}

/** A PUBLISH as delivered. */
export interface PublishRecord {
  readonly type: 'publish';
  readonly address: string;
  /** Session ID of the sender. */
  readonly writer: string;
  /** Its value is a view of the block's bytes. */
  readonly message: PublishMessage;
  readonly timeMicros: number;
}

/** An announced signal. */
export interface SignalRecord {
  readonly type: 'signal';
  readonly definition: SignalDefinition;
}

/** Facts about the file. */
export interface NoteRecord {
  readonly type: 'note';
  readonly content: ReadonlyMap<string, Value>;
}

/** Entries of the journal are missing. */
export interface GapRecord {
  readonly type: 'gap';
  /** Sequence number of the first missing entry. */
  readonly fromSeq: U64;
  readonly count: U64;
  readonly reason: GapReason;
}
