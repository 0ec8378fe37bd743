import { DecodeError, EncodeError } from '../errors.js';
import type { MessageType } from '../messages/message.js';
import type { U64 } from '../u64.js';
import type { EncodedValue } from '../values/encoded-value.js';

/** Decode fault of each map-shaped form. */
export type NotationFault = 'LegacyDecode' | 'CborDecode' | 'JsonDecode';

/** The named parts of a message or of a structure in one. An unknown name returns undefined. */
export type Fields = ReadonlyMap<string, unknown>;

/**
 * Reads the parts of a message from one map-shaped form (MessagePack, CBOR, JSON). The codecs in
 * `messages/` know the messages but no form. A notation knows its form but no message. A *node* is an output of the form's parser:
 * a {@link Tree}, a {@link JsonNode}, or the result of `JSON.parse`. Undefined means that the node has another kind.
 */
export interface ReadNotation {
  readonly fault: NotationFault;
  /** Alternative names of fields. */
  readonly spellings: ReadonlyMap<string, string>;
  /** Whether null in an optional value field means absent. If false, it is the value null. */
  readonly nullIsAbsent: boolean;
  /** Returns the message type with this name. */
  messageType(name: string): MessageType | undefined;
  /** Converts fields of older notations to the current form. */
  upgradeLegacyFields?(type: MessageType, fields: Fields): Fields;
  /**
   * Reads a structure, whose names are not data.
   *
   * @throws DecodeError if a name occurs twice
   */
  fields(node: unknown): Fields | undefined;
  /** A map whose keys are data. */
  map(node: unknown): ReadonlyMap<string, unknown> | undefined;
  text(node: unknown): string | undefined;
  integer(node: unknown): U64 | undefined;
  float(node: unknown): number | undefined;
  /** @throws DecodeError if this form has no such value, or it nests too deep */
  value(node: unknown): EncodedValue;
}

/** Writes the parts of a message. The functions return nodes for the form's serializer. */
export interface WriteNotation {
  fields(fields: Fields): unknown;
  map(entries: ReadonlyMap<string, unknown>): unknown;
  /** @param integer 0..2^64-1 in its canonical form */
  integer(integer: U64): unknown;
  float(float: number): unknown;
  value(value: EncodedValue): unknown;
}

/**
 * Returns a number if an integer field accepts it: a safe, non-negative integer. For peers that do not distinguish Int
 * from Float.
 */
export function integerOfNumber(node: unknown): number | undefined {
  return typeof node === 'number' && Number.isSafeInteger(node) && node >= 0 ? Math.abs(node) : undefined; // -0 is 0
}

/**
 * Runs a reader of one form and renames its faults. Every fault of bytes or shape gets the fault name of the form, at
 * any depth: invalid UTF-8, an early end, a value that is too large. Only depth keeps its own name.
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
