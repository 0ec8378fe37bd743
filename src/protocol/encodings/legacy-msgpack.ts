import type { Reader } from '../bytes/reader.js';
import { DecodeError } from '../errors.js';
import type { Message, MessageType } from '../messages/message.js';
import { type U64, u64FromBigInt } from '../u64.js';
import { encodeValue } from '../values/encoded-value.js';
import { messageTypeOfWireName, readMessageFields } from './message-fields.js';
import { readMsgpack } from './msgpack-reader.js';
import { type Fields, namingFaults, type ReadNotation } from './notation.js';
import { TreeMap, treeNotation, valueOfTree } from './tree.js';

/** Returns whether the first byte of a payload starts a MessagePack map (wire.md 3). */
export function isLegacyMap(first: number): boolean {
  return (first >= 0x80 && first <= 0x8f) || first === 0xde || first === 0xdf;
}

/**
 * Reads the legacy MessagePack form (wire.md 8). Only the Python client still writes it, for BUNDLE and QUERY.
 *
 * @throws DecodeError LegacyDecode for all faults except depth
 */
export function readLegacyMessage(r: Reader): Message {
  return namingFaults('LegacyDecode', () => {
    const tree = readMsgpack(r);
    if (r.left > 0) throw refused(`${r.left} bytes follow the message`);
    return readMessageFields(tree, notation);
  });
}

const notation: ReadNotation = {
  ...treeNotation('LegacyDecode'),
  // The Rust core writes snake case. The JavaScript client writes the camel case of this library's names. Both are
  // accepted.
  spellings: new Map([
    ['value', 'payload'],
    ['maxRate', 'max_rate'],
    ['correlationId', 'correlation_id'],
    ['sinceRevision', 'since_revision'],
    ['startTime', 'start_time'],
    ['loop', 'loop_'],
  ]),
  // JavaScript 0.1.9 writes every field that it does not set as nil.
  nullIsAbsent: true,
  messageType: messageTypeOfWireName,
  upgradeLegacyFields,
  integer,
  // An integer beyond 64 bits becomes a Float here (wire.md 8.3).
  value: (node) => encodeValue(valueOfTree(node, Number)),
};

/** A whole float is not an integer: every sender of this form distinguishes the two. */
function integer(node: unknown): U64 | undefined {
  return typeof node === 'bigint' ? u64FromBigInt(node) : undefined;
}

/** The messages whose fields differ from the current form. This form gains no further messages. */
const upgrades: Readonly<Partial<Record<MessageType, (fields: Fields) => Fields>>> = {
  set: withTtl,
  publish: withTimeline,
  federationSync: withOperation,
};

function upgradeLegacyFields(type: MessageType, fields: Fields): Fields {
  return upgrades[type]?.(fields) ?? fields;
}

/** Upgrades `ttl`: the string `Never`, or a map with one entry, `Sliding` or `Absolute`, to seconds (wire.md 8.2). */
function withTtl(fields: Fields): Fields {
  const ttl = fields.get('ttl');
  if (ttl === 'Never') return new Map(fields).set('ttl', 0n);
  if (!(ttl instanceof TreeMap)) return fields;
  const kind = ttl.has('Absolute') ? 'Absolute' : 'Sliding';
  const seconds = ttl.get(kind);
  if (ttl.size !== 1 || typeof seconds !== 'bigint') {
    throw refused('set: ttl must be "Never", or a map of "Sliding" or "Absolute" to seconds');
  }
  return new Map(fields).set('ttl', seconds).set('absolute', kind === 'Absolute');
}

/**
 * Upgrades a timeline as Rust writes it. JavaScript and Python put `keyframes` on the PUBLISH itself, where Rust and
 * the vectors ignore it.
 */
function withTimeline(fields: Fields): Fields {
  const timeline = fields.get('timeline');
  if (!(timeline instanceof TreeMap)) return fields;
  const keyframes = timeline.get('keyframes');
  const eased: unknown = Array.isArray(keyframes) ? keyframes.map(withEasing) : keyframes;
  return new Map(fields).set('timeline', timeline.with('keyframes', eased));
}

/** In this form a keyframe without easing is linear. The easing is written out for the subscribers. */
function withEasing(keyframe: unknown): unknown {
  const plain = keyframe instanceof TreeMap && (keyframe.get('easing') ?? undefined) === undefined;
  return plain ? keyframe.with('easing', 'linear') : keyframe;
}

/** Maps `RequestSync` to `requestSync`. */
function withOperation(fields: Fields): Fields {
  const op = fields.get('op');
  return typeof op === 'string' ? new Map(fields).set('op', op.charAt(0).toLowerCase() + op.slice(1)) : fields;
}

function refused(why: string): DecodeError {
  return new DecodeError('LegacyDecode', why);
}
