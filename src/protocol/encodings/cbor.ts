import { Encoder } from 'cbor-x';
import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import { DecodeError } from '../errors.js';
import type { Message, SignalDefinition } from '../messages/message.js';
import { signalDefinition } from '../messages/signal-definition.js';
import { type U64, u64FromBigInt } from '../u64.js';
import { encodeValue } from '../values/encoded-value.js';
import type { Value } from '../values/value.js';
import { readCbor } from './cbor-reader.js';
import { noMatch } from './fields.js';
import { messageTypeOfName, messageTypeOfWireName, readMessageFields, writeMessageFields } from './message-fields.js';
import { integerOfNumber, namingFaults, type ReadNotation, type WriteNotation } from './notation.js';
import { treeNotation, valueOfTree } from './tree.js';

// CBOR payload: one map with the fields of the message, named as in messages/message.ts.
//   integer fields and Ints: CBOR integers · Floats: float64 · bytes: byte strings · maps: maps with string keys

/** Returns whether the first byte of a payload starts a CBOR map of definite or indefinite length. */
export function isCborMap(first: number): boolean {
  return (first >= 0xa0 && first <= 0xbb) || first === 0xbf;
}

/**
 * Reads a message from a CBOR payload.
 *
 * @throws DecodeError CborDecode for all faults except depth
 */
export function readCborMessage(r: Reader): Message {
  return namingFaults('CborDecode', () => {
    const tree = readCbor(r);
    if (r.left > 0) throw new DecodeError('CborDecode', `${r.left} bytes follow the message`);
    return readMessageFields(tree, reading);
  });
}

/**
 * Writes a message as a CBOR payload.
 *
 * @throws EncodeError NotEncodable if a number is out of range, or bundles nest too deep
 */
export function writeCborMessage(w: Writer, message: Message): void {
  w.raw(encoder.encode(writeMessageFields(message, writing)));
}

/** Writes a signal definition as a CBOR map, for files. */
export function writeCborSignal(w: Writer, signal: SignalDefinition): void {
  w.raw(encoder.encode(signalDefinition.write(signal, { notation: writing, bundleDepth: 0 })));
}

/** @throws DecodeError */
export function readCborSignal(r: Reader): SignalDefinition {
  return namingFaults('CborDecode', () => {
    const signal = signalDefinition.read(readCbor(r), { notation: reading, bundleDepth: 0 });
    if (signal === noMatch) throw new DecodeError('CborDecode', 'a signal definition must be a map');
    return signal;
  });
}

/** Writes a map of values in CBOR, for files. */
export function writeCborMap(w: Writer, entries: ReadonlyMap<string, Value>): void {
  w.raw(encoder.encode(entries));
}

/** @throws DecodeError */
export function readCborMap(r: Reader): ReadonlyMap<string, Value> {
  return namingFaults('CborDecode', () => {
    const entries = valueOfTree(readCbor(r), refuseInteger);
    if (!(entries instanceof Map)) throw new DecodeError('CborDecode', 'the item must be a map');
    return entries;
  });
}

/**
 * With these options a number is always a float64 and a bigint always an integer, so Int and Float stay distinct. By
 * default, cbor-x writes the Float 1 as the integer 1. Its decoder is not used, because it returns one kind of number
 * for both.
 */
const encoder = new Encoder({ mapsAsObjects: false, useRecords: false, alwaysUseFloat: true, tagUint8Array: false });

const reading: ReadNotation = {
  ...treeNotation('CborDecode'),
  spellings: new Map([['value', 'payload']]),
  nullIsAbsent: false,
  messageType: (name) => messageTypeOfName(name) ?? messageTypeOfWireName(name),
  integer,
  value: (node) => encodeValue(valueOfTree(node, refuseInteger)),
};

const writing: WriteNotation = {
  fields: (fields) => fields,
  map: (entries) => entries,
  integer: BigInt,
  float: (float) => float,
  value: (value) => value.decode(),
};

/**
 * JavaScript encoders write integers beyond 32 bits, such as timestamps, as float64. A whole float64 is therefore
 * accepted.
 */
function integer(node: unknown): U64 | undefined {
  return typeof node === 'bigint' ? u64FromBigInt(node) : integerOfNumber(node);
}

function refuseInteger(integer: bigint): never {
  throw new DecodeError('CborDecode', `the integer ${integer.toString()} does not fit 64 bits`);
}
