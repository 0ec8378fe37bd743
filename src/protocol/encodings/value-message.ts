import type { Message } from '../messages/message.js';
import { u64FromBigInt } from '../u64.js';
import type { EncodedValue } from '../values/encoded-value.js';
import { encodeValue } from '../values/encoded-value.js';
import type { Value } from '../values/value.js';
import { messageTypeOfName, messageTypeOfWireName, readMessageFields } from './message-fields.js';
import { integerOfNumber, namingFaults, type ReadNotation } from './notation.js';
import { type Tree, TreeMap, treeNotation, valueOfTree } from './tree.js';

/**
 * Returns the message for a map with the fields of CBOR and JSON. A message inside another message has this form. A
 * whole number is accepted as an integer, because JavaScript clients have no other type.
 *
 * @throws DecodeError
 */
export function messageFromValue(value: Value): Message {
  return namingFaults('CborDecode', () => readMessageFields(treeOf(value), reading));
}

const reading: ReadNotation = {
  ...treeNotation('CborDecode'),
  spellings: new Map([['value', 'payload']]),
  nullIsAbsent: false,
  messageType: (name) => messageTypeOfName(name) ?? messageTypeOfWireName(name),
  integer: (node) => (typeof node === 'bigint' ? u64FromBigInt(node) : integerOfNumber(node)),
  value: (node): EncodedValue => encodeValue(valueOfTree(node, (integer) => integer)),
};

function treeOf(value: Value): Tree {
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(treeOf);
  const map = new TreeMap();
  for (const [key, item] of value) map.add(key, treeOf(item));
  return map;
}

function isList(value: object): value is readonly Value[] {
  return Array.isArray(value);
}
