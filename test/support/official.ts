import type { Message } from '../../src/protocol/messages/message.js';
import type { Value } from '../../src/protocol/values/value.js';
import { messageFromPlain, plainFromMessage, type PlainObject } from './plain.js';

/**
 * Converts between the router's messages and the objects of the official client, `@clasp-to/core`, whose maps are plain
 * objects.
 */
export function messageFromOfficial(message: object): Message {
  return messageFromPlain(message as PlainObject, valueFromOfficial); // its messages are plain records
}

export function officialFromMessage(message: Message): PlainObject {
  return plainFromMessage(message, officialFromValue);
}

function valueFromOfficial(value: unknown): Value {
  if (Array.isArray(value)) return value.map(valueFromOfficial);
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value as Value; // a scalar
  return new Map(Object.entries(value).map(([key, item]) => [key, valueFromOfficial(item)]));
}

function officialFromValue(value: Value): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (!('size' in value)) return value.map(officialFromValue);
  return Object.fromEntries([...value].map(([key, item]) => [key, officialFromValue(item)]));
}
