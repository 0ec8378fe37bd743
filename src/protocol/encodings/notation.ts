import { DecodeError, EncodeError } from '../errors.js';
import type { MessageType } from '../messages/message.js';
import type { U64 } from '../u64.js';
import type { EncodedValue } from '../values/encoded-value.js';

/** What each map-shaped form calls its faults. */
export type NotationFault = 'LegacyDecode' | 'CborDecode' | 'JsonDecode';

/** The named parts of a message or of something inside one. A name that is not there gives undefined. */
export type Fields = ReadonlyMap<string, unknown>;

/**
 * How one map-shaped form (MessagePack, CBOR, JSON) notates what messages are made of, for reading. `fields.ts` and
 * `message-fields.ts` know the messages and no form; a notation knows its form and no message. A *node* is whatever the
 * form's parser made: a {@link Tree}, a {@link JsonNode}, or what `JSON.parse` returns. Undefined says that the node is
 * not of that kind.
 */
export interface ReadNotation {
  readonly fault: NotationFault;
  /** Another name a field may go by, for the names that have one. */
  readonly spellings: ReadonlyMap<string, string>;
  /** Null in an optional field that holds a value means the field is absent. Otherwise it is the value null. */
  readonly nullIsAbsent: boolean;
  /** The message that goes by this name. */
  messageType(name: string): MessageType | undefined;
  /** Puts fields that were notated differently once into the present form. */
  upgradeLegacyFields?(type: MessageType, fields: Fields): Fields;
  /** A structure, whose names are ours. @throws DecodeError when a name stands in it twice */
  fields(node: unknown): Fields | undefined;
  /** A map whose keys are data. */
  map(node: unknown): ReadonlyMap<string, unknown> | undefined;
  text(node: unknown): string | undefined;
  integer(node: unknown): U64 | undefined;
  float(node: unknown): number | undefined;
  /** @throws DecodeError when this form has no such value, or it nests too deep */
  value(node: unknown): EncodedValue;
}

/** The same for writing. What the functions return is a node that the form's serialiser takes. */
export interface WriteNotation {
  fields(fields: Fields): unknown;
  map(entries: ReadonlyMap<string, unknown>): unknown;
  /** @param integer 0..2^64-1 in its canonical form */
  integer(integer: U64): unknown;
  float(float: number): unknown;
  value(value: EncodedValue): unknown;
}

/** A number as an integer field takes it, from peers to whom whole numbers are all alike: safe, and not negative. */
export function integerOfNumber(node: unknown): number | undefined {
  return typeof node === 'number' && Number.isSafeInteger(node) && node >= 0 ? Math.abs(node) : undefined; // -0 is 0
}

/**
 * Runs a reader of one form, so that every fault of its bytes and shape has the form's name, however deep it was found:
 * UTF-8 that is none, an end that comes early, a value too large to be kept. Only depth keeps a name of its own.
 */
export function namingFaults<T>(fault: NotationFault, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const named = error instanceof DecodeError && (error.fault === fault || error.fault === 'DepthExceeded');
    if (named || !(error instanceof DecodeError || error instanceof EncodeError)) throw error;
    throw new DecodeError(fault, error.message, error);
  }
}
