import { Reader } from '../bytes/reader.js';
import { Writer } from '../bytes/writer.js';
import { DecodeError } from '../errors.js';
import { MAX_BUNDLE_DEPTH } from '../limits.js';
import { readAck, writeAck } from '../messages/ack.js';
import { readAnnounce, writeAnnounce } from '../messages/announce.js';
import { readError, writeError } from '../messages/error.js';
import { readFederationSync, writeFederationSync } from '../messages/federation-sync.js';
import { readHello, writeHello } from '../messages/hello.js';
import type { BundleMessage, Message, MessageType } from '../messages/message.js';
import { readPublish, writePublish } from '../messages/publish.js';
import { readQuery, readResult, writeQuery, writeResult } from '../messages/query.js';
import { readReplay, writeReplay } from '../messages/replay.js';
import { readGet, readSet, writeGet, writeSet } from '../messages/set.js';
import { readSnapshot, writeSnapshot } from '../messages/snapshot.js';
import { readSubscribe, readUnsubscribe, writeSubscribe, writeUnsubscribe } from '../messages/subscribe.js';
import { readSync, writeSync } from '../messages/sync.js';
import { readWelcome, writeWelcome } from '../messages/welcome.js';

/** Message codes: the first byte of a compact binary payload (wire.md 5). */
export const messageCodes: Readonly<Record<MessageType, number>> = {
  hello: 0x01,
  welcome: 0x02,
  announce: 0x03,
  federationSync: 0x04,
  subscribe: 0x10,
  unsubscribe: 0x11,
  publish: 0x20,
  set: 0x21,
  get: 0x22,
  snapshot: 0x23,
  replay: 0x24,
  bundle: 0x30,
  sync: 0x40,
  ping: 0x41,
  pong: 0x42,
  ack: 0x50,
  error: 0x51,
  query: 0x60,
  result: 0x61,
};

/**
 * Writes the type byte and the body.
 *
 * @throws EncodeError if a field exceeds its size on the wire
 */
export function writeMessage(w: Writer, message: Message): void {
  w.u8(messageCodes[message.type]);
  switch (message.type) {
    case 'set':
      return writeSet(w, message);
    case 'publish':
      return writePublish(w, message);
    case 'ack':
      return writeAck(w, message);
    case 'hello':
      return writeHello(w, message);
    case 'welcome':
      return writeWelcome(w, message);
    case 'announce':
      return writeAnnounce(w, message);
    case 'federationSync':
      return writeFederationSync(w, message);
    case 'subscribe':
      return writeSubscribe(w, message);
    case 'unsubscribe':
      return writeUnsubscribe(w, message);
    case 'get':
      return writeGet(w, message);
    case 'snapshot':
      return writeSnapshot(w, message);
    case 'replay':
      return writeReplay(w, message);
    case 'bundle':
      return writeBundle(w, message);
    case 'sync':
      return writeSync(w, message);
    case 'error':
      return writeError(w, message);
    case 'query':
      return writeQuery(w, message);
    case 'result':
      return writeResult(w, message);
    case 'ping':
    case 'pong':
      return;
  }
}

/**
 * Reads the type byte and the body. Bytes after the last field are ignored, as in every decoder (wire.md 6).
 *
 * @throws DecodeError
 */
export function readMessage(r: Reader, bundleDepth = 0): Message {
  if (r.left === 0) throw new DecodeError('EmptyPayload', 'the payload is empty');
  const code = r.u8();
  switch (code) {
    case 0x21:
      return readSet(r);
    case 0x20:
      return readPublish(r);
    case 0x01:
      return readHello(r);
    case 0x02:
      return readWelcome(r);
    case 0x03:
      return readAnnounce(r);
    case 0x04:
      return readFederationSync(r);
    case 0x10:
      return readSubscribe(r);
    case 0x11:
      return readUnsubscribe(r);
    case 0x22:
      return readGet(r);
    case 0x23:
      return readSnapshot(r);
    case 0x24:
      return readReplay(r);
    case 0x30:
      return readBundle(r, bundleDepth + 1);
    case 0x40:
      return readSync(r);
    case 0x41:
      return { type: 'ping' };
    case 0x42:
      return { type: 'pong' };
    case 0x50:
      return readAck(r);
    case 0x51:
      return readError(r);
    case 0x60:
      return readQuery(r);
    case 0x61:
      return readResult(r);
    default:
      throw new DecodeError(
        'UnknownMessageType',
        `message type 0x${code.toString(16).padStart(2, '0')} is not assigned`,
      );
  }
}

// BUNDLE 0x30 (wire.md 6.10)
//   flags u8, 0x80 timestamp · count u16 · [timestamp u64], after the count · count × (length u16 · message)
// An inner message has no frame header and ends within its own length. BUNDLE is here and not in messages/, because it
// contains messages of all types.

const TIMESTAMP = 0x80;
/** Length and type byte. */
const SMALLEST_INNER_BYTES = 3;

function writeBundle(w: Writer, m: BundleMessage): void {
  w.u8(m.timestamp === undefined ? 0 : TIMESTAMP);
  w.count(m.messages.length, 'bundle');
  if (m.timestamp !== undefined) w.u64(m.timestamp);
  const inner = new Writer();
  for (const message of m.messages) {
    inner.at = 0;
    writeMessage(inner, message);
    w.count(inner.at, 'message of a bundle');
    w.raw(inner.bytes, 0, inner.at);
  }
}

function readBundle(r: Reader, depth: number): BundleMessage {
  if (depth > MAX_BUNDLE_DEPTH)
    throw new DecodeError('DepthExceeded', `bundles nest deeper than ${MAX_BUNDLE_DEPTH} levels`);
  const flags = r.u8();
  const count = r.u16();
  const timestamp = flags & TIMESTAMP ? r.u64() : undefined;
  r.checkCount(count, SMALLEST_INNER_BYTES);
  const messages: Message[] = [];
  for (let i = 0; i < count; i++) {
    const length = r.u16();
    if (length > r.left) {
      throw new DecodeError(
        'LengthOverrun',
        `a message of ${length} bytes is claimed in a bundle; ${r.left} bytes are left`,
      );
    }
    messages.push(readMessage(new Reader(r.bytes, r.at, r.at + length), depth));
    r.at += length;
  }
  return { type: 'bundle', timestamp, messages };
}
