import { Encoder } from 'cbor-x';
import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import { DecodeError } from '../errors.js';
import type { Message } from '../messages/message.js';
import { type U64, u64FromBigInt } from '../u64.js';
import { encodeValue } from '../values/encoded-value.js';
import { readCbor } from './cbor-reader.js';
import { messageTypeOfName, messageTypeOfWireName, readMessageFields, writeMessageFields } from './message-fields.js';
import { integerOfNumber, namingFaults, type ReadNotation, type WriteNotation } from './notation.js';
import { treeNotation, valueOfTree } from './tree.js';

// CBOR payload: one map, the fields of the message as its type in messages/message.ts names them.
//   integer fields and Ints: CBOR integers · Floats: float64 · bytes: byte strings · maps: maps, keys text

/** Whether the first byte of a payload says that it is a CBOR map, of known or of indefinite length. */
export function isCborMap(first: number): boolean {
  return (first >= 0xa0 && first <= 0xbb) || first === 0xbf;
}

/** @throws DecodeError CborDecode for everything but depth */
export function readCborMessage(r: Reader): Message {
  return namingFaults('CborDecode', () => {
    const tree = readCbor(r);
    if (r.left > 0) throw new DecodeError('CborDecode', `${r.left} bytes follow the message`);
    return readMessageFields(tree, reading);
  });
}

/** @throws EncodeError NotEncodable when a number is out of its range, or bundles nest too deep */
export function writeCborMessage(w: Writer, message: Message): void {
  w.raw(encoder.encode(writeMessageFields(message, writing)));
}

/**
 * With these options a number is always a float64 and a bigint always an integer, so Int and Float stay apart. By default
 * cbor-x writes the Float 1 as the integer 1. For the same reason it does not read for us: it makes one kind of number
 * out of both.
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

/** JavaScript encoders write integers beyond 32 bits, timestamps for one, as float64: a whole number is an integer too. */
function integer(node: unknown): U64 | undefined {
  return typeof node === 'bigint' ? u64FromBigInt(node) : integerOfNumber(node);
}

function refuseInteger(integer: bigint): never {
  throw new DecodeError('CborDecode', `the integer ${integer.toString()} does not fit 64 bits`);
}
