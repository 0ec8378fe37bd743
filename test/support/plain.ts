import type { Message, MessageType } from '../../src/protocol/messages/message.js';
import { EncodedValue, encodeValue } from '../../src/protocol/values/encoded-value.js';
import type { Value } from '../../src/protocol/values/value.js';
import { fromHex } from './hex.js';

/** The plain form in vector files and the official client: messages as objects with an upper-case `type`. */
export type PlainObject = Readonly<Record<string, unknown>>;

const typeNames = {
  HELLO: 'hello',
  WELCOME: 'welcome',
  ANNOUNCE: 'announce',
  FEDERATION_SYNC: 'federationSync',
  SUBSCRIBE: 'subscribe',
  UNSUBSCRIBE: 'unsubscribe',
  PUBLISH: 'publish',
  SET: 'set',
  GET: 'get',
  SNAPSHOT: 'snapshot',
  REPLAY: 'replay',
  BUNDLE: 'bundle',
  SYNC: 'sync',
  PING: 'ping',
  PONG: 'pong',
  ACK: 'ack',
  ERROR: 'error',
  QUERY: 'query',
  RESULT: 'result',
} as const satisfies Record<string, MessageType>;

const plainNames = new Map<string, string>(Object.entries(typeNames).map(([plain, ours]) => [ours, plain]));

/** Converts the message of a vector. `readValue` converts its values. */
export function messageFromPlain(plain: PlainObject, readValue: (plain: unknown) => Value = valueFromPlain): Message {
  const { type, ...rest } = plain;
  if (typeof type !== 'string' || !(type in typeNames)) throw new Error(`no message type: ${String(type)}`);
  const name = typeNames[type as keyof typeof typeNames]; // checked on the line above
  // A JavaScript peer can omit the namespace, which is then encoded as empty (`encodeInput` of a vector).
  const defaults = name === 'announce' ? { namespace: '' } : {};
  // The fields are those of the vector, under the names of Message; the caller compares each of them.
  return { type: name, ...defaults, ...fieldsFromPlain(rest, name, readValue) } as unknown as Message;
}

function fieldsFromPlain(plain: PlainObject, type: MessageType, readValue: (plain: unknown) => Value): PlainObject {
  const fields: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(plain)) {
    if (field === undefined || (name === 'payload' && plain.value !== undefined)) continue; // value wins (6.6)
    if (name === 'bezier' && field === null) continue; // Rust's notation for a keyframe without control numbers
    fields[name === 'payload' ? 'value' : name] = fieldFromPlain(name, field, type, readValue);
  }
  return fields;
}

function fieldFromPlain(
  name: string,
  field: unknown,
  type: MessageType,
  readValue: (plain: unknown) => Value,
): unknown {
  switch (name) {
    case 'value':
    case 'payload':
    case 'default':
      return encodeValue(readValue(field));
    case 'messages':
      return objects(field).map((message) => messageFromPlain(message, readValue));
    case 'params':
    case 'signals':
    case 'keyframes':
      // Within a definition `meta` is a structure; only that of the whole ANNOUNCE is a value.
      return objects(field).map((item) => fieldsFromPlain(item, 'result', readValue));
    case 'meta':
      return type === 'announce' ? encodeValue(readValue(field)) : fieldsFromPlain(object(field), type, readValue);
    case 'options':
    case 'timeline':
    case 'capabilities':
      return fieldsFromPlain(object(field), type, readValue);
    case 'revisions':
      return new Map(entries(field).map(([address, revision]) => [address, integerFromPlain(revision)]));
    case 'samples':
    case 'range':
      return array(field).map(valueFromPlain);
    case 'epsilon':
      return valueFromPlain(field);
    default:
      return integerFromPlain(field);
  }
}

/** The inverse, for the official client: absent fields are omitted. */
export function plainFromMessage(message: Message, writeValue: (value: Value) => unknown): PlainObject {
  return { ...plainFields(message, writeValue), type: plainNames.get(message.type) };
}

function plainFields(fields: object, writeValue: (value: Value) => unknown): PlainObject {
  const plain: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields) as [string, unknown][]) {
    if (field === undefined) continue;
    if (field instanceof EncodedValue) plain[name] = writeValue(field.decode());
    else if (name === 'messages')
      plain[name] = (field as Message[]).map((inner) => plainFromMessage(inner, writeValue)); // of a bundle
    else if (Array.isArray(field))
      plain[name] = field.map((item: unknown) => (isObject(item) ? plainFields(item, writeValue) : item));
    else plain[name] = isObject(field) ? plainFields(field, writeValue) : field;
  }
  return plain;
}

/** Converts a value of a vector: a number is a Float, and types that JSON lacks are objects with one `$` key. */
export function valueFromPlain(plain: unknown): Value {
  if (plain === null || typeof plain === 'boolean' || typeof plain === 'number' || typeof plain === 'string')
    return plain;
  if (plain instanceof Uint8Array) return plain;
  if (Array.isArray(plain)) return plain.map(valueFromPlain);
  const [key, content] = Object.entries(object(plain))[0] ?? [];
  switch (key) {
    case '$int':
    case '$bigint':
      return BigInt(content as number | string); // wire.md 19.2
    case '$float':
      return Number(content);
    case '$bytes':
      return fromHex(String(content));
    default:
      return new Map(entries(plain).map(([name, item]) => [name, valueFromPlain(item)]));
  }
}

/** Converts everything except values: numbers are integers, and those beyond a double are `$bigint`. */
function integerFromPlain(plain: unknown): unknown {
  return isObject(plain) && '$bigint' in plain ? BigInt(String(plain.$bigint)) : plain;
}

/** Returns the entries of a map in order, from an object or from `$map`. */
function entries(plain: unknown): [string, unknown][] {
  const map = object(plain);
  return '$map' in map ? (map.$map as [string, unknown][]) : Object.entries(map); // wire.md 19.2: a list of pairs
}

/** Expands the repetitions of `large.json`. */
export function expandRepeats(plain: unknown): unknown {
  if (Array.isArray(plain)) return plain.map(expandRepeats);
  if (!isObject(plain)) return plain;
  if ('$repeat' in plain) {
    const [text, times] = plain.$repeat as [string, number]; // wire.md 19.2, as the two below
    return text.repeat(times);
  }
  if ('$byteRepeat' in plain) {
    const [byte, times] = plain.$byteRepeat as [string, number];
    return new Uint8Array(times).fill(Number.parseInt(byte, 16));
  }
  if ('$arrayRepeat' in plain) {
    const [item, times] = plain.$arrayRepeat as [unknown, number];
    return new Array<unknown>(times).fill(expandRepeats(item));
  }
  return Object.fromEntries(Object.entries(plain).map(([name, field]) => [name, expandRepeats(field)]));
}

function isObject(thing: unknown): thing is PlainObject {
  return typeof thing === 'object' && thing !== null && !Array.isArray(thing) && !(thing instanceof Uint8Array);
}

function object(thing: unknown): PlainObject {
  if (!isObject(thing)) throw new Error(`an object was expected, not ${JSON.stringify(thing)}`);
  return thing;
}

function array(thing: unknown): readonly unknown[] {
  if (!Array.isArray(thing)) throw new Error(`an array was expected, not ${JSON.stringify(thing)}`);
  return thing;
}

function objects(thing: unknown): readonly PlainObject[] {
  return array(thing).map(object);
}
