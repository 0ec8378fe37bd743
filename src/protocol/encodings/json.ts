import { Qos } from '../enumerations.js';
import { DecodeError } from '../errors.js';
import type { Frame } from '../frame.js';
import { defaultQos } from '../messages/index.js';
import type { Message } from '../messages/message.js';
import { type U64, u64FromBigInt } from '../u64.js';
import { encodeValue } from '../values/encoded-value.js';
import { readJson } from './json-reader.js';
import {
  checkedText,
  jsonOfFloat,
  jsonOfMap,
  jsonOfValue,
  mapOfJson,
  numberOfJson,
  valueOfJson,
} from './json-value.js';
import { messageTypeOfName, messageTypeOfWireName, readMessageFields, writeMessageFields } from './message-fields.js';
import { type Fields, integerOfNumber, namingFaults, type ReadNotation, type WriteNotation } from './notation.js';
import { TreeMap, treeNotation } from './tree.js';

// JSON: one object with the fields of the message, named as in messages/message.ts, and the QoS of its frame.
//   {"type": "set", "address": "/lights/1/dim", "value": 0.5, "qos": 1}
// json-value.ts defines the form of values. An integer field is a number if it is a safe integer, otherwise a decimal
// string. Readers accept both, and larger numbers without rounding.

/** Maximum bytes of a JSON message from a peer: about four times the size of a frame. */
export const MAX_JSON_TEXT = 262_144;
/**
 * Maximum bytes of a JSON message from a router. JSON has no frame that limits it: one frame of control characters is
 * 393,210 bytes when escaped.
 */
export const MAX_ROUTER_JSON_TEXT = 1 << 20;

/**
 * Reads one message with the QoS in `qos` (0, 1 or 2), or with the message's default QoS.
 *
 * @param maxLength maximum length in UTF-16 code units; a longer string is not parsed
 * @throws DecodeError FrameTooLarge, DepthExceeded, and JsonDecode for all other faults
 */
export function decodeJson(text: string, maxLength: number = MAX_JSON_TEXT): Frame {
  if (text.length > maxLength) {
    throw new DecodeError('FrameTooLarge', `the JSON text is ${text.length} characters; the limit is ${maxLength}`);
  }
  return namingFaults('JsonDecode', () => {
    const node = readJson(text);
    const message = readMessageFields(node, reading);
    return { message, qos: qosOf(node) ?? defaultQos(message), encoding: 'json' };
  });
}

/**
 * Returns one line of JSON.
 *
 * @throws EncodeError NotEncodable if a number is out of range, or bundles nest too deep
 */
export function encodeJson(message: Message): string {
  const text = JSON.stringify(jsonOfMessage(message));
  return /[^.\d]\d{16}/.test(text) ? text.replace(tokens, floatWithExponent) : text;
}

/**
 * Returns plain JSON for a message, the input of {@link encodeJson}. A Float is a number of any size.
 *
 * @throws EncodeError as {@link encodeJson} does
 */
export function jsonOfMessage(message: Message): unknown {
  return writeMessageFields(message, writing);
}

/**
 * Returns the message for plain JSON, from `JSON.parse` or {@link jsonOfMessage}.
 *
 * @throws DecodeError JsonDecode, DepthExceeded
 */
export function messageOfJson(node: unknown): Message {
  return namingFaults('JsonDecode', () => readMessageFields(node, reading));
}

/** Strings and numbers in JSON. */
const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;

/**
 * Writes a Float beyond 2^53 with an exponent, such as 1e+17. `JSON.stringify` writes it without one, and a reader with
 * exact integers takes it for an Int. Integers beyond 2^53 are strings, so no integer is affected.
 */
function floatWithExponent(token: string): string {
  if (!/^-?\d+$/.test(token)) return token;
  const float = Number(token);
  return Number.isSafeInteger(float) ? token : float.toExponential();
}

const tree = treeNotation('JsonDecode');

const reading: ReadNotation = {
  fault: 'JsonDecode',
  spellings: new Map([['value', 'payload']]),
  nullIsAbsent: false,
  messageType: (name) => messageTypeOfName(name) ?? messageTypeOfWireName(name),
  fields: fieldsOf,
  map: mapOfJson,
  text: (node) => (typeof node === 'string' ? checkedText(node) : undefined),
  integer,
  float: numberOfJson,
  value: (node) => encodeValue(valueOfJson(node)),
};

const writing: WriteNotation = {
  fields: Object.fromEntries,
  map: jsonOfMap,
  integer: (integer) => (typeof integer === 'bigint' ? integer.toString() : integer),
  float: jsonOfFloat,
  value: (value) => jsonOfValue(value.decode()),
};

function fieldsOf(node: unknown): Fields | undefined {
  if (node instanceof TreeMap) return tree.fields(node);
  return typeof node === 'object' && node !== null && !Array.isArray(node)
    ? new Map<string, unknown>(Object.entries(node))
    : undefined;
}

function integer(node: unknown): U64 | undefined {
  if (typeof node === 'bigint') return u64FromBigInt(node);
  if (typeof node !== 'string') return integerOfNumber(node);
  return /^(?:0|[1-9]\d{0,19})$/.test(node) ? u64FromBigInt(BigInt(node)) : undefined;
}

function qosOf(node: unknown): Qos | undefined {
  const asked = fieldsOf(node)?.get('qos') ?? undefined;
  if (asked === undefined) return undefined;
  const qos = Object.values(Qos).find((qos) => qos === asked);
  if (qos === undefined) throw new DecodeError('JsonDecode', 'qos must be 0, 1 or 2');
  return qos;
}
