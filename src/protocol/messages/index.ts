import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import { type Field, noMatch, type Reading, type Writing } from '../encodings/fields.js';
import type { Qos } from '../enumerations.js';
import { DecodeError, EncodeError } from '../errors.js';
import { MAX_BUNDLE_DEPTH } from '../limits.js';
import { ackCodec } from './ack.js';
import { announceCodec } from './announce.js';
import { bundleCodec } from './bundle.js';
import type { MessageCodec, MessageOf } from './codec.js';
import { errorCodec } from './error.js';
import { federationSyncCodec } from './federation-sync.js';
import { helloCodec } from './hello.js';
import type { Message, MessageType } from './message.js';
import { pingCodec, pongCodec } from './ping.js';
import { publishCodec } from './publish.js';
import { queryCodec, resultCodec } from './query.js';
import { replayCodec } from './replay.js';
import { getCodec, setCodec } from './set.js';
import { snapshotCodec } from './snapshot.js';
import { subscribeCodec, unsubscribeCodec } from './subscribe.js';
import { syncCodec } from './sync.js';
import { welcomeCodec } from './welcome.js';

/** One codec per message type. A new type does not compile without its codec. */
export type MessageCodecs = { readonly [T in MessageType]: MessageCodec<MessageOf<T>> };

/** A message in the map-shaped forms. The field `type` determines the others. */
export const messageField: Field<Message> = { expected: 'a map with a type', read: readTyped, write: writeTyped };

/** The codecs of all messages. Every other table of message types derives from this one. */
export const messageCodecs: MessageCodecs = {
  hello: helloCodec,
  welcome: welcomeCodec,
  announce: announceCodec,
  federationSync: federationSyncCodec,
  subscribe: subscribeCodec,
  unsubscribe: unsubscribeCodec,
  publish: publishCodec,
  set: setCodec,
  get: getCodec,
  snapshot: snapshotCodec,
  replay: replayCodec,
  bundle: bundleCodec({ read: readMessage, write: writeMessage, field: messageField, detach: detached }),
  sync: syncCodec,
  ping: pingCodec,
  pong: pongCodec,
  ack: ackCodec,
  error: errorCodec,
  query: queryCodec,
  result: resultCodec,
};

const SET = setCodec.code;
const PUBLISH = publishCodec.code;
const ACK = ackCodec.code;

/** Reads the body of a message. */
type Read = MessageCodec<Message>['read'];

/** Readers by code. The table has an entry for each byte, so that the lookup needs no range check. */
const readers: readonly (Read | undefined)[] = readersByCode();

/**
 * Reads the code and the body. Bytes after the last field are ignored, as in every decoder (wire.md 6).
 *
 * @throws DecodeError
 */
export function readMessage(r: Reader, bundleDepth = 0): Message {
  if (r.left === 0) throw new DecodeError('EmptyPayload', 'the payload is empty');
  const code = r.u8();
  // Direct calls, which the compiler inlines: through the table, each of these three takes 10 ns more.
  if (code === SET) return setCodec.read(r, bundleDepth);
  if (code === PUBLISH) return publishCodec.read(r, bundleDepth);
  if (code === ACK) return ackCodec.read(r, bundleDepth);
  const read = readers[code];
  if (read === undefined) {
    throw new DecodeError('UnknownMessageType', `message type 0x${code.toString(16).padStart(2, '0')} is not assigned`);
  }
  return read(r, bundleDepth);
}

/**
 * Writes the code and the body.
 *
 * @throws EncodeError if a field exceeds its size on the wire
 */
export function writeMessage(w: Writer, message: Message): void {
  const codec = codecOf(message);
  w.u8(codec.code);
  codec.write(w, message);
}

/** Returns the default QoS of a message (wire.md 7.2). */
export function defaultQos(message: Message): Qos {
  return codecOf(message).defaultQos(message);
}

/**
 * Returns a message that can be kept. Decoded values are views into their frame, which is valid only in the current
 * turn of the event loop. The copy owns its bytes.
 */
export function detached(message: Message): Message {
  return codecOf(message).detach(message);
}

/** Returns the codec of the message's type. It must be used for this message only. */
function codecOf<T extends MessageType>(message: MessageOf<T>): MessageCodec<MessageOf<T>> {
  return messageCodecs[message.type];
}

function readersByCode(): (Read | undefined)[] {
  const table = Array.from<Read | undefined>({ length: 0x100 });
  for (const { code, read } of Object.values(messageCodecs)) table[code] = read;
  return table;
}

function readTyped(node: unknown, reading: Reading): Message | typeof noMatch {
  const { notation, bundleDepth } = reading;
  const fields = notation.fields(node);
  if (fields === undefined) return noMatch;
  const name = fields.get('type');
  if (typeof name !== 'string') throw new DecodeError(notation.fault, 'a message must have a type, which is a string');
  const type = notation.messageType(name);
  if (type === undefined) throw new DecodeError(notation.fault, `no message has the type "${name.slice(0, 40)}"`);
  if (type === 'bundle' && bundleDepth === MAX_BUNDLE_DEPTH) throw new DecodeError('DepthExceeded', tooManyBundles);
  return messageCodecs[type].fields.readFields(notation.upgradeLegacyFields?.(type, fields) ?? fields, reading);
}

function writeTyped(m: Message, writing: Writing): unknown {
  if (m.type === 'bundle' && writing.bundleDepth === MAX_BUNDLE_DEPTH) {
    throw new EncodeError('NotEncodable', tooManyBundles);
  }
  return codecOf(m).fields.write(m, writing);
}

const tooManyBundles = `bundles nest deeper than ${MAX_BUNDLE_DEPTH} levels`;
