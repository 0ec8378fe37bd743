import { Qos } from '../enumerations.js';
import { DecodeError } from '../errors.js';
import { defaultQos, type Frame } from '../frame.js';
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

// JSON text: one object, the fields of the message as its type in messages/message.ts names them, and its frame's QoS.
//   {"type": "set", "address": "/lights/1/dim", "value": 0.5, "qos": 1}
// Values are written as json-value.ts says. Integer fields are numbers while those are safe integers, decimal texts
// beyond; both are read, and numbers beyond too, with all their digits.

/** Bytes of a text that a peer may send: some four times what fits a frame. */
export const MAX_JSON_TEXT = 262_144;
/**
 * Bytes of a text that a router sends. JSON has no frame to limit it: one frame's worth of control characters, escaped,
 * is 393,210 bytes.
 */
export const MAX_ROUTER_JSON_TEXT = 1 << 20;

/**
 * Reads one message with the QoS it asks for, `qos` (0, 1 or 2), or else the message's own.
 *
 * @param maxLength UTF-16 units of a text that is parsed at all
 * @throws DecodeError FrameTooLarge, DepthExceeded, and JsonDecode for everything else
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

/** One line of JSON. @throws EncodeError NotEncodable when a number is out of its range, or bundles nest too deep */
export function encodeJson(message: Message): string {
  const text = JSON.stringify(jsonOfMessage(message));
  return /[^.\d]\d{16}/.test(text) ? text.replace(tokens, floatWithExponent) : text;
}

/**
 * What {@link encodeJson} makes the text of: plain JSON, in which a Float is a number whatever its size.
 *
 * @throws EncodeError as that
 */
export function jsonOfMessage(message: Message): unknown {
  return writeMessageFields(message, writing);
}

/**
 * The message that plain JSON is, out of `JSON.parse` or as {@link jsonOfMessage} made it.
 *
 * @throws DecodeError JsonDecode, DepthExceeded
 */
export function messageOfJson(node: unknown): Message {
  return namingFaults('JsonDecode', () => readMessageFields(node, reading));
}

/** Strings and numbers of a JSON text. */
const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;

/**
 * Writes a Float beyond 2^53 as 1e+17. `JSON.stringify` writes it like an integer, which a reader that keeps integers
 * exact takes for one. No integer stands there: those beyond 2^53 are texts.
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
