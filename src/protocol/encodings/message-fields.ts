import { DecodeError } from '../errors.js';
import { messageCodecs, messageField } from '../messages/index.js';
import type { Message, MessageType } from '../messages/message.js';
import { noMatch } from './fields.js';
import type { ReadNotation, WriteNotation } from './notation.js';

/**
 * Reads a message from a node of any map-shaped form.
 *
 * @throws DecodeError
 */
export function readMessageFields(node: unknown, notation: ReadNotation): Message {
  const read = messageField.read(node, { notation, bundleDepth: 0 });
  if (read === noMatch) throw new DecodeError(notation.fault, `a message must be ${messageField.expected}`);
  return read;
}

/**
 * Returns the node for a message.
 *
 * @throws EncodeError NotEncodable if a number is out of range, or bundles nest too deep
 */
export function writeMessageFields(m: Message, notation: WriteNotation): unknown {
  return messageField.write(m, { notation, bundleDepth: 0 });
}

/** Returns the message type for a name in capitals, such as `FEDERATION_SYNC` (wire.md 8.1). */
export function messageTypeOfWireName(name: string): MessageType | undefined {
  return typesByWireName.get(name);
}

/** Returns the message type for a name of this library, such as `federationSync`. */
export function messageTypeOfName(name: string): MessageType | undefined {
  return typesByName.get(name);
}

const types = Object.keys(messageCodecs) as MessageType[]; // invariant: the keys of the table, by its type
const typesByName: ReadonlyMap<string, MessageType> = new Map(types.map((type) => [type, type]));
const typesByWireName: ReadonlyMap<string, MessageType> = new Map(
  types.map((type) => [type.replace(/[A-Z]/g, '_$&').toUpperCase(), type]),
);
