import { federationOps, features, gesturePhases, type SignalType, signalTypes } from '../enumerations.js';
import { DecodeError, EncodeError } from '../errors.js';
import { MAX_BUNDLE_DEPTH } from '../limits.js';
import type {
  AckMessage,
  AnnounceMessage,
  BundleMessage,
  ErrorMessage,
  FederationSyncMessage,
  GetMessage,
  HelloMessage,
  Keyframe,
  Message,
  MessageType,
  PingMessage,
  PongMessage,
  PublishMessage,
  QueryMessage,
  ReplayMessage,
  ResultMessage,
  SetMessage,
  SignalDefinition,
  SignalMeta,
  SnapshotEntry,
  SnapshotMessage,
  SubscribeMessage,
  SubscribeOptions,
  SyncMessage,
  Timeline,
  UnsubscribeMessage,
  WelcomeMessage,
} from '../messages/message.js';
import {
  boolean,
  type Field,
  flag,
  float,
  knownNames,
  listOf,
  mapOf,
  mapValue,
  noMatch,
  named,
  oneOf,
  optional,
  orEmpty,
  type Reading,
  type Structure,
  structure,
  text,
  token,
  u64,
  unsigned,
  value,
  type Writing,
} from './fields.js';
import type { ReadNotation, WriteNotation } from './notation.js';

/**
 * Reads a message from a node of any map-shaped form.
 *
 * @throws DecodeError
 */
export function readMessageFields(node: unknown, notation: ReadNotation): Message {
  const read = message.read(node, { notation, bundleDepth: 0 });
  if (read === noMatch) throw new DecodeError(notation.fault, `a message must be ${message.expected}`);
  return read;
}

/**
 * Returns the node for a message.
 *
 * @throws EncodeError NotEncodable if a number is out of range, or bundles nest too deep
 */
export function writeMessageFields(m: Message, notation: WriteNotation): unknown {
  return message.write(m, { notation, bundleDepth: 0 });
}

/** Returns the message type for a name in capitals, such as `FEDERATION_SYNC` (wire.md 8.1). */
export function messageTypeOfWireName(name: string): MessageType | undefined {
  return typesByWireName.get(name);
}

/** Returns the message type for a name of this library, such as `federationSync`. */
export function messageTypeOfName(name: string): MessageType | undefined {
  return typesByName.get(name);
}

const message: Field<Message> = { expected: 'a map with a type', read: readTyped, write: writeTyped };

function readTyped(node: unknown, reading: Reading): Message | typeof noMatch {
  const { notation, bundleDepth } = reading;
  const fields = notation.fields(node);
  if (fields === undefined) return noMatch;
  const name = fields.get('type');
  if (typeof name !== 'string') throw new DecodeError(notation.fault, 'a message must have a type, which is a string');
  const type = notation.messageType(name);
  if (type === undefined) throw new DecodeError(notation.fault, `no message has the type "${name.slice(0, 40)}"`);
  if (type === 'bundle' && bundleDepth === MAX_BUNDLE_DEPTH) throw new DecodeError('DepthExceeded', tooManyBundles);
  return messages[type].readFields(notation.upgradeLegacyFields?.(type, fields) ?? fields, reading);
}

function writeTyped(m: Message, writing: Writing): unknown {
  if (m.type === 'bundle' && writing.bundleDepth === MAX_BUNDLE_DEPTH) {
    throw new EncodeError('NotEncodable', tooManyBundles);
  }
  return writeAs(m.type, m, writing);
}

/** Separate, so that the compiler relates a message to its row of the table. */
function writeAs<T extends MessageType>(type: T, m: MessageOf[T], writing: Writing): unknown {
  return messages[type].write(m, writing);
}

const tooManyBundles = `bundles nest deeper than ${MAX_BUNDLE_DEPTH} levels`;

const u8 = unsigned(0xff);
const u16 = unsigned(0xffff);
const u32 = unsigned(0xffff_ffff);
/** The u31 of a TTL. On the wire the top bit of the u32 is `absolute` (wire.md 11). */
const u31 = unsigned(0x7fff_ffff);

const featureNames = orEmpty(knownNames(features), () => []);
const floats = listOf(float);

/** An empty filter means no filter (wire.md 7.3). */
const typeNames = listOf(oneOf(signalTypes));
const filter: Field<readonly SignalType[] | undefined> = {
  ...optional(typeNames),
  read: (node, reading) => {
    const types = typeNames.read(node, reading);
    return types !== noMatch && types.length === 0 ? undefined : types;
  },
};

const range: Field<readonly [min: number, max: number]> = {
  expected: 'a list of two numbers, the minimum and the maximum',
  read: (node, reading) => {
    const numbers = floats.read(node, reading);
    if (numbers === noMatch || numbers.length !== 2) return noMatch;
    return [numbers[0]!, numbers[1]!]; // invariant: there are two numbers
  },
  write: floats.write,
};

const bezier: Field<readonly number[]> = {
  expected: 'a list of four numbers',
  read: (node, reading) => {
    const numbers = floats.read(node, reading);
    return numbers !== noMatch && numbers.length === 4 ? numbers : noMatch;
  },
  write: floats.write,
};

const capabilities = structure<NonNullable<HelloMessage['capabilities']>>('capabilities', {
  encryption: optional(boolean),
  compression: optional(text),
});

const meta = structure<SignalMeta>('meta', {
  unit: optional(text),
  range: optional(range),
  default: optional(value),
  description: optional(text),
});

const signal = structure<SignalDefinition>('signal definition', {
  address: text,
  type: oneOf(signalTypes),
  datatype: optional(text),
  access: optional(text),
  meta: optional(meta),
});

const subscribeOptions = structure<SubscribeOptions>('subscribe options', {
  maxRate: optional(u32),
  epsilon: optional(float),
  history: optional(u32),
  window: optional(u32),
});

const keyframe = structure<Keyframe>('keyframe', {
  time: u64,
  value,
  easing: optional(text),
  bezier: optional(bezier),
});

const timeline = structure<Timeline>('timeline', {
  keyframes: listOf(keyframe),
  loop: optional(boolean),
  startTime: optional(u64),
  duration: optional(u64),
});

const snapshotEntry = structure<SnapshotEntry>('snapshot entry', {
  address: text,
  value,
  revision: u64,
  writer: optional(text),
  timestamp: optional(u64),
});

const publish = structure<PublishMessage>('publish', {
  type: named('publish'),
  address: text,
  signal: optional(oneOf(signalTypes)),
  value: optional(value),
  samples: optional(floats),
  timestamp: optional(u64),
  id: optional(u32),
  phase: optional(oneOf(gesturePhases)),
  rate: optional(u32),
  timeline: optional(timeline),
});

const innerMessages: Field<readonly Message[]> = {
  ...listOf(message),
  read: (node, reading) => listOf(message).read(node, { ...reading, bundleDepth: reading.bundleDepth + 1 }),
  write: (inner, writing) => listOf(message).write(inner, { ...writing, bundleDepth: writing.bundleDepth + 1 }),
};

type MessageOf = { readonly [T in MessageType]: Extract<Message, { readonly type: T }> };

/**
 * Fields of all messages. Required fields are bare, the others are optional (wire.md 8.2). One table reads and writes
 * all map-shaped forms, so a form cannot omit a field.
 */
const messages: { readonly [T in MessageType]: Structure<MessageOf[T]> } = {
  hello: structure<HelloMessage>('hello', {
    type: named('hello'),
    version: u8,
    name: text,
    features: featureNames,
    token,
    capabilities: optional(capabilities),
  }),
  welcome: structure<WelcomeMessage>('welcome', {
    type: named('welcome'),
    version: u8,
    session: text,
    name: text,
    features: featureNames,
    time: u64,
    token,
  }),
  announce: structure<AnnounceMessage>('announce', {
    type: named('announce'),
    namespace: text,
    signals: orEmpty(listOf(signal), () => []),
    meta: optional(mapValue),
  }),
  federationSync: structure<FederationSyncMessage>('federationSync', {
    type: named('federationSync'),
    op: oneOf(federationOps),
    patterns: orEmpty(listOf(text), () => []),
    revisions: orEmpty(mapOf(u64), () => new Map()),
    sinceRevision: optional(u64),
    origin: optional(text),
  }),
  subscribe: structure<SubscribeMessage>('subscribe', {
    type: named('subscribe'),
    id: u32,
    pattern: text,
    types: filter,
    options: optional(subscribeOptions),
  }),
  unsubscribe: structure<UnsubscribeMessage>('unsubscribe', { type: named('unsubscribe'), id: u32 }),
  publish: {
    ...publish,
    // A value and samples share one field. The value takes precedence (wire.md 6.6).
    readFields: (fields, reading) => {
      const m = publish.readFields(fields, reading);
      return m.value === undefined ? m : { ...m, samples: undefined };
    },
  },
  set: structure<SetMessage>('set', {
    type: named('set'),
    address: text,
    value,
    revision: optional(u64),
    lock: flag,
    unlock: flag,
    ttl: optional(u31),
    absolute: flag,
  }),
  get: structure<GetMessage>('get', { type: named('get'), address: text }),
  snapshot: structure<SnapshotMessage>('snapshot', { type: named('snapshot'), params: listOf(snapshotEntry) }),
  replay: structure<ReplayMessage>('replay', {
    type: named('replay'),
    pattern: text,
    from: optional(u64),
    to: optional(u64),
    limit: optional(u32),
    types: filter,
  }),
  bundle: structure<BundleMessage>('bundle', {
    type: named('bundle'),
    timestamp: optional(u64),
    messages: innerMessages,
  }),
  sync: structure<SyncMessage>('sync', { type: named('sync'), t1: u64, t2: optional(u64), t3: optional(u64) }),
  ping: structure<PingMessage>('ping', { type: named('ping') }),
  pong: structure<PongMessage>('pong', { type: named('pong') }),
  ack: structure<AckMessage>('ack', {
    type: named('ack'),
    address: optional(text),
    revision: optional(u64),
    locked: optional(boolean),
    holder: optional(text),
    correlationId: optional(u32),
  }),
  error: structure<ErrorMessage>('error', {
    type: named('error'),
    code: u16,
    message: text,
    address: optional(text),
    correlationId: optional(u32),
  }),
  query: structure<QueryMessage>('query', { type: named('query'), pattern: text }),
  result: structure<ResultMessage>('result', { type: named('result'), signals: listOf(signal) }),
};

const types = Object.keys(messages) as MessageType[]; // invariant: the keys of the table, by its type
const typesByName: ReadonlyMap<string, MessageType> = new Map(types.map((type) => [type, type]));
const typesByWireName: ReadonlyMap<string, MessageType> = new Map(
  types.map((type) => [type.replace(/[A-Z]/g, '_$&').toUpperCase(), type]),
);
